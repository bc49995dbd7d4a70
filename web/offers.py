"""Answers that a page offers because the partnership keeps them: the versions of its list of agreed priorities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from casework import priorities
from protocol.language import FormField
from web.dates import short_day
from web.forms import Control, Option
from web.visitor import Visitor

LIST = "priority_list"
"""in the protocol file: `offers: priority_list`"""
VERSIONS = 2
"""the one in force, and the one before it: a check may be recorded a day late"""


def offered(v: Visitor, fields: Sequence[FormField], controls: Sequence[Control]) -> list[Control]:
    """The controls, with the list's versions to choose from where the protocol file asks for one."""
    asked = {field.key for field in fields if field.offers == LIST}
    if not asked:
        return list(controls)
    found = priorities.versions(priorities.every(v.db), v.today)[:VERSIONS]
    return [_of_list(v, each, found) if each.name.removeprefix("f.") in asked and found else each for each in controls]


def _of_list(v: Visitor, control: Control, found: list[priorities.Version]) -> Control:
    known = {version.name for version in found}
    chosen = control.value or found[0].name
    options = [Option(version.name, _words(v, version), version.name == chosen) for version in found]
    if chosen not in known:  # what was typed before the list was kept
        options.append(Option(chosen, chosen, chosen=True))
    return replace(control, kind="radios", options=tuple(options), limits={})


def _words(v: Visitor, version: priorities.Version) -> str:
    names = "; ".join(v.t.text(each.name) for each in version.priorities) or v.t("priorities.of_none")
    return v.t("priorities.of_list", version=short_day(version.since, v.t.language), names=names)


def which(v: Visitor, fields: Sequence[FormField], chosen: str = "") -> list[Control]:
    """Asks which priority applied, of whoever settles a mandate check. It is counted, and never kept with the case."""
    current = next(iter(priorities.versions(priorities.every(v.db), v.today)), None)
    if current is None or not current.priorities or not any(field.offers == LIST for field in fields):
        return []
    options = tuple(Option(each.id, v.t.text(each.name), each.id == chosen) for each in current.priorities)
    return [
        Control(
            "priority", "priority", "select", v.t("priorities.which"), hint=v.t("priorities.which_hint"), required=False,
            options=options,
        )
    ]  # fmt: skip
