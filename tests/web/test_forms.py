"""Forms made from the protocol file, and what was typed as the engine takes it: by themselves, without a page."""

import pytest
from starlette.datastructures import FormData

from casework.protocols import parsed
from protocol.definitions import __file__ as definitions
from protocol.errors import Problem
from protocol.language import FormField, Protocol
from web.dates import long_day, read_day
from web.forms import Maker, summary, typed_in
from web.reasons import in_numbers
from web.words import LANGUAGES, Words


@pytest.fixture(scope="module")
def mechelen() -> Protocol:
    from pathlib import Path

    file = Path(definitions).parent / "mechelen.yaml"
    return parsed(file.read_text("utf-8"), file.name)


def text(key: str = "why", **given: object) -> FormField:
    return FormField.model_validate({"key": key, "type": "text", "label": {"en": "Why"}, **given})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_the_protocol_can_be_asked(mechelen: Protocol, language: str) -> None:
    maker = Maker(Words(language), mechelen.tracks, [("s-1", "Somebody")])
    forms = [form for step in mechelen.steps.values() for form in (step.form, *step.forms.values())]
    forms += [event.form for event in mechelen.events.values()]
    controls = [control for form in forms for control in maker.controls(form.fields)]
    assert len(controls) > 80
    assert all(control.label and control.id and (control.kind != "radios" or control.options) for control in controls)


def test_a_long_text_gets_several_lines_and_its_limit() -> None:
    long, short = Maker(Words("en"), {}).controls((text(max_length=300), text("word", max_length=40)))
    assert (long.kind, long.limits, long.hint) == ("textarea", {"maxlength": 300}, "At most 300 characters")
    assert (short.kind, short.hint) == ("text", "")


def test_a_list_shows_what_was_typed_and_empty_rows_to_go_on() -> None:
    rows = FormField.model_validate(
        {"key": "tasks", "type": "list", "label": {"en": "Tasks"}, "fields": [text().model_dump()]}
    )
    posted = FormData([("f.tasks.1.why", "first"), ("f.tasks.2.why", " "), ("f.tasks.3.why", "third")])
    typed = typed_in((rows,), posted, {})
    assert typed == {"tasks": [{"why": "first"}, {"why": "third"}]}
    (same,) = Maker(Words("en"), {}, typed=typed).controls((rows,))
    (more,) = Maker(Words("en"), {}, typed=typed, grown="tasks").controls((rows,))
    assert (len(same.rows), len(more.rows)) == (3, 4)
    assert same.rows[1].controls[0].name == "f.tasks.2.why" and same.rows[1].controls[0].value == "third"


def test_a_problem_leads_to_its_control() -> None:
    problem = Problem("why", "form.text", "at most 500 characters; now 600")
    found = summary(Maker(Words("nl"), {}, problems=(problem,)).controls((text(),)))
    assert found == [("f-why", "Why: Gewone tekst, hoogstens 500 tekens")]


@pytest.mark.parametrize(
    ("typed", "read"),
    [("30/11/2026", "2026-11-30"), ("1-2-2026", "2026-02-01"), ("2026-11-30", "2026-11-30"), (" x ", "x"), ("", "")],
)
def test_a_day_may_be_typed_in_the_belgian_way(typed: str, read: str) -> None:
    assert read_day(typed) == read


def test_days_are_told_as_people_say_them() -> None:
    import datetime as dt

    first = dt.date(2026, 12, 1)
    assert long_day(first, "en") == "Tuesday 1\u00a0December"
    assert long_day(first, "nl", year=True) == "dinsdag 1\u00a0december 2026"
    assert long_day(first, "fr") == "mardi 1er\u00a0décembre"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("20 working day(s) after", "20 working days after"),
        ("1 working day(s) after", "1 working day after"),
        ("3 jour(s) ouvrable(s) après", "3 jours ouvrables après"),
        ("1 jour(s) ouvrable(s) après", "1 jour ouvrable après"),
        ("5 werkdag(en) na", "5 werkdagen na"),
        ("6 maand(en) na", "6 maanden na"),
    ],
)
def test_one_is_one_and_many_are_many(said: str, read: str) -> None:
    assert in_numbers(said) == read
