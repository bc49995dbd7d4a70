"""Does every name exist that the protocol refers to?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from protocol.book import Book, Finding, rule, unknown
from protocol.language import (
    Action,
    After,
    Anchor,
    Cancel,
    Chain,
    Condition,
    Event,
    Extend,
    FormField,
    FourEyes,
    HardStop,
    May,
    Monitored,
    Notice,
    Open,
    Part,
    Phase,
    Protocol,
    Renew,
    Restricts,
    Role,
    Rule,
    Rung,
    Shares,
    Skip,
    Step,
    Told,
    Variant,
)
from protocol.lines import Path

Uses = tuple[tuple[type[Part], str], ...]

STEPS: Uses = (
    (After, "step"), (Rule, "due_of"), (FourEyes, "then"), (Cancel, "steps"), (Cancel, "except_"), (Open, "step"),
    (Renew, "steps"), (Phase, "only"), (Extend, "step"), (Extend, "monthly"), (Extend, "before_end"),
    (Action, "settle"), (Action, "redate"), (Variant, "keep"), (Variant, "drop"), (Variant, "change"),
    (Protocol, "closing_step"), (Monitored, "step"), (Restricts, "until"),
)  # fmt: skip
ANCHORS: Uses = (
    (After, "anchor"), (Condition, "known"), (Condition, "unknown"), (Anchor, "stands_in_for"), (Anchor, "forecast"),
    (Notice, "from_"), (Notice, "to"), (Cancel, "counted_from"), (Action, "set_anchor"), (Protocol, "opens_with"),
    (Step, "only_if_before"),
)  # fmt: skip
ROLES: Uses = (
    (Step, "owner"), (Step, "backup"), (Step, "quorum"), (FourEyes, "role"), (Skip, "by"), (HardStop, "by"),
    (Event, "by"), (Rung, "who"), (Rung, "until_owner"), (Chain, "for_owner"), (Role, "counts_as"), (May, "role"),
    (Told, "who"), (Event, "tells"),
)  # fmt: skip
PHASES: Uses = (
    (Condition, "phase"), (Event, "in_phase"), (Action, "phase"), (Action, "end"), (Protocol, "first_phase"),
    (Protocol, "closing_phase"),
)  # fmt: skip
EVENTS: Uses = ((Phase, "then"), (Action, "event"), (Chain, "unacknowledged"))
MILESTONES: Uses = ((After, "milestone"), (Condition, "milestone"), (Extend, "needs"))
CLASSES: Uses = (
    (Condition, "notice"), (Notice, "unknown"), (Anchor, "notice"), (Rule, "by_notice"), (Step, "form_in"),
)  # fmt: skip
CHAINS: Uses = ((Step, "escalation"), (Step, "prefer_last"))
MEETINGS: Uses = ((Rule, "meeting"),)
TRACKS: Uses = ((FormField, "tracks"),)
HANDLING: Uses = ((FormField, "handling"), (Step, "handling"))
TYPES: Uses = ((Condition, "release_type"),)
ITEMS: Uses = ((May, "item"), (Shares, "item"), (Protocol, "informal_items"), (Protocol, "police_items"))
BASES: Uses = ((Step, "legal_basis"),)
OTHERS: Uses = (*CHAINS, *MEETINGS, *TRACKS, *HANDLING, *TYPES, *ITEMS, *BASES)

OWNER_WORDS = frozenset({"owner", "manager"})
"""In a rung beside roles: who owns the late step, and that person's manager."""
TOLD_WORDS = frozenset(
    {"owner", "person", "notifier", "attendees", "recipients", "members", "task_owners", "both", "partners", "named"}
)
"""Who is told beside roles: people who differ from case to case."""
RELATIONS = frozenset({"any", "own_task", "lead", "deputy", "named", "author", "announcer", "member", "emergency"})


def _names(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """The names in a field: one, a list of them, or the keys of a mapping."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key in value:
            yield (*path, key), key
    elif isinstance(value, tuple):
        for position, inner in enumerate(value):
            yield from _names(inner, (*path, position))


def _used(book: Book, uses: Uses) -> Iterator[tuple[Path, str, Part]]:
    for path, part in book.everything:
        for kind, attribute in uses:
            if type(part) is kind:
                written = kind.model_fields[attribute].alias or attribute
                for place, name in _names(getattr(part, attribute), (*path, written)):
                    yield place, name, part


def _existing(word: str, uses: Uses, known: Callable[[Book], Iterable[str]]) -> Callable[[Book], Iterator[Finding]]:
    def check(book: Book) -> Iterator[Finding]:
        names = set(known(book))
        for path, name, part in _used(book, uses):
            if name not in names and not _special(part, name):
                yield unknown(word, name, names, path)

    check.__name__ = f"every_{word.replace(' ', '_')}_that_is_named_exists"
    return check


def _special(part: Part, name: str) -> bool:
    """Words that stand where roles stand."""
    return (
        (isinstance(part, Rung) and name in OWNER_WORDS)
        or (isinstance(part, Told) and name in TOLD_WORDS)
        or (isinstance(part, Event) and name == "system")
    )


rule("names.step")(_existing("step", STEPS, lambda book: book.steps))
rule("names.anchor")(_existing("anchor", ANCHORS, lambda book: book.protocol.anchors))
rule("names.role")(_existing("role", ROLES, lambda book: book.protocol.roles))
rule("names.phase")(_existing("phase", PHASES, lambda book: book.protocol.phases))
rule("names.event")(_existing("event", EVENTS, lambda book: book.events))
rule("names.milestone")(_existing("milestone", MILESTONES, lambda book: book.protocol.milestones))
rule("names.notice")(_existing("notice class", CLASSES, lambda book: book.classes))
rule("names.chain")(_existing("escalation chain", CHAINS, lambda book: book.protocol.escalations))
rule("names.meeting")(_existing("meeting series", MEETINGS, lambda book: book.protocol.meetings))
rule("names.tracks")(_existing("list of tracks", TRACKS, lambda book: book.protocol.tracks))
rule("names.handling")(_existing("handling code", HANDLING, lambda book: book.protocol.handling_codes))
rule("names.release_type")(_existing("release type", TYPES, lambda book: book.protocol.release_types))
rule("names.item")(_existing("kind of item", ITEMS, lambda book: book.protocol.item_kinds))
rule("names.legal_basis")(_existing("legal basis", BASES, lambda book: book.protocol.legal_basis))
rule("names.relation")(_existing("relation", ((May, "relation"),), lambda book: RELATIONS))
rule("names.conditions")(_existing("answer", ((Condition, "conditions"),), lambda book: ("yes", "no", "unknown")))


@rule("names.counts_only")
def notice_classes_of_forms(book: Book) -> Iterator[Finding]:
    for place in book.step_places:
        for form, classes in place.step.counts_only.items():
            for name in classes:
                if name not in book.classes:
                    yield unknown("notice class", name, book.classes, (*place.path, "counts_only", form))


@rule("names.form")
def forms_exist(book: Book) -> Iterator[Finding]:
    for path, name, key in _forms_used(book):
        names = book.form_names(key)
        if key in book.steps and name not in names:
            yield unknown(f"form of `{key}`", name, names, path)


def _forms_used(book: Book) -> Iterator[tuple[Path, str, str]]:
    """Where a form is named, with the step whose form it is."""
    for path, step, key in ((place.path, place.step, place.key) for place in book.step_places):
        yield from (((*path, "form_in", notice), name, key) for notice, name in step.form_in.items())
        yield from (((*path, "counts_only", name), name, key) for name in step.counts_only)
        if step.repeat:
            yield from (((*path, "repeat", "forms", str(n)), name, key) for n, name in step.repeat.forms.items())
        if step.short_form:
            yield (*path, "short_form"), step.short_form, key
        if step.skip.becomes:
            yield (*path, "skip", "becomes"), step.skip.becomes, key
    for path, part in book.everything:
        home = book.home(path)
        if isinstance(part, Open) and part.form:
            yield (*path, "form"), part.form, part.step
        elif isinstance(part, Action) and part.closing_form:
            yield (*path, "closing_form"), part.closing_form, book.protocol.closing_step
        elif isinstance(part, Condition) and home and home[0] == "step":
            yield from ((place, name, home[1]) for place, name in _names(part.form, (*path, "form")))


@rule("names.trigger")
def triggers_exist(book: Book) -> Iterator[Finding]:
    """A trigger is a word that some action gives when it opens a step, or the event that opened it."""
    known = {part.trigger for _, part in book.everything if isinstance(part, Open) and part.trigger}
    known |= set(book.events) | set(book.steps)
    for path, name, _ in _used(book, ((Condition, "trigger"),)):
        if name not in known:
            yield unknown("trigger", name, known, path)


@rule("names.reference")
def references_are_well_formed(book: Book) -> Iterator[Finding]:
    """An anchor, `ready`, `event`, `known:ANCHOR`, `settled:STEP`, `due:STEP` or `given:FIELD`."""
    for path, part in book.everything:
        if isinstance(part, Rule):
            for attribute in ("after", "before", "on"):
                name = getattr(part, attribute)
                if name is not None:
                    yield from _reference(book, name, (*path, attribute))


def _reference(book: Book, name: str, path: Path) -> Iterator[Finding]:
    word, _, rest = name.partition(":")
    if ":" not in name:
        if name not in ("ready", "event") and name not in book.protocol.anchors:
            yield unknown("reference", name, {*book.protocol.anchors, "ready", "event"}, path)
    elif word == "known" and rest not in book.protocol.anchors:
        yield unknown("anchor", rest, book.protocol.anchors, path)
    elif word in ("settled", "due") and rest not in book.steps:
        yield unknown("step", rest, book.steps, path)
    elif word == "given":
        yield from _given_date(book, rest, path)
    elif word not in ("known", "settled", "due"):
        yield Finding(path, f"`{word}:` is no kind of reference", "use known:, settled:, due: or given:, or an anchor")


def _given_date(book: Book, name: str, path: Path) -> Iterator[Finding]:
    home = book.home(path)
    # a step opened by an event may count from a date typed there, so its own form is not the only place
    fields = book.fields_at(path) if home and home[0] == "event" else book.all_fields
    if name not in fields:
        yield unknown("field", name, fields, path)
    elif not any(item.type in ("date", "datetime") for item in fields[name]):
        yield Finding(path, f"the field `{name}` holds no date", "name a field of type date")
