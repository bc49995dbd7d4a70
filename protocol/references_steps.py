"""Steps: is each due some day, opened by something, and does a case always end?"""

from __future__ import annotations

from collections.abc import Iterator

from protocol.book import Book, Finding, StepPlace, rule
from protocol.language import Action, Open, Rule
from protocol.schema import parts


@rule("dates.reserved")
def no_anchor_takes_a_word_of_the_language(book: Book) -> Iterator[Finding]:
    for name in book.protocol.anchors:
        if name in ("ready", "event"):
            yield Finding(
                ("anchors", name), f"`{name}` is a word of the language, not an anchor", "give the anchor another key"
            )


@rule("dates.reference")
def a_due_day_is_counted_from_something(book: Book) -> Iterator[Finding]:
    """A distance needs `after` or `before`; only in `plus` it goes on from the date found so far."""
    for path, part in book.everything:
        if not isinstance(part, Rule) or "plus" in path:
            continue
        counted = part.working_days is not None or part.days is not None or part.months is not None
        due = book.home(path) is not None and ("due" in path or "occurrences" in path)
        if counted and due and part.after is None and part.before is None:
            yield Finding(path, "nothing says what this is counted from", "add `after: …` or `before: …`")


@rule("dates.circle")
def due_days_do_not_wait_for_each_other(book: Book) -> Iterator[Finding]:
    waits = {place.key: _due_of(place) for place in book.step_places if place.only is None}
    for place in book.step_places:
        if place.only is not None:
            continue
        trail, todo = {place.key}, list(waits[place.key])
        while todo:
            other = todo.pop()
            if other == place.key:
                words = f"the due day of `{place.key}` depends on itself"
                yield Finding((*place.path, "due"), words, "count one of the steps from an anchor")
                break
            if other not in trail:
                trail.add(other)
                todo += waits.get(other, ())


def _due_of(place: StepPlace) -> set[str]:

    found: set[str] = set()
    for _, part in parts(place.step.due):
        if isinstance(part, Rule):
            found |= {part.due_of} if part.due_of else set()
            found |= {name[4:] for name in (part.after, part.before, part.on) if name and name.startswith("due:")}
    return found


@rule("steps.due")
def every_step_is_due_some_day(book: Book) -> Iterator[Finding]:
    """A step has a due rule or occurrences; a duty may have it from every action that opens it."""
    for place in book.step_places:
        step = place.step
        if (
            place.only is not None
            or step.due is not None
            or step.repeat is not None
            or place.key == book.protocol.closing_step
        ):
            continue
        opened = [part for _, part in book.everything if isinstance(part, Open) and part.step == place.key]
        if not (step.duty and opened and all(part.due for part in opened)):
            yield Finding(place.path, f"`{place.key}` is never due", "add `due`, or `repeat` with its occurrences")


@rule("steps.repeat")
def a_repeated_step_says_how_often(book: Book) -> Iterator[Finding]:
    for place in book.step_places:
        repeat = place.step.repeat
        if repeat is None:
            continue
        path = (*place.path, "repeat")
        if bool(repeat.occurrences) == (repeat.cadence is not None):
            yield Finding(path, "a repeated step has occurrences or a cadence", "give one of the two")
        elif repeat.cadence and not (repeat.window_until or repeat.until or repeat.goes_on_when):
            yield Finding(path, "this cadence never ends", "add window_until, until or goes_on_when")


@rule("steps.floor")
def a_floor_is_declared(book: Book) -> Iterator[Finding]:
    for place in book.step_places:
        if place.step.floor and book.protocol.floor is None:
            yield Finding((*place.path, "floor"), "this protocol has no floor", "declare `floor`, or leave it out here")


@rule("steps.duty")
def every_duty_is_opened_by_something(book: Book) -> Iterator[Finding]:
    opened = {part.step for _, part in book.everything if isinstance(part, Open)}
    opened |= {eyes.then for _, eyes in book.four_eyes if eyes.then}
    opened |= {
        key for _, part in book.everything if isinstance(part, Action) and part.renew for key in part.renew.steps
    }
    for place in book.step_places:
        if place.step.duty and place.only is None and place.key not in opened:
            yield Finding(
                place.path,
                f"nothing opens the duty `{place.key}`",
                "let an event or outcome `open` it, or leave `duty` out",
            )


@rule("steps.full")
def no_form_is_called_full(book: Book) -> Iterator[Finding]:
    for place in book.step_places:
        if "full" in place.step.forms:
            yield Finding((*place.path, "forms", "full"), "`full` is the step's own form", "give this form another key")


@rule("steps.twice")
def a_variant_adds_only_new_steps(book: Book) -> Iterator[Finding]:
    for name, variant in book.protocol.variants.items():
        for key in variant.add:
            if key in book.protocol.steps:
                words = f"the step `{key}` is there already"
                yield Finding(
                    ("variants", name, "add", key), words, "say what differs under `change`, or give it another key"
                )


@rule("steps.closing")
def the_closing_step_is_always_there(book: Book) -> Iterator[Finding]:
    closing = book.protocol.closing_step
    for name, variant in book.protocol.variants.items():
        if closing in variant.drop or (variant.keep is not None and closing not in variant.keep):
            yield Finding(
                ("variants", name),
                f"the closing step `{closing}` is missing here",
                "keep it: every case must be able to end",
            )
