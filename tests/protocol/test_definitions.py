"""The two protocol files that come with the software: complete, in three languages, and nothing of them in the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.language import Form, FormField, May, Protocol, Step, Text
from protocol.parse import load
from protocol.schema import parts
from protocol.variants import steps_for

ROOT = Path(__file__).parents[2]
DEFINITIONS = ROOT / "protocol" / "definitions"
BOTH = ("mechelen", "outreach")

OWNERS = {
    "notify": "coordinator",
    "mandate": "coordinator",
    "infocheck": "info_officer",
    "share": "info_officer",
    "assign": "coordinator",
    "contact": "lead_worker",
    "visit1": "lead_worker",
    "plan": "lead_worker",
    "visit2": "lead_worker",
    "align": "coordinator",
    "conference": "coordinator",
    "ready": "lead_worker",
    "confirm_release": "liaison",
    "releaseday": "lead_worker",
    "followup": "lead_worker",
    "review": "coordinator",
    "opreview": "coordinator",
    "highlevel": "coordinator",
    "close": "coordinator",
    "retain": "data_manager",
}
"""The twenty steps of the table in the protocol draft, in its order, each with its one accountable owner."""

EVENTS = {
    "withdrawn", "wait_renewed", "wait_expired", "immediate_safety", "dispute_between_services", "unacknowledged",
    "extension", "type_changed", "new_prison", "new_arrest", "free_again", "arrest_lasting", "death", "transfer",
    "leave_planned", "accepts_help", "dormancy_expired", "new_notification", "objection", "rectification",
    "access_request", "emergency_override", "propose_sharing", "out_of_mandate",
}  # fmt: skip

DUTIES = {
    "wait_decision": "coordinator",
    "new_liaison": "coordinator",
    "new_permission": "lead_worker",
    "override_review": "data_manager",
    "acknowledge": "data_manager",
    "answer": "data_manager",
}


@pytest.fixture(scope="module")
def mechelen() -> Protocol:
    return load(DEFINITIONS / "mechelen.yaml")


@pytest.fixture(scope="module")
def outreach() -> Protocol:
    return load(DEFINITIONS / "outreach.yaml")


def protocols() -> list[Protocol]:
    return [load(DEFINITIONS / f"{name}.yaml") for name in BOTH]


def test_every_step_of_the_table_is_there_in_its_order_with_its_owner(mechelen: Protocol) -> None:
    owners = {key: step.owner for key, step in mechelen.steps.items() if key in OWNERS}
    assert list(owners.items()) == list(OWNERS.items())


def test_what_exceptional_events_ask_for_has_an_owner_a_due_day_and_an_escalation(mechelen: Protocol) -> None:
    duties = {key: step for key, step in mechelen.steps.items() if step.duty}
    assert set(DUTIES) <= set(duties)
    assert {key: duties[key].owner for key in DUTIES} == DUTIES
    for key, step in duties.items():
        assert step.due is not None, f"{key} has no due day"
        assert step.escalation is not None, f"{key} escalates to nobody"
        assert not step.opens_itself, f"{key} opens without an event"


def test_every_exceptional_event_of_the_draft_is_there(mechelen: Protocol) -> None:
    assert set(mechelen.events) >= EVENTS


def test_every_release_type_of_the_notification_is_known(mechelen: Protocol) -> None:
    assert set(mechelen.release_types) == {
        "conditional_release", "electronic_monitoring", "limited_detention", "end_of_sentence", "provisional_release",
        "removal", "court_disposal", "remand_release", "leave",
    }  # fmt: skip


@pytest.mark.parametrize("name", BOTH)
def test_every_text_is_there_in_english_dutch_and_french(name: str) -> None:
    protocol = load(DEFINITIONS / f"{name}.yaml")
    assert protocol.languages == ("en", "nl", "fr")
    for where, text in texts(protocol):
        assert set(text) == {"en", "nl", "fr"}, f"{where}: {text}"
        assert all(words.strip() for words in text.values()), f"{where}: {text}"
        assert not any(words.strip() != words for words in text.values()), f"{where}: {text}"


def texts(value: Any, where: str = "") -> Iterator[tuple[str, Text]]:
    """Every mapping that speaks a language, wherever it stands."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(by_alias=True)
    if isinstance(value, dict) and "en" in value and all(isinstance(words, str) for words in value.values()):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            yield from texts(inner, f"{where}.{place}")


@pytest.mark.parametrize("name", BOTH)
def test_every_rule_says_where_it_comes_from(name: str) -> None:
    protocol = load(DEFINITIONS / f"{name}.yaml")
    for path, part in parts(protocol):
        if "source" in type(part).model_fields:
            assert len(part.source.strip()) > 8, f"{path} has no source"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", BOTH)
def test_free_text_is_short(name: str) -> None:
    for path, part in parts(load(DEFINITIONS / f"{name}.yaml")):
        if isinstance(part, FormField) and part.type == "text":
            assert part.max_length <= 500, f"{path} asks for an essay"


@pytest.mark.parametrize("name", BOTH)
def test_no_word_of_the_interface_judges_a_person(name: str) -> None:
    text = (DEFINITIONS / f"{name}.yaml").read_text().lower()
    for word in ("subject", "target", "signalement", "risk level", "risicotaxatie", "niveau de risque"):
        assert not re.search(rf"\b{word}\b", text), f"{name} says {word}"


def test_no_form_asks_for_ideology_or_priority(mechelen: Protocol) -> None:
    keys = {part.key for _, part in parts(mechelen) if isinstance(part, FormField)}
    assert not keys & {"ideology", "priority", "score", "threat", "level"}


def test_the_information_check_records_nothing_but_that_it_was_answered(mechelen: Protocol) -> None:
    (field,) = mechelen.steps["infocheck"].form.fields
    assert field.options is not None
    assert list(field.options) == ["answered"]


def test_sharing_looks_the_same_from_outside_whatever_was_decided(mechelen: Protocol) -> None:
    share = mechelen.steps["share"]
    assert share.settled_on_due_day
    assert share.not_decided == "not_decided"
    assert share.four_eyes is not None and share.four_eyes.disagree == "declined"
    assert {told.who for told in share.told} == {"recipients"}


def test_mandate_and_closure_are_looked_at_by_two_services(mechelen: Protocol) -> None:
    for key in ("mandate", "share", "close"):
        eyes = mechelen.steps[key].four_eyes
        assert eyes is not None
        own = mechelen.roles[mechelen.steps[key].owner].service
        for role in eyes.role:
            assert mechelen.roles[role].service != own
            assert mechelen.roles[role].substitutes >= 2


def test_the_state_of_each_basic_condition_is_recorded_at_the_first_visit_the_release_day_and_six_months(
    mechelen: Protocol,
) -> None:
    assert set(mechelen.tracks["basic_conditions"]) == {
        "id", "housing", "income", "debts", "care", "network", "daytime",
    }  # fmt: skip
    review = mechelen.steps["review"]
    assert review.repeat is not None
    forms = (
        mechelen.steps["visit1"].form,
        mechelen.steps["visit1"].forms["short"],
        mechelen.steps["releaseday"].form,
        review.forms[review.repeat.forms[3]],
    )
    for form in forms:
        assert states(form) == ["in_order", "under_way", "missing", "not_asked", "not_known"]


def states(form: Form) -> list[str]:
    (track,) = [field for field in form.fields if field.tracks == "basic_conditions"]
    return list(track.fields[0].options or {})


@pytest.mark.parametrize(
    ("release_type", "conditions", "present"),
    [
        ("conditional_release", "unknown", True),
        ("electronic_monitoring", "no", True),
        ("limited_detention", "unknown", True),
        ("court_disposal", "unknown", True),
        ("provisional_release", "yes", True),
        ("remand_release", "yes", True),
        ("provisional_release", "no", False),
        ("remand_release", "unknown", False),
        ("end_of_sentence", "yes", False),
    ],
)
def test_tasks_are_divided_only_where_a_justice_assistant_supervises(
    mechelen: Protocol, release_type: str, conditions: str, present: bool
) -> None:
    assert ("align" in steps_for(mechelen, release_type, "long", conditions)) is present


def test_a_leave_keeps_its_few_steps_and_ends_with_the_return(mechelen: Protocol) -> None:
    assert own_steps(mechelen, "leave") == [
        "notify", "mandate", "infocheck", "assign", "contact", "confirm_release", "opreview", "close", "retain",
    ]  # fmt: skip


def test_a_removal_is_notified_checked_and_closed(mechelen: Protocol) -> None:
    assert own_steps(mechelen, "removal") == ["notify", "mandate", "close", "retain"]


def own_steps(protocol: Protocol, release_type: str) -> list[str]:
    return [key for key, step in steps_for(protocol, release_type, "short").items() if not step.duty]


def test_nobody_sees_what_is_never_stored(mechelen: Protocol) -> None:
    lines = [may for may in mechelen.visibility if "ter_classified" in may.item]
    assert [may.see for may in lines] == ["no"]
    assert set(lines[0].role) == {key for key, role in mechelen.roles.items() if role.staff}


@pytest.mark.parametrize(
    ("role", "item", "see"),
    [
        ("coordinator", "logistics", {"yes"}),
        ("coordinator", "police_note", {"named", "yes"}),
        ("info_officer", "social_plan", {"by_decision"}),
        ("lead_worker", "professional_secret", {"yes"}),
        ("partner_worker", "police_note", {"no"}),
        ("youth_worker", "police_note", {"named"}),
        ("liaison", "social_plan", {"own_part", "yes", "named"}),
        ("mayor", "social_plan", {"summary"}),
        ("mayor", "professional_secret", {"no"}),
        ("auditor", "logistics", {"pseudonymous"}),
        ("auditor", "social_plan", {"no"}),
        ("dpo", "access_log", {"yes"}),
        ("dpo", "social_plan", {"on_request"}),
    ],
)
def test_the_matrix_says_what_the_draft_says(mechelen: Protocol, role: str, item: str, see: set[str]) -> None:
    cells: list[May] = [
        may for may in mechelen.visibility if role in may.role and item in may.item and may.relation != ("emergency",)
    ]
    assert {may.see for may in cells} == see


def test_an_emergency_opens_dates_identity_and_safety_advice_and_nothing_else(mechelen: Protocol) -> None:
    cells = [may for may in mechelen.visibility if "emergency" in may.relation]
    assert {(item, may.see) for may in cells for item in may.item} == {
        ("logistics", "yes"), ("identity", "yes"), ("social_plan", "safety"), ("police_note", "safety"),
    }  # fmt: skip


def test_the_secret_and_the_police_note_reach_only_who_wrote_them_or_was_named(mechelen: Protocol) -> None:
    for may in mechelen.visibility:
        if "police_note" in may.item and may.see in ("yes", "named"):
            assert set(may.relation) <= {"named", "author", "own_task"}
        if "professional_secret" in may.item and may.see == "yes":
            assert may.relation == ("author",)


def test_the_outreach_programme_knows_no_persons_and_counts_from_dates_of_its_own(outreach: Protocol) -> None:
    assert outreach.about == "activity"
    assert set(outreach.anchors) == {"proposed", "session_date"}
    assert outreach.notice is None
    assert outreach.floor is None
    assert [key for key, step in outreach.steps.items() if not step.duty] == ["plan", "agree", "hold", "evaluate"]
    fields = {part.key: part.type for _, part in parts(outreach) if isinstance(part, FormField)}
    assert {"prison", "theme", "speakers", "participants"} <= set(fields)
    assert fields["participants"] == "number"
    assert not {"staff", "staff_list"} & set(fields.values())


def test_both_protocols_are_informal_until_somebody_signs() -> None:
    for protocol in protocols():
        assert protocol.status == "informal"
        assert protocol.informal_items


@pytest.mark.parametrize("package", ["protocol", "models", "flows"])
def test_no_city_stands_in_the_code(package: str) -> None:
    city = re.compile(r"mechelen|malines|antwerp|vilvoorde", re.IGNORECASE)
    for file in (ROOT / package).rglob("*.py"):
        found = city.search(file.read_text())
        assert found is None, f"{file.relative_to(ROOT)} names {found.group() if found else ''}"


def test_no_step_of_a_protocol_file_is_named_in_the_engine() -> None:
    keys = "|".join(key for key in OWNERS if key not in ENGINE_WORDS)
    names = re.compile(f"""["']({keys})["']""")
    for file in (ROOT / "protocol").glob("*.py"):
        found = names.search(file.read_text())
        assert found is None, f"{file.name} names the step {found.group() if found else ''}"


ENGINE_WORDS = {"share", "ready", "close", "assign", "plan", "contact", "review"}
"""Steps whose key is also a plain word of the engine (`ready` is a reference, `assign` an action)."""


def test_every_step_can_be_read_in_a_form_or_needs_none(mechelen: Protocol) -> None:
    for key, step in mechelen.steps.items():
        assert asks_something(step), f"{key} records nothing"


def asks_something(step: Step) -> bool:
    return all(form.fields for form in (step.form, *step.forms.values()))
