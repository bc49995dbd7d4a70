"""The form of a sharing decision: only what is one's own to share, and only people who could read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from casework import proposing
from protocol.language import Shares
from protocol.visibility import own_kinds
from web.forms import Control, Option

if TYPE_CHECKING:
    from web.view_task import TaskView, Typed


def fitted(view: TaskView, controls: list[Control], typed: Typed) -> list[Control]:
    """The controls of a step, those of a sharing decision with the answers that its author can give."""
    shares = view.step.shares
    if shares is None:
        return controls
    kinds = own_kinds(view.case.protocol, view.v.actor, view.case.relation)
    readers = proposing.readers_of(view.v.db, view.case.protocol, view.case.id)
    able = {who for kind in kinds for who in readers[kind]} - {view.v.actor.id}
    fields = {f"f.{shares.kind}": _kinds(kinds), f"f.{shares.to}": _people(view, shares, readers, able, typed)}
    return [fields[each.name](each) if each.name in fields else each for each in controls]


def _kinds(kinds: tuple[str, ...]) -> Any:
    def fit(control: Control) -> Control:
        found = tuple(each for each in control.options if each.value in kinds)
        if len(found) == 1:
            found = (found[0]._replace(chosen=True),)
        return replace(control, options=found, required=True)

    return fit


def _people(view: TaskView, shares: Shares, readers: Mapping[str, frozenset[str]], able: set[str], typed: Typed) -> Any:
    def fit(control: Control) -> Control:
        found = tuple(each for each in control.options if each.value in able)
        hint = view.t("shared.only_readers") if found else view.t("shared.no_readers")
        problem = control.problem
        if any(each.rule == proposing.RECIPIENT for each in typed.problems):
            problem = _cannot(view, shares, readers, control.options, typed)
        return replace(control, options=found, hint=" · ".join(filter(None, (control.hint, hint))), problem=problem)

    return fit


def _cannot(
    view: TaskView, shares: Shares, readers: Mapping[str, frozenset[str]], options: tuple[Option, ...], typed: Typed
) -> str:
    """Who was named and could never read it, and what mends it."""
    kind = str(typed.values.get(shares.kind or "") or shares.item)
    named = set(typed.values.get(shares.to) or ()) - readers.get(kind, frozenset())
    names = sorted(each.label for each in options if each.value in named)
    return view.t("shared.cannot_read", names=", ".join(names) or view.t.of("who", "unknown"))
