"""Forms: are fields, values and outcomes what the rest of the protocol takes them for?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from protocol.book import Book, Finding, rule, unknown
from protocol.forms import DECIDES, monitored_form
from protocol.language import Action, After, Condition, Form, FormField, FourEyes, Monitored, Outcome, Repeat
from protocol.lines import Path
from protocol.variants import matches

Answers = Mapping[str, tuple[str, ...]]
MOST_COMBINATIONS = 5_000


def values_of(item: FormField) -> tuple[str, ...] | None:
    """What can be answered, None where that is no closed list."""
    if item.type == "choice":
        return tuple(item.options or ())
    return {"yes_no": ("yes", "no"), "yes_no_unknown": ("yes", "no", "unknown")}.get(item.type)


def _twice(names: Iterable[str]) -> list[tuple[int, str]]:
    seen: set[str] = set()
    return [(place, name) for place, name in enumerate(names) if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


@rule("forms.twice")
def no_field_or_outcome_twice(book: Book) -> Iterator[Finding]:
    for path, form in book.forms:
        for place, name in _twice(item.key for item in form.fields):
            yield Finding(
                (*path, "fields", place), f"the field `{name}` stands in this form twice", "give each field its own key"
            )
        for place, name in _twice(outcome.key for outcome in form.outcomes):
            yield Finding(
                (*path, "outcomes", place), f"the outcome `{name}` stands here twice", "join the two, or rename one"
            )


@rule("forms.shares")
def what_is_shared_stands_in_the_form(book: Book) -> Iterator[Finding]:
    """What a step releases, to whom, on which ground and until when is asked in its form."""
    kinds = {"text": "text", "to": "staff_list", "ground": "choice", "code": "choice", "until": "date"}
    for place in book.step_places:
        shares = place.step.shares
        if shares is None:
            continue
        fields = {field.key: field.type for field in place.step.form.fields}
        for name, kind in {**kinds, **({"kind": "choice"} if shares.kind else {})}.items():
            wanted = getattr(shares, name)
            if fields.get(wanted) != kind:
                words = f"`{wanted}` is no field of kind {kind} in the form of this step"
                yield Finding((*place.path, "shares", name), words, f"name a field of type {kind}")


@rule("forms.kinds")
def details_fit_the_kind_of_field(book: Book) -> Iterator[Finding]:
    for path, part in book.everything:
        if not isinstance(part, FormField):
            continue
        for given, kinds, name in (
            (part.within is not None or part.future, ("date", "datetime"), "within` and `future"),
            (part.minimum is not None or part.maximum is not None, ("number",), "minimum` and `maximum"),
            (part.options is not None, ("choice",), "options"),
            (bool(part.fields), ("tracks", "list"), "fields"),
        ):
            if given and part.type not in kinds:
                yield Finding(
                    path,
                    f"`{name}` goes with {' or '.join(kinds)}, not with {part.type}",
                    "change the type, or leave it out",
                )
        if part.minimum is not None and part.maximum is not None and part.minimum > part.maximum:
            yield Finding(
                path, f"no number lies between {part.minimum} and {part.maximum}", "exchange minimum and maximum"
            )


@rule("forms.given")
def given_fields_and_values_exist(book: Book) -> Iterator[Finding]:
    """What decides is a field of the right form, a choice, date or number (never text), with a value it can have."""
    for path, fields, wanted in _conditions(book):
        for name, values in wanted.items():
            if name not in fields:
                yield unknown("field", name, fields, (*path, name))
                continue
            yield from _values(fields[name], name, values, (*path, name))


def _values(items: list[FormField], name: str, values: Iterable[str], path: Path) -> Iterator[Finding]:
    if not any(item.type in DECIDES for item in items):
        remedy = "use a choice, a date or a number: text never decides what happens next"
        yield Finding(path, f"the field `{name}` is of type {items[0].type}", remedy)
        return
    lists = [values_of(item) for item in items]
    known = {value for listed in lists if listed for value in listed}
    if all(listed is not None for listed in lists):
        for value in values:
            if value not in known:
                yield unknown(f"answer to `{name}`", value, known, path)


def _conditions(book: Book) -> Iterator[tuple[Path, dict[str, list[FormField]], dict[str, tuple[str, ...]]]]:
    for path, part in book.everything:
        if isinstance(part, After) and part.given and part.step in book.steps:
            yield (*path, "given"), book.fields_of(part.step), part.given
        elif isinstance(part, Condition) and part.given:
            yield (*path, "given"), _around(book, path), part.given
        elif isinstance(part, FourEyes) and part.disagree_sets:
            sets: dict[str, tuple[str, ...]] = {name: (value,) for name, value in part.disagree_sets.items()}
            yield (*path, "disagree_sets"), book.fields_at(path), sets
        elif isinstance(part, Repeat) and part.goes_on_when:
            yield (*path, "goes_on_when"), book.fields_at(path), part.goes_on_when
    for path, form in book.forms:
        own = {item.key: [item] for item in form.fields}
        for place, outcome in enumerate(form.outcomes):
            yield (*path, "outcomes", place, "when"), own, outcome.when
        expected: dict[str, tuple[str, ...]] = {name: (value,) for name, value in form.expected_given.items()}
        yield (*path, "expected_given"), own, expected


def _around(book: Book, path: Path) -> dict[str, list[FormField]]:
    """The fields a condition can mean: those of the same form, for `required_when`; else those of its step or event.

    What ends a restriction is an answer: the fields of the step that gives it.
    """
    if path[0] == "events" and "restricts" in path:
        restricts = book.protocol.events[str(path[1])].restricts
        return book.fields_of(restricts.until) if restricts is not None else {}
    if "required_when" not in path:
        return book.fields_at(path)
    end = len(path) - 1 - path[::-1].index("required_when")
    return next(
        (
            {item.key: [item] for item in part.fields}
            for at, part in book.everything
            if at == path[: end - 2] and isinstance(part, (Form, FormField))
        ),
        {},
    )


@rule("forms.date_from")
def dates_come_from_date_fields(book: Book) -> Iterator[Finding]:
    for path, part in book.everything:
        if isinstance(part, Action) and part.from_ is not None:
            fields = book.fields_at(path)
            if part.set_anchor is None:
                yield Finding((*path, "from"), "`from` goes with `set_anchor`", "leave it out")
            elif part.from_ not in fields:
                yield unknown("field", part.from_, fields, (*path, "from"))
            elif not any(item.type in ("date", "datetime") for item in fields[part.from_]):
                yield Finding((*path, "from"), f"the field `{part.from_}` holds no date", "name a field of type date")


@rule("forms.release_type")
def a_new_release_type_is_asked_for(book: Book) -> Iterator[Finding]:
    """`set_type` takes the release type from the field `release_type`, so its options are release types."""
    for path, part in book.everything:
        if isinstance(part, Action) and part.set_type:
            items = book.fields_at(path).get("release_type", [])
            if not items:
                yield Finding(
                    (*path, "set_type"),
                    "`set_type` needs a field `release_type` in the form",
                    "add a choice `release_type`",
                )
            for name in (name for item in items for name in item.options or ()):
                if name not in book.protocol.release_types:
                    yield unknown("release type", name, book.protocol.release_types, (*path, "set_type"))


@rule("outcomes.exist")
def outcomes_exist(book: Book) -> Iterator[Finding]:
    for path, key, names in _outcomes_named(book):
        known = book.outcomes_of(key)
        for name in names if key in book.steps else ():
            if name not in known:
                yield unknown(f"outcome of `{key}`", name, known, path)


def _outcomes_named(book: Book) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    for path, part in book.everything:
        home = book.home(path)
        if isinstance(part, After) and part.step and part.outcome:
            yield (*path, "outcome"), part.step, part.outcome
        elif isinstance(part, Action) and part.settle:
            yield from (((*path, "settle", key), key, (outcome,)) for key, outcome in part.settle.items())
        elif isinstance(part, Condition) and part.outcome and home and home[0] == "step":
            yield (*path, "outcome"), home[1], part.outcome
        elif isinstance(part, FourEyes) and part.disagree and home:
            yield (*path, "disagree"), home[1], (part.disagree,)


@rule("outcomes.expected")
def expected_outcomes_are_of_the_form(book: Book) -> Iterator[Finding]:
    for path, form in book.forms:
        known = {outcome.key for outcome in form.outcomes} or {"done"}
        for place, name in enumerate(form.expected):
            if name not in known:
                yield unknown("outcome of this form", name, known, (*path, "expected", place))


@rule("outcomes.complete")
def every_answer_has_an_outcome(book: Book) -> Iterator[Finding]:
    """The first outcome that matches counts: each must be reachable, and one must match whatever is answered."""
    for path, form in book.forms:
        if form.outcomes and (answers := _answers(form)) is not None:
            yield from _complete(path, form, answers)


def _complete(path: Path, form: Form, answers: list[dict[str, str]]) -> Iterator[Finding]:
    reached: set[str] = set()
    for given in answers:
        outcome = _first(form.outcomes, given)
        if outcome is None:
            said = ", ".join(f"{name}: {value}" for name, value in given.items()) or "nothing"
            yield Finding(
                (*path, "outcomes"), f"no outcome follows from the answers {said}", "end with an outcome without `when`"
            )
            break
        reached.add(outcome.key)
    else:
        for place, outcome in enumerate(form.outcomes):
            if outcome.key not in reached:
                words = f"the outcome `{outcome.key}` is never reached: one above it always matches first"
                yield Finding((*path, "outcomes", place), words, "move it up, or narrow the ones above it")


def _first(outcomes: Iterable[Outcome], given: Mapping[str, str]) -> Outcome | None:
    return next((o for o in outcomes if all(given.get(name) in wanted for name, wanted in o.when.items())), None)


def _answers(form: Form) -> list[dict[str, str]] | None:
    """Every combination of answers that this form allows, as far as its outcomes look at them; None where too many."""
    looked_at = {name for outcome in form.outcomes for name in outcome.when}
    deciding = [item for item in form.fields if item.key in looked_at or _depends(form, item, looked_at)]
    lists = [values_of(item) for item in deciding]
    if any(listed is None for listed in lists):
        return None
    columns = [(*(listed or ()), "") for listed in lists]
    if math.prod(len(column) for column in columns) > MOST_COMBINATIONS:
        return None
    rows = (dict(zip((item.key for item in deciding), row, strict=True)) for row in product(*columns))
    filled = ({name: value for name, value in row.items() if value} for row in rows)
    return [row for row in filled if all(item.key in row or not _needed(item, row) for item in deciding)]


def _depends(form: Form, item: FormField, looked_at: set[str]) -> bool:
    """Whether another field that decides is asked for only because of this one."""
    return any(
        other.required_when is not None and item.key in (other.required_when.given or {})
        for other in form.fields
        if other.key in looked_at
    )


def _needed(item: FormField, row: Mapping[str, str]) -> bool:
    return item.required if item.required_when is None else matches(item.required_when, {"given": row})


@rule("forms.monitor")
def the_outcome_monitor_counts_a_choice_of_every_track(book: Book) -> Iterator[Finding]:
    for path, part in book.everything:
        if isinstance(part, Monitored) and part.step in book.steps:
            form = monitored_form(book.protocol.steps[part.step], part)
            fields = {field.key: field for field in form.fields}
            if part.field not in fields:
                yield unknown(f"field of `{part.step}`", part.field, fields, (*path, "field"))
                continue
            columns = {column.key for column in fields[part.field].fields if column.type == "choice"}
            if fields[part.field].type != "tracks" or part.column not in columns:
                said = f"the field `{part.field}` of `{part.step}` has no choice `{part.column}` for every track"
                yield Finding((*path, "column"), said, "name a field of type tracks and one of its choices")
