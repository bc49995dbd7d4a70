"""Roles: is somebody accountable, do two services look, is late work told, is it settled who may see what?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from protocol.book import Book, Finding, rule
from protocol.language import Chain, Rung
from protocol.lines import Path


@rule("people.owner")
def the_owner_is_staff(book: Book) -> Iterator[Finding]:
    """One accountable owner, a member of staff: the person concerned and the prison take part but are never late."""
    for place in book.step_places:
        role = book.protocol.roles.get(place.step.owner)
        if role is not None and not role.staff:
            words = f"`{place.step.owner}` is not staff and can never be late"
            yield Finding((*place.path, "owner"), words, "name the member of staff who sees to it")


@rule("people.take_over")
def who_takes_over_is_staff(book: Book) -> Iterator[Finding]:
    for place in book.step_places:
        stop = place.step.hard_stop
        if stop is None:
            continue
        if stop.by == place.step.owner:
            yield Finding(
                (*place.path, "hard_stop", "by"), "the owner cannot take over from itself", "name another role"
            )
        elif stop.by in book.protocol.roles and not book.protocol.roles[stop.by].staff:
            yield Finding((*place.path, "hard_stop", "by"), f"`{stop.by}` is not staff", "name a role of staff")


@rule("people.reserved")
def no_role_takes_a_word_of_the_language(book: Book) -> Iterator[Finding]:
    for name in book.protocol.roles:
        if name in ("system", "owner", "any"):
            yield Finding(
                ("roles", name), f"`{name}` is a word of the language, not a role", "give the role another key"
            )


@rule("people.counts_as")
def a_role_never_counts_as_itself(book: Book) -> Iterator[Finding]:
    for name in book.protocol.roles:
        seen, role = [name], book.protocol.roles[name].counts_as
        while role in book.protocol.roles and role not in seen:
            seen.append(role)
            role = book.protocol.roles[role].counts_as
        if role == name:
            words = "`counts_as` runs in a circle: " + " → ".join([*seen, name])
            yield Finding(("roles", name, "counts_as"), words, "let one of them have a `service` of its own")


@rule("four_eyes.services")
def two_services_look(book: Book) -> Iterator[Finding]:
    """Two people, from two services: the second's service is known and is not the owner's."""
    for place, eyes in book.four_eyes:
        own = book.service_of(place.step.owner)
        path = (*place.path, "four_eyes", "role")
        if own is None and place.step.owner in book.protocol.roles:
            words = f"the service of the owner `{place.step.owner}` is not known"
            yield Finding(path, words, f"add `service` to the role `{place.step.owner}`")
        for name in eyes.role:
            if name in book.protocol.roles and own is not None and book.service_of(name) == own:
                words = f"`{name}` is of the same service as the owner `{place.step.owner}`: {own}"
                yield Finding(path, words, "name a role of another service")


@rule("four_eyes.substitutes")
def the_second_has_substitutes(book: Book) -> Iterator[Finding]:
    """A step that waits for a second person must not wait for one who is absent."""
    for place, eyes in book.four_eyes:
        for name in (place.step.owner, *eyes.role):
            role = book.protocol.roles.get(name)
            if role is not None and role.substitutes < 1:
                words = f"nobody can stand in for `{name}`, and `{place.key}` needs two people"
                yield Finding(("roles", name, "substitutes"), words, "add `substitutes: 1` or more")


@rule("four_eyes.disagreement")
def a_disagreement_leads_somewhere(book: Book) -> Iterator[Finding]:
    for place, eyes in book.four_eyes:
        path = (*place.path, "four_eyes")
        ways = [eyes.disagree is not None, eyes.disagree_sets is not None, eyes.returned is not None]
        if sum(ways) != 1:
            yield Finding(
                path,
                "what happens when the second disagrees is not settled",
                "give one of disagree, disagree_sets, returned",
            )
        if eyes.then is not None and eyes.returned is None:
            yield Finding(
                (*path, "then"), "`then` follows a second disagreement, so it goes with `returned`", "add `returned`"
            )


@rule("chains.rungs")
def every_chain_has_rungs(book: Book) -> Iterator[Finding]:
    for path, rungs in _ladders(book):
        if not rungs:
            yield Finding(path, "nobody is told here", "name who is told, and after how long")
        for place, rung in enumerate(rungs):
            if (rung.working_days is None) == (rung.hours is None):
                yield Finding(
                    (*path, place), "a rung is reached after working_days or after hours", "give one of the two"
                )


@rule("chains.ascend")
def rungs_ascend(book: Book) -> Iterator[Finding]:
    for path, rungs in _ladders(book):
        for place, (lower, higher) in enumerate(pairwise(rungs), start=1):
            if _height(higher) <= _height(lower):
                yield Finding(
                    (*path, place), "this rung is not reached later than the one before it", "order the rungs by time"
                )


def _ladders(book: Book) -> Iterator[tuple[Path, tuple[Rung, ...]]]:
    for name, chain in book.protocol.escalations.items():
        yield ("escalations", name, "rungs"), chain.rungs
        yield from ((("escalations", name, "for_owner", owner), rungs) for owner, rungs in chain.for_owner.items())


def _height(rung: Rung) -> tuple[int, int]:
    return (0, rung.hours) if rung.hours is not None else ((rung.working_days or 0), 0)


@rule("chains.calls")
def calls_have_hours(book: Book) -> Iterator[Finding]:
    for name, chain in book.protocol.escalations.items():
        yield from _calls(("escalations", name), chain)


def _calls(path: Path, chain: Chain) -> Iterator[Finding]:
    if (chain.calls_from is None) != (chain.calls_until is None):
        yield Finding(path, "hours for calls have a beginning and an end", "give both calls_from and calls_until")
    elif chain.calls_from is not None and chain.calls_until is not None and chain.calls_from >= chain.calls_until:
        yield Finding((*path, "calls_until"), "no hour is left for calls", "let calls_until be later than calls_from")
    if chain.unacknowledged is not None and not chain.acknowledged:
        yield Finding((*path, "unacknowledged"), "nobody is asked to acknowledge", "add `acknowledged: true`")


@rule("visibility.complete")
def every_role_and_kind_of_item_is_settled(book: Book) -> Iterator[Finding]:
    """No default: for each role of staff and each kind of item the matrix says yes, no or how, and why."""
    said = {(role, item) for may in book.protocol.visibility for role in may.role for item in may.item}
    for role, declared in book.protocol.roles.items():
        missing = [item for item in book.protocol.item_kinds if (role, item) not in said]
        if declared.staff and missing:
            words = f"nothing says whether `{role}` may see: {', '.join(missing)}"
            yield Finding(("visibility",), words, f"add a line with `role: {role}`, `see:` and `why:`")


@rule("visibility.once")
def no_cell_twice(book: Book) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], int] = {}
    for place, may in enumerate(book.protocol.visibility):
        for cell in ((role, item, relation) for role in may.role for item in may.item for relation in may.relation):
            if cell in seen:
                words = (
                    f"{cell[0]} × {cell[1]} × {cell[2]} is settled twice (also in line {seen[cell] + 1} of the matrix)"
                )
                yield Finding(("visibility", place), words, "keep one of the two")
            seen.setdefault(cell, place)
