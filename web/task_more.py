"""What else can be done with a step, folded away under its form: waive, move, assign, make an appointment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework.automatic import proposals
from casework.automatic.facts import facts_of
from protocol.errors import Problem
from web.dates import decimal
from web.forms import Control, Option
from web.view_task import Other, Reasoned, TaskView, Typed, staff_of_role
from web.visitor import Visitor

WAIVER_REASONS = ("person_refused", "not_possible", "not_needed", "other_reason")
"""Keys, never free text: a waiver says why in one of these."""


def others(view: TaskView, typed: Typed) -> list[Other]:
    """In the order in which they are needed."""
    if not view.occurrence.open:
        return []
    found = [make(view, typed) for make in (_appoint, _move, _assign, _waive)]
    return [other for other in found if other is not None]


def _problem(view: TaskView, typed: Typed, field: str) -> str:
    problem: Problem | None = next((each for each in typed.problems if each.field == field), None)
    if problem is None:
        return ""
    key = problem.rule.replace(".", "_").replace("-", "_")
    known = view.t.known("refusal", f"{key}_remedy")
    return view.t.of("refusal", f"{key}_remedy") if known else view.t("problem.form_required")


def _other(view: TaskView, typed: Typed, action: str, lead: str, controls: list[Control]) -> Other:
    mine = typed.action == action
    words = view.t(f"task.{action}")
    command = typed.command if mine and typed.command else view.v.new_command()
    return Other(action, words, lead, controls, words, command, open=mine)


def _appoint(view: TaskView, typed: Typed) -> Other | None:
    if not view.may("appoint"):
        return None
    mine = typed if typed.action == "appoint" else Typed()
    moment = view.occurrence.appointment
    value = moment.astimezone(view.v.zone).strftime("%Y-%m-%dT%H:%M") if moment else ""
    control = Control(
        "at", "at", "datetime-local", view.t("task.appoint_at"), value=str(mine.values.get("at", value)),
        problem=_problem(view, mine, "at"),
    )  # fmt: skip
    return _other(view, typed, "appoint", view.t("task.appoint_lead"), [control])


def _move(view: TaskView, typed: Typed) -> Other | None:
    may_move = view.step.repeat.may_move if view.step.repeat else 0
    if not may_move or view.occurrence.moved or view.occurrence.status != "open" or not view.may("move"):
        return None
    mine = typed if typed.action == "move" else Typed()
    control = Control(
        "to", "to", "date", view.t("task.move_to"), value=str(mine.values.get("to", "")),
        problem=_problem(view, mine, "to"),
    )  # fmt: skip
    return _other(view, typed, "move", view.t("task.move_lead", n=may_move), [control])


def _assign(view: TaskView, typed: Typed) -> Other | None:
    if view.occurrence.status != "open" or not view.may("assign"):
        return None
    mine = typed if typed.action == "assign" else Typed()
    chosen = str(mine.values.get("staff", view.occurrence.assignee or ""))
    options = tuple(Option(id, name, id == chosen) for id, name in staff_of_role(view.v, view.step))
    control = Control(
        "staff", "staff", "select", view.t("task.assign_to"), options=options, value=chosen,
        problem=_problem(view, mine, "staff"),
    )  # fmt: skip
    return _other(view, typed, "assign", "", [control])


def _waive(view: TaskView, typed: Typed) -> Other | None:
    if view.occurrence.status != "open" or not view.may("waive"):
        return None
    mine = typed if typed.action == "waive" else Typed()
    chosen = str(mine.values.get("reason", ""))
    options = tuple(Option(key, view.t.of("waiver", key), key == chosen) for key in WAIVER_REASONS)
    note = view.t.text(view.step.skip.note) if view.step.skip.note else ""
    control = Control(
        "reason", "reason", "radios", view.t("task.waive_reason"), options=options, hint=note,
        problem=_problem(view, mine, "reason"),
    )  # fmt: skip
    return _other(view, typed, "waive", view.t("task.waive_lead"), [control])


def proposed_people(view: TaskView) -> list[Reasoned]:
    """Lead workers proposed by the automatic half, with their reasons; the coordinator decides."""
    if view.occurrence.status != "open" or not view.may("complete"):
        return []
    facts = facts_of(view.v.db, view.case.ref)
    found = proposals.read(view.v.db, facts, view.occurrence.id, "lead_workers") or {}
    unknown = view.t.of("who", "unknown")
    people = []
    for one in found.get("proposed", ()):
        why = [view.t.of("reason", key) for key in one["reasons"]]
        load = load_words(view.v, one)
        people.append(Reasoned(view.v.names.get(one["staff"], unknown), [*why, load]))
    for one in found.get("left_out", ()):
        why = [view.t("task.left_out", why=view.t.of("reason", one["reason"]))]
        people.append(Reasoned(view.v.names.get(one["staff"], unknown), why))
    return people


def load_words(v: Visitor, one: Mapping[str, Any]) -> str:
    """How much somebody carries against what their hours allow."""
    points, capacity = (decimal(float(one[name]), v.t.language) for name in ("points", "capacity"))
    return v.t("task.load", points=points, capacity=capacity)


def checks(view: TaskView) -> list[str]:
    """What a notification does not say yet, or cannot well be right."""
    if view.occurrence.status != "open" or not view.may("complete"):
        return []
    found = proposals.read(view.v.db, facts_of(view.v.db, view.case.ref), view.occurrence.id, "checks") or {}
    keys = [*found.get("missing", ()), *found.get("doubts", ())]
    return [view.t.of("check", key) for key in keys]
