"""The agreed form of a notification: what it takes, what it refuses, and in which words."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from casework import notification_words as words
from casework.notifications import (
    FIELDS,
    OPTIONAL,
    READERS,
    DuplicateFields,
    FieldProblem,
    Notification,
    read_notification,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, 11:00 in Brussels
RIGHT: dict[str, object] = {
    "reference": "NF-2026-0101",
    "prison": "Gevangenis Noord (fictief)",
    "family_name": "Verzonnen",
    "given_names": "Anouar",
    "birth_date": "1991-04-17",
    "language": "nl",
    "release_type": "conditional_release",
    "conditions": "yes",
    "planned_release": "2026-12-11",
    "certainty": "confirmed",
    "source": "judgment",
    "notified_at": "2026-11-20T10:15:00+01:00",
}


def taken(**changes: object) -> Notification:
    notification, problems = read_notification({**RIGHT, **changes}, NOW)
    assert problems == ()
    assert notification is not None
    return notification


def refused(**changes: object) -> dict[str, FieldProblem]:
    notification, problems = read_notification({**RIGHT, **changes}, NOW)
    assert notification is None
    return {problem.field: problem for problem in problems}


def test_a_right_notification_is_taken_as_it_is() -> None:
    notification = taken()
    assert notification.planned_release == date(2026, 12, 11)
    assert notification.notified_at == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert notification.notified_at.tzinfo is UTC
    assert notification.actual_release is None


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_form() -> None:
    _, problems = read_notification({"certainty": "sure", "birth_date": "2020-01-01"}, NOW)
    assert [problem.field for problem in problems] == [
        field for field in FIELDS if field not in OPTIONAL or field == "birth_date"
    ]


def test_every_problem_names_its_field_and_a_remedy() -> None:
    for name, problem in refused(**{field: ["a list"] for field in FIELDS}).items():
        assert name in problem.rule
        assert problem.remedy


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in OPTIONAL])
@pytest.mark.parametrize("nothing", [None, "", "  \t "])
def test_a_required_field_that_is_empty_is_refused(field: str, nothing: object) -> None:
    assert refused(**{field: nothing})[field].rule == f"{field} must not be empty"


def test_conditions_that_are_absent_are_unknown() -> None:
    assert taken(conditions=None).conditions == "unknown"
    assert read_notification({k: v for k, v in RIGHT.items() if k != "conditions"}, NOW)[0] == taken(conditions="")


# --- what fits together -------------------------------------------------------------------------------------------


def test_a_planned_release_may_be_empty_only_when_unconfirmed() -> None:
    assert taken(planned_release="", certainty="unconfirmed").planned_release is None
    for certainty in ("confirmed", "expected"):
        assert (
            "only when certainty is unconfirmed"
            in refused(planned_release="", certainty=certainty)["planned_release"].rule
        )


def test_a_leave_has_a_return_that_is_not_before_its_start() -> None:
    leave = {"release_type": "leave", "planned_release": "2026-12-18"}
    assert taken(**leave, planned_return="2026-12-18").planned_return == date(2026, 12, 18)
    assert "must not be before" in refused(**leave, planned_return="2026-12-17")["planned_return"].rule
    assert "only when certainty is unconfirmed" in refused(**leave)["planned_return"].rule
    assert taken(**leave, certainty="unconfirmed").planned_return is None


def test_only_a_leave_has_a_return() -> None:
    assert refused(planned_return="2026-12-20")["planned_return"].rule == "planned_return is only for leave"


def test_a_field_that_cannot_be_read_is_not_judged_twice() -> None:
    assert set(refused(planned_release="soon")) == {"planned_release"}
    assert set(refused(release_type="holiday", planned_return="2026-12-20")) == {"release_type"}


def test_the_form_itself_refuses_what_does_not_fit_together() -> None:
    values = dict(taken())
    with pytest.raises(ValidationError, match="only for leave"):
        Notification(**{**values, "planned_return": date(2026, 12, 20)})
    with pytest.raises(ValidationError, match="only when certainty is unconfirmed"):
        Notification(**{**values, "planned_release": None})


# --- judged by the clock ------------------------------------------------------------------------------------------


def test_an_actual_release_is_today_or_earlier_in_brussels() -> None:
    assert taken(actual_release="2026-11-23").actual_release == date(2026, 11, 23)
    assert "future" in refused(actual_release="2026-11-24")["actual_release"].rule
    just_past_midnight = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert read_notification({**RIGHT, "actual_release": "2026-11-24"}, just_past_midnight)[0]


def test_a_notification_from_the_future_is_refused_but_a_clock_may_be_five_minutes_fast() -> None:
    assert taken(notified_at="2026-11-23T11:05:00+01:00")
    assert "future" in refused(notified_at="2026-11-23T11:05:01+01:00")["notified_at"].rule
    assert "future" in refused(notified_at="2026-11-24")["notified_at"].rule


def test_a_day_without_an_hour_is_before_the_cut_off_and_may_be_today_at_any_hour() -> None:
    assert taken(notified_at="2026-11-20").notified_at == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    early = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    notification, problems = read_notification({**RIGHT, "notified_at": "23/11/2026"}, early)
    assert problems == ()
    assert notification is not None
    assert notification.notified_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("born", ["2014-11-23", "1916-11-23", "1915-11-24"])
def test_a_birth_date_may_make_somebody_12_to_110_years_old(born: str) -> None:
    assert taken(birth_date=born)


@pytest.mark.parametrize("born", ["2014-11-24", "1915-11-23", "2026-11-24"])
def test_a_birth_date_that_makes_no_sense_is_refused_without_repeating_it(born: str) -> None:
    problem = refused(birth_date=born)["birth_date"]
    assert "12 to 110" in problem.rule or "future" in problem.rule
    assert born not in f"{problem.rule} {problem.remedy}"


def test_the_clock_must_know_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        read_notification(RIGHT, NOW.replace(tzinfo=None))


# --- dates and times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["2026-12-01", "01/12/2026", "1/12/2026", "01-12-2026", "01.12.2026", " 2026/12/01 ", date(2026, 12, 1)]
)
def test_a_date_may_be_written_day_first_or_as_iso(written: object) -> None:
    assert taken(planned_release=written).planned_release == date(2026, 12, 1)


@pytest.mark.parametrize(
    "written",
    [
        *("12/31/2026", "30/02/2027", "01/12/26", "1 december 2026", "2026-W49-2", "20261201", "01/12-2026"),
        *("0202-12-01", "3027-01-04", "٢٠٢٦-١٢-٠١", "2026-12-01T25:00", "2026-12-01T10:00+99:99"),
        *(46357, 46357.0, True),
    ],
)
def test_what_is_not_clearly_a_date_is_refused(written: object) -> None:
    assert set(refused(planned_release=written)) == {"planned_release"}


def test_a_day_given_as_a_moment_is_the_day_in_brussels() -> None:
    assert taken(planned_release="2026-12-10T23:00:00Z").planned_release == date(2026, 12, 11)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10/11/2026 14:30", datetime(2026, 11, 10, 13, 30, tzinfo=UTC)),
        ("10/11/2026, 9h05", datetime(2026, 11, 10, 8, 5, tzinfo=UTC)),
        ("2026-07-10T14:30:59.987", datetime(2026, 7, 10, 12, 30, 59, tzinfo=UTC)),
        ("2026-11-10T14:30Z", datetime(2026, 11, 10, 14, 30, tzinfo=UTC)),
        ("2026-11-10 14:30:00 -0500", datetime(2026, 11, 10, 19, 30, tzinfo=UTC)),
        (datetime(2026, 11, 10, 14, 30), datetime(2026, 11, 10, 13, 30, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_a_time_without_a_zone_is_brussels_time(written: object, meant: datetime) -> None:
    assert taken(notified_at=written).notified_at == meant


def test_in_the_doubled_hour_of_october_the_earlier_one_is_meant() -> None:
    assert taken(notified_at="2026-10-25 02:30").notified_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_in_the_gap_of_march_moves_forward() -> None:
    # 02:30 never showed on a clock in Brussels on 29 March 2026; 03:30 did.
    assert taken(notified_at="2026-03-29 02:30") == taken(notified_at="2026-03-29 03:30")


# --- text ---------------------------------------------------------------------------------------------------------


def test_names_are_composed_and_their_white_space_is_collapsed() -> None:
    notification = taken(family_name="  Inventé\u00a0 de\r\nla  Fiction ", given_names="E\u0301loi\u0308se")
    assert notification.family_name == "Inventé de la Fiction"
    assert notification.given_names == "Éloïse"


@pytest.mark.parametrize("bad", ["\0", "\x1b", "\x7f", "\u202e", "\u200b", "\ufeff", chr(0xD800), "\ue000", "\ufffd"])
@pytest.mark.parametrize("field", ["reference", "prison", "family_name", "given_names", "source"])
def test_control_and_invisible_characters_are_refused(field: str, bad: str) -> None:
    assert set(refused(**{field: f"Ver{bad}zonnen"})) == {field}


def test_the_joiners_of_other_scripts_belong_to_a_name() -> None:
    assert taken(given_names="علی\u200cرضا").given_names == "علی\u200cرضا"


@pytest.mark.parametrize("field", ["reference", "prison", "family_name", "given_names", "source"])
def test_a_text_that_is_too_long_or_a_formula_is_refused(field: str) -> None:
    assert "characters long" in refused(**{field: "x" * 201})[field].rule
    assert "formula" in refused(**{field: '=HYPERLINK("https://example.org")'})[field].rule


@pytest.mark.parametrize(("given_", "kept"), [(12345.0, "12345"), (12345, "12345"), (" 00123 ", "00123")])
def test_a_reference_that_became_a_number_is_the_number_without_its_point(given_: object, kept: str) -> None:
    assert taken(reference=given_).reference == kept


@pytest.mark.parametrize("spoilt", [1.5, float("nan"), float("inf"), 1e15, True, "1,23457E+11", "1.2E11"])
def test_a_reference_that_a_spreadsheet_spoilt_is_refused(spoilt: object) -> None:
    assert "text" in refused(reference=spoilt)["reference"].remedy


# --- words --------------------------------------------------------------------------------------------------------

VOCABULARIES = {
    "release_type": words.RELEASE_TYPES,
    "certainty": words.CERTAINTIES,
    "conditions": words.CONDITIONS,
    "language": words.LANGUAGES,
}


@pytest.mark.parametrize("field", VOCABULARIES)
def test_every_label_in_three_languages_means_its_key(field: str) -> None:
    for key, word in VOCABULARIES[field].items():
        for spelling in (key, *word.every()):
            assert READERS[field](spelling) == READERS[field](f" {spelling.upper()} ") == key


@pytest.mark.parametrize("vocabulary", [words.HEADINGS, *VOCABULARIES.values()])
def test_no_spelling_means_two_things(vocabulary: dict[str, words.Words]) -> None:
    meanings: dict[str, set[str]] = {}
    for key, word in vocabulary.items():
        for spelling in (key, *word.every()):
            meanings.setdefault(words.fold(spelling), set()).add(key)
    assert [spelling for spelling, keys in meanings.items() if len(keys) > 1] == []


def test_accents_and_case_may_be_missing() -> None:
    assert taken(release_type="Liberation CONDITIONNELLE").release_type == "conditional_release"
    assert taken(release_type="FIN DE PEINE").release_type == "end_of_sentence"


def test_the_form_and_the_words_know_the_same_fields_and_kinds() -> None:
    assert set(words.HEADINGS) == set(READERS) == set(FIELDS)
    schema = Notification.model_json_schema()["properties"]
    for field in ("release_type", "certainty", "conditions"):
        assert schema[field]["enum"] == list(VOCABULARIES[field])


def test_any_language_code_of_iso_639_1_is_taken_and_nothing_else() -> None:
    assert taken(language="AR").language == "ar"
    for unknown in ("xx", "nld", "nl-BE", "vlaams", 3):
        assert set(refused(language=unknown)) == {"language"}


def test_a_tick_box_says_yes_or_no() -> None:
    assert taken(conditions=True).conditions == "yes"
    assert taken(conditions=False).conditions == "no"
    assert set(refused(release_type=True)) == {"release_type"}


# --- discretion ---------------------------------------------------------------------------------------------------


def test_an_unknown_field_is_refused_with_a_hint_but_without_its_name() -> None:
    problem = refused(famly_name="x")["notification"]
    assert problem.remedy == "write family_name"
    assert "Verzonnen" not in str(refused(**{"Anouar Verzonnen": "x"}))


def test_a_field_that_is_named_twice_is_refused() -> None:
    _, problems = read_notification(DuplicateFields(RIGHT), NOW)
    assert [problem.rule for problem in problems] == ["must name every field once"]


@pytest.mark.parametrize("raw", [None, 3, "text", ["list"]])
def test_what_is_no_object_is_refused(raw: object) -> None:
    assert [problem.field for problem in read_notification(raw, NOW)[1]] == ["notification"]


@given(st.dictionaries(st.sampled_from(FIELDS), st.integers(10_000_000, 99_999_999).map(lambda n: f"Zyx{n}")))
def test_no_problem_ever_repeats_a_value(values: dict[str, str]) -> None:
    _, problems = read_notification({**RIGHT, **values, "planned_return": "nonsense"}, NOW)
    assert problems
    assert "Zyx" not in str(problems)


def test_a_printed_notification_does_not_tell_who_it_is_about() -> None:
    printed = f"{taken()!r} {taken()}"
    assert not [secret for secret in ("Verzonnen", "Anouar", "1991", "NF-2026") if secret in printed]
    with pytest.raises(ValidationError) as fault:
        Notification(**{**RIGHT, "birth_date": "Verzonnen"})  # type: ignore[arg-type]
    assert "Verzonnen" not in str(fault.value)


def test_a_notification_cannot_be_changed_and_survives_json() -> None:
    notification = taken(actual_release="2026-11-20")
    with pytest.raises(ValidationError):
        notification.prison = "elsewhere"  # type: ignore[misc]
    assert Notification.model_validate_json(notification.model_dump_json()) == notification
    assert read_notification(json.loads(notification.model_dump_json()), NOW) == (notification, ())
