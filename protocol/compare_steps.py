"""How the steps differ between two versions, as a case of each release type and notice class meets them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from protocol.compare_words import Teller
from protocol.language import After, Form, FormField, Protocol, Step
from protocol.variants import in_class, steps_for

Setting = tuple[str, str, str]
"""Release type, notice class, conditions."""
Said = tuple[str, str]
"""The kind of a change, and its words."""


class Difference(NamedTuple):
    """One thing that differs in a step, and in which settings, of all those in which the step exists."""

    step: str
    kind: str
    words: str
    settings: frozenset[Setting]
    possible: frozenset[Setting]
    order: tuple[Setting, ...]


def step_differences(a: Protocol, b: Protocol, teller: Teller) -> Iterator[Difference]:
    settings = _settings(a, b)
    old = {setting: steps_for(a, *setting) for setting in settings}
    new = {setting: steps_for(b, *setting) for setting in settings}
    keys = dict.fromkeys(key for steps in (*new.values(), *old.values()) for key in steps)
    for key in keys:
        pairs = {s: (_present(old[s].get(key), s[1]), _present(new[s].get(key), s[1])) for s in settings}
        yield from _of_step(key, {s: pair for s, pair in pairs.items() if pair != (None, None)}, teller)


def _settings(a: Protocol, b: Protocol) -> tuple[Setting, ...]:
    types = [key for key in b.release_types if key in a.release_types]
    known = {item.key for item in a.notice.classes} if a.notice else set()
    classes = [item.key for item in b.notice.classes if item.key in known] if b.notice else []
    return tuple(product(types, classes or [""], ("yes", "no", "unknown")))


def _present(step: Step | None, notice: str) -> Step | None:
    """The step, unless its notice class lacks it."""
    if step is None or (step.due is not None and in_class(step.due, notice) is None):
        return None
    return step


def _of_step(key: str, pairs: dict[Setting, tuple[Step | None, Step | None]], teller: Teller) -> Iterator[Difference]:
    found: dict[Said, set[Setting]] = {}
    # most settings share the very same steps: each pair is compared once per notice class
    seen: dict[tuple[int, int, str], list[Said]] = {}
    for setting, (old, new) in pairs.items():
        mark = (id(old), id(new), setting[1])
        if mark not in seen:
            seen[mark] = list(dict.fromkeys(_differences(key, old, new, setting[1], teller)))
        for said in seen[mark]:
            found.setdefault(said, set()).add(setting)
    for (kind, words), settings in found.items():
        for part in _sayable(frozenset(settings), frozenset(pairs)):
            yield Difference(key, kind, words, part, frozenset(pairs), tuple(pairs))


def _sayable(settings: frozenset[Setting], possible: frozenset[Setting]) -> list[frozenset[Setting]]:
    """Settings taken apart until each part is “these release types, in these classes, under these conditions”."""
    alike: dict[object, set[str]] = {}
    for kind in sorted({setting[0] for setting in settings}):
        rest, all_there_is = ({setting[1:] for setting in some if setting[0] == kind} for some in (settings, possible))
        alike.setdefault("all" if rest == all_there_is else frozenset(rest), set()).add(kind)
    parts = [frozenset(s for s in settings if s[0] in kinds) for kinds in alike.values()]
    return [piece for part in parts for piece in _by_class(part, possible)]


def _by_class(part: frozenset[Setting], possible: frozenset[Setting]) -> list[frozenset[Setting]]:
    whole = frozenset(product(*({setting[at] for setting in part} for at in range(3))))
    if whole & possible == part:
        return [part]
    return [frozenset(s for s in part if s[1] == notice) for notice in sorted({setting[1] for setting in part})]


def _differences(key: str, old: Step | None, new: Step | None, notice: str, teller: Teller) -> Iterator[Said]:
    name = teller.step(key)
    if old is None or new is None:
        if new is not None:
            yield "added", teller.say("added", step=name, owner=teller.role(new.owner))
        elif old is not None:
            yield "removed", teller.say("removed", step=name)
        return
    if old == new:
        return
    yield from _due(name, old, new, notice, teller)
    yield from _repeat(name, old, new, notice, teller)
    yield from _people(name, old, new, teller)
    yield from _form(name, old.form, new.form, teller)
    yield from _rest(name, old, new, teller)


def _due(name: str, old: Step, new: Step, notice: str, teller: Teller) -> Iterator[Said]:
    before, after = in_class(old.due, notice), in_class(new.due, notice)
    if before == after:
        return
    if before is not None and after is not None:
        yield "due", teller.say("due", step=name, change=teller.rules(before, after, notice))
    elif after is not None:
        yield "due", teller.say("due_new", step=name, new=teller.rule(after, notice))
    elif before is not None:
        yield "due", teller.say("due_gone", step=name, old=teller.rule(before, notice, older=True))


def _repeat(name: str, old: Step, new: Step, notice: str, teller: Teller) -> Iterator[Said]:
    if old.repeat == new.repeat:
        return
    before = old.repeat.occurrences if old.repeat else ()
    after = new.repeat.occurrences if new.repeat else ()
    if len(before) != len(after):
        yield "due", teller.say("occurrences", step=name, new=len(after) or 1, old=len(before) or 1)
    else:
        for n, (was, now) in enumerate(zip(before, after, strict=True), start=1):
            if was != now:
                yield "due", teller.say("occurrence", step=name, n=n, change=teller.rules(was, now, notice))
    blank = {"occurrences": ()}
    if (
        old.repeat is None
        or new.repeat is None
        or old.repeat.model_copy(update=blank) != new.repeat.model_copy(update=blank)
    ):
        yield "due", teller.say("rule_of", step=name, what=teller.what("repeat"))


def _people(name: str, old: Step, new: Step, teller: Teller) -> Iterator[Said]:
    if old.owner != new.owner:
        yield "owner", teller.say("owner", step=name, new=teller.role(new.owner), old=teller.role(old.owner))
    if old.after != new.after:
        yield "after", teller.say("after", step=name, new=_starts(new.after, teller), old=_starts(old.after, teller))
    if old.four_eyes != new.four_eyes:
        yield "four_eyes", _four_eyes(name, old, new, teller)
    if old.escalation != new.escalation:
        chains = {**teller.a.escalations, **teller.b.escalations}
        was, now = (
            teller.text(chains[key].name) if key else teller.say("nobody_then")
            for key in (old.escalation, new.escalation)
        )
        yield "escalation", teller.say("escalation", step=name, new=now, old=was)
    if old.skip.by != new.skip.by:
        yield "skip", teller.say("skip", step=name, new=teller.roles(new.skip.by), old=teller.roles(old.skip.by))
    elif old.skip != new.skip:
        yield "skip", teller.say("rule_of", step=name, what=teller.what("skip"))


def _four_eyes(name: str, old: Step, new: Step, teller: Teller) -> str:
    if new.four_eyes is None:
        return teller.say("four_eyes_gone", step=name)
    now = teller.roles(new.four_eyes.role)
    if old.four_eyes is None:
        return teller.say("four_eyes_new", step=name, new=now)
    if old.four_eyes.role == new.four_eyes.role:
        return teller.say("rule_of", step=name, what=teller.what("four_eyes"))
    return teller.say("four_eyes", step=name, new=now, old=teller.roles(old.four_eyes.role))


def _starts(after: tuple[After, ...], teller: Teller) -> str:
    return teller.say("and").join(_start(one, teller) for one in after) or teller.say("nothing")


def _start(one: After, teller: Teller) -> str:
    if one.any_ is not None:
        return teller.say("or").join(_start(inner, teller) for inner in one.any_)
    if one.anchor is not None:
        return teller.anchor(one.anchor)
    if one.milestone is not None:
        return teller.milestone(one.milestone)
    assert one.step is not None
    outcomes = [teller.outcome(one.step, key) for key in one.outcome or ()]
    answers = [value for values in (one.given or {}).values() for value in values]
    said = teller.say("or").join([*outcomes, *answers])
    return teller.say("outcome_of", step=teller.step(one.step), outcome=said) if said else teller.step(one.step)


def _form(name: str, old: Form, new: Form, teller: Teller) -> Iterator[Said]:
    before, after = {item.key: item for item in old.fields}, {item.key: item for item in new.fields}
    for key, item in after.items():
        if key not in before:
            yield "form", teller.say("asks", step=name, field=teller.text(item.label))
        elif item != before[key]:
            sentence = "words" if _same_but_words(before[key], item) else "field"
            yield (
                ("words" if sentence == "words" else "form"),
                teller.say(sentence, step=name, field=teller.text(item.label), what=teller.text(item.label)),
            )
    for key, item in before.items():
        if key not in after:
            yield "form", teller.say("asks_not", step=name, field=teller.text(item.label))
    yield from _outcomes(name, old, new, teller)


def _same_but_words(old: FormField, new: FormField) -> bool:
    blank: dict[str, object] = {"label": {}, "hint": None}
    return old.model_copy(update=blank) == new.model_copy(update=blank)


def _outcomes(name: str, old: Form, new: Form, teller: Teller) -> Iterator[Said]:
    before, after = ({outcome.key: outcome for outcome in form.outcomes} for form in (old, new))
    for key in after.keys() - before.keys():
        yield "outcome", teller.say("outcome_new", step=name, outcome=teller.text(after[key].name))
    for key in before.keys() - after.keys():
        yield "outcome", teller.say("outcome_gone", step=name, outcome=teller.text(before[key].name))
    blank = {"fields": ()}
    if before.keys() == after.keys() and old.model_copy(update=blank) != new.model_copy(update=blank):
        yield "outcome", teller.say("rule_of", step=name, what=teller.what("outcomes"))


TOLD_APART = frozenset({"due", "repeat", "owner", "after", "four_eyes", "escalation", "skip", "form"})


def _rest(name: str, old: Step, new: Step, teller: Teller) -> Iterator[Said]:
    """Whatever else differs: nothing goes unsaid."""
    for field in Step.model_fields:
        if field in TOLD_APART or getattr(old, field) == getattr(new, field):
            continue
        if field == "name":
            yield "words", teller.say("words", step=name, what=teller.what("name"))
        elif field in ("source", "legal_basis", "in_force"):
            yield "source", teller.say("source", step=name)
        elif field in ("told", "follows"):
            yield field, teller.say(field, step=name)
        else:
            yield field, teller.say("rule_of", step=name, what=teller.what(field))
