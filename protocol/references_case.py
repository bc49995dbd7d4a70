"""Dates, phases, texts and status: does the frame of a case hold together?"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from typing import Any

import holidays

from protocol.book import Book, Finding, rule
from protocol.language import Action, Part, Rule
from protocol.lines import Path
from protocol.schema import fields, info_name, inside, is_text

FAR = 10**6
LARGEST = 36_500
"""A hundred years of days: dates stay countable."""


@rule("texts.languages")
def every_text_in_every_language(book: Book) -> Iterator[Finding]:
    wanted = book.protocol.languages
    for path, text in _texts(book):
        for language in wanted:
            if not text.get(language, "").strip():
                yield Finding(path, f"the text in language `{language}` is missing", f"add `{language}: …`")
        for language in text:
            if language not in wanted:
                words = f"`{language}` is not a language of this protocol"
                yield Finding((*path, language), words, f"leave it out, or add it to languages ({', '.join(wanted)})")


def _texts(book: Book) -> Iterator[tuple[Path, dict[str, str]]]:
    for path, part in book.everything:
        for name, info in fields(type(part)).items():
            yield from _texts_in(getattr(part, info_name(type(part), name)), info.annotation, (*path, name))


def _texts_in(value: Any, annotation: Any, path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """The texts in a field: a text, a mapping of names to texts, or a list of texts."""
    if value is None or isinstance(value, Part):
        return
    if is_text(annotation):
        yield path, value
        return

    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts_in(inner, inside(annotation, key), (*path, key))
    elif isinstance(value, tuple):
        for place, inner in enumerate(value):
            yield from _texts_in(inner, inside(annotation, place), (*path, place))


@rule("texts.source")
def every_source_says_something(book: Book) -> Iterator[Finding]:
    for path, part in book.everything:
        if not str(getattr(part, "source", "said elsewhere")).strip():
            yield Finding((*path, "source"), "the source is empty", "say where this rule comes from")


@rule("numbers.bounds")
def no_number_beyond_all_bounds(book: Book) -> Iterator[Finding]:
    for path, part in book.everything:
        for name in type(part).model_fields:
            value = getattr(part, name)
            if type(value) is int and abs(value) > LARGEST:
                yield Finding((*path, name), f"{value} is beyond all bounds", f"write at most {LARGEST}")


@rule("languages.once")
def each_language_once(book: Book) -> Iterator[Finding]:
    for place, language in enumerate(book.protocol.languages):
        if language in book.protocol.languages[:place]:
            yield Finding(("languages", place), f"the language `{language}` stands here twice", "keep one of the two")


@rule("status.informal")
def informal_names_what_may_be_shared(book: Book) -> Iterator[Finding]:
    if book.protocol.status == "informal" and not book.protocol.informal_items:
        words = "an informal protocol says which kinds of item may be shared meanwhile"
        yield Finding(("status",), words, "add `informal_items: [...]`")


@rule("status.approved")
def approved_names_who_signed(book: Book) -> Iterator[Finding]:
    if book.protocol.status != "approved":
        return
    if not book.protocol.signatories:
        yield Finding(
            ("status",),
            "an approved protocol says who signed, and when",
            "add `signatories: [{organisation: …, on: …}]`",
        )
    for place in book.step_places:
        if place.only is None and place.step.in_force is None:
            words = f"since when `{place.key}` is in force is not said, and the protocol is approved"
            yield Finding(place.path, words, "add `in_force: year-month-day`")


@rule("calendar.country")
def the_calendar_exists(book: Book) -> Iterator[Finding]:
    calendar = book.protocol.calendar
    countries = holidays.list_supported_countries()
    if calendar.country not in countries:
        words = f"no public holidays are known for `{calendar.country}`"
        yield Finding(("calendar", "country"), words, "write the two letters of the country, such as `BE`")
    elif calendar.region is not None and calendar.region not in countries[calendar.country]:
        known = ", ".join(countries[calendar.country]) or "none is known: leave `region` out"
        yield Finding(
            ("calendar", "region"), f"no region `{calendar.region}` is known for {calendar.country}", f"use: {known}"
        )
    if not _is_time_zone(calendar.timezone):
        words = f"`{calendar.timezone}` is no time zone"
        yield Finding(("calendar", "timezone"), words, "write continent and city, such as `Europe/Brussels`")


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@rule("notice.ascend")
def notice_classes_ascend(book: Book) -> Iterator[Finding]:
    """Each class ends above the one before it; the last has no upper limit, so that every notice has a class."""
    if book.protocol.notice is None:
        return
    classes, below, seen = book.protocol.notice.classes, 0, set[str]()
    for place, item in enumerate(classes):
        path: Path = ("notice", "classes", place)
        if item.key in seen:
            yield Finding(path, f"the notice class `{item.key}` stands here twice", "give it another key")
        if (item.below is None) != (place == len(classes) - 1):
            yield Finding(
                path, "only the last notice class has no upper limit", "give `below` to every class but the last"
            )
        elif (item.below or FAR) <= below:
            yield Finding(
                path,
                f"`below: {item.below}` is not higher than {below}, where the class before ends",
                "let the limits ascend",
            )
        below = item.below or below
        seen.add(item.key)


@rule("notice.every_class")
def by_notice_covers_every_class(book: Book) -> Iterator[Finding]:
    for path, part in book.everything:
        if isinstance(part, Rule) and part.by_notice is not None:
            if not book.classes:
                yield Finding(
                    path, "this protocol has no notice classes", "declare them under `notice`, or use one rule"
                )
            for name in book.classes:
                if name not in part.by_notice:
                    words = f"the notice class `{name}` is not settled"
                    yield Finding((*path, "by_notice"), words, f"add `{name}: …` (null: the step is not in that class)")


def _needs_no_consent(book: Book, name: str) -> Iterator[Finding]:
    """The person said no: what only goes with consent is not open in this phase, and cannot open."""
    phase, steps = book.protocol.phases[name], book.protocol.steps
    still = [key for key in (steps if phase.only is None else phase.only) if key in steps and steps[key].consent]
    if still:
        words = f"without consent nothing of `{still[0]}` goes on, which needs consent"
        yield Finding(("phases", name), words, "leave that step out of `only`, or drop `without_consent`")


@rule("phases.ends")
def phases_end(book: Book) -> Iterator[Finding]:
    phases = book.protocol.phases
    if not any(phase.ended for phase in phases.values()):
        yield Finding(("phases",), "a case can never end: no phase is `ended`", "add `ended: true` to the last phase")
    for name, phase in phases.items():
        if phase.without_consent:
            yield from _needs_no_consent(book, name)
        if (phase.until is None) != (phase.then is None):
            yield Finding(
                ("phases", name), "`until` and `then` go together", "say when the phase ends, and with which event"
            )
    if book.protocol.first_phase in phases and phases[book.protocol.first_phase].ended:
        yield Finding(("first_phase",), "a case would begin as ended", "name a phase that is not `ended`")
    for path, part in book.everything:
        if isinstance(part, Action) and part.end in phases and not phases[part.end].ended:
            yield Finding(
                (*path, "end"),
                f"the phase `{part.end}` is not `ended`",
                "use `phase`, or name a phase with `ended: true`",
            )


@rule("anchors.itself")
def an_anchor_never_stands_in_for_itself(book: Book) -> Iterator[Finding]:
    for name, anchor in book.protocol.anchors.items():
        if name in (anchor.stands_in_for, anchor.forecast):
            yield Finding(("anchors", name), f"`{name}` refers to itself", "name another anchor, or leave it out")


@rule("release_types.some")
def there_is_a_release_type(book: Book) -> Iterator[Finding]:
    if not book.protocol.release_types:
        yield Finding(("release_types",), "there is no release type, so no case can be opened", "declare at least one")
