"""How the frame of a protocol differs between two versions: dates, lists, people, events, escalation, visibility."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from protocol.compare_words import Teller
from protocol.language import Part, Protocol, Step

Reach = Literal["everybody", "nobody", "type", "steps"]
ONLY_WORDS = frozenset({"name", "source", "why", "decided_by", "expected_notice"})


class Said(NamedTuple):
    """One difference, and whom it reaches: every case, none, those of a release type, those with open steps."""

    kind: str
    words: str
    reach: Reach
    keys: tuple[str, ...] = ()


def frame_changes(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Said]:
    """Every difference outside `steps`; the version is none."""
    for field in Protocol.model_fields:
        if field in ("version", "steps") or getattr(a, field) == getattr(b, field):
            continue
        if field in MAPPINGS:
            yield from _mapping(field, getattr(a, field), getattr(b, field), teller)
        elif field in APART:
            yield from APART[field](a, b, teller)
        else:
            reach: Reach = (
                "nobody"
                if field in ("title", "source", "legal_basis", "priorities", "signatories", "monitor", "leaflet")
                else "everybody"
            )
            yield Said(field, _capital(teller.say("part", what=teller.what(field))), reach)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


MAPPINGS = frozenset(
    {"anchors", "release_types", "handling_codes", "item_kinds", "roles", "tracks", "meetings", "phases", "milestones",
     "variants", "events", "escalations", "legal_basis"}
)  # fmt: skip


def _mapping(field: str, old: Mapping[str, object], new: Mapping[str, object], teller: Teller) -> Iterator[Said]:
    kind = teller.what(field)
    for key in new:
        if key not in old:
            yield Said(field, teller.say("thing_new", kind=kind, name=_name(key, new, teller)), "nobody")
        elif old[key] != new[key]:
            yield _changed(field, key, old, new, teller)
    for key in old:
        if key not in new:
            reach: Reach = "type" if field == "release_types" else "everybody"
            keys = (key,) if reach == "type" else ()
            yield Said(field, teller.say("thing_gone", kind=_capital(kind), name=_name(key, old, teller)), reach, keys)


def _changed(field: str, key: str, old: Mapping[str, object], new: Mapping[str, object], teller: Teller) -> Said:
    differing = _fields(old[key], new[key])
    what = ", ".join(dict.fromkeys(map(teller.what, differing)))
    words = teller.say("thing", kind=teller.what(field), name=_name(key, new, teller), what=what)
    words = _capital(words)
    if set(differing) <= ONLY_WORDS:
        return Said("words", words, "nobody")
    if field == "escalations":
        return Said(field, words, "steps", _with_chain(teller, key))
    # what a variant changes is said step by step
    return Said(field, words, "nobody" if field == "variants" else "everybody")


def _fields(old: object, new: object) -> list[str]:
    if isinstance(old, Part) and isinstance(new, Part):
        return [name for name in type(new).model_fields if getattr(old, name) != getattr(new, name)]
    return ["name"]


def _name(key: str, things: Mapping[str, object], teller: Teller) -> str:
    thing = things[key]
    text = getattr(thing, "name", thing)
    if isinstance(text, dict) and text and all(isinstance(value, str) for value in text.values()):
        return teller.text(text)
    return key


def _with_chain(teller: Teller, chain: str) -> tuple[str, ...]:
    def uses(step: Step) -> bool:
        return chain in (step.escalation, step.prefer_last)

    return tuple(key for key, step in teller.b.steps.items() if uses(step))


def _notice(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Said]:
    if a.notice is None or b.notice is None:
        yield Said("notice", _capital(teller.say("part", what=teller.what("notice"))), "everybody")
        return
    before, after = ({item.key: item for item in notice.classes} for notice in (a.notice, b.notice))
    told = False
    for key in after.keys() & before.keys():
        old, new = before[key].below, after[key].below
        if old != new:
            told = True
            sentence = "below" if old and new else "below_gone"
            yield Said("notice", teller.say(sentence, name=teller.text(after[key].name), new=new, old=old), "everybody")
    if not told or before.keys() != after.keys():
        yield Said("notice", _capital(teller.say("part", what=teller.what("notice"))), "everybody")


def _calendar(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Said]:
    old, new = a.calendar, b.calendar
    if old.cut_off != new.cut_off:
        yield Said("calendar", teller.say("cut_off", new=new.cut_off, old=old.cut_off), "everybody")
    if old.closing_days != new.closing_days:
        more, fewer = (
            len(set(new.closing_days) - set(old.closing_days)),
            len(set(old.closing_days) - set(new.closing_days)),
        )
        yield Said("calendar", teller.say("closing_days", new=more, old=fewer), "everybody")
    blank = {"cut_off": "", "closing_days": ()}
    if old.model_copy(update=blank) != new.model_copy(update=blank):
        reach: Reach = "nobody" if _fields(old, new) == ["source"] else "everybody"
        yield Said("calendar", _capital(teller.say("part", what=teller.what("calendar"))), reach)


def _status(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Said]:
    yield Said("status", teller.say("status", new=teller.what(b.status), old=teller.what(a.status)), "everybody")


def _recorded(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Said]:
    words = f"{teller.what('recorded_within')}: {teller.rules(a.recorded_within, b.recorded_within, None)}"
    yield Said("recorded_within", _capital(words), "everybody")


Cell = tuple[str, str, str]


def _visibility(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Said]:
    """Cell by cell; the first line of the matrix that fits counts."""
    old, new = _cells(a), _cells(b)
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for cell in dict.fromkeys((*new, *old)):
        was, now = old.get(cell, ""), new.get(cell, "")
        if was != now:
            role, item, relation = cell
            grouped.setdefault((item, relation, was, now), []).append(role)
    for (item, relation, was, now), roles in grouped.items():
        kinds = {**a.item_kinds, **b.item_kinds}
        tie = "" if relation == "any" else f" ({teller.what(relation)})"
        said = teller.say(
            "may",
            role=", ".join(map(teller.role, roles)),
            item=teller.text(kinds[item]),
            new=teller.what(now) if now else teller.say("nothing"),
            old=teller.what(was) if was else teller.say("nothing"),
            relation=tie,
        )
        yield Said("visibility", _capital(said), "everybody")
    if not grouped:
        yield Said("words", _capital(teller.say("part", what=teller.what("visibility"))), "nobody")


def _cells(protocol: Protocol) -> dict[Cell, str]:
    found: dict[Cell, str] = {}
    for may in protocol.visibility:
        for role in may.role:
            for item in may.item:
                for relation in may.relation:
                    found.setdefault((role, item, relation), may.see)
    return found


APART = {
    "notice": _notice,
    "calendar": _calendar,
    "status": _status,
    "visibility": _visibility,
    "recorded_within": _recorded,
}
