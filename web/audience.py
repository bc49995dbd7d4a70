"""Who will see what is typed, in words: by role, and by name where they are few."""

from __future__ import annotations

from typing import NamedTuple

from casework import audience
from casework.audience import Reader
from casework.reading import CaseView
from casework.subject_access import WITHHELD
from protocol.language import Event, Step
from protocol.state import Occurrence
from web.visitor import Visitor

FEW = 4
"""of one role: named; more of them are counted"""


class Audience(NamedTuple):
    lines: list[str]
    """one role each, with names where they are few"""
    notes: list[str]


def _lines(v: Visitor, readers: list[Reader]) -> list[str]:
    by_role: dict[tuple[str, str], list[str]] = {}
    for each in readers:
        by_role.setdefault((each.role, each.service), []).append(v.names.get(each.staff, v.t.of("who", "unknown")))
    found = []
    for (role, service), names in sorted(by_role.items()):
        who = ", ".join(sorted(names)) if len(names) <= FEW else v.t("audience.several", n=len(names))
        found.append(f"{v.role_names([role])} ({v.t.of('service', service)}): {who}")
    return found


def of_step(v: Visitor, case: CaseView, step: Step, occurrence: Occurrence) -> Audience:
    notes = [v.t("audience.recipients")] if step.shares is not None else []
    if not step.settled_on_due_day and step.handling not in WITHHELD and case.protocol.about == "person":
        notes.append(v.t("audience.person"))
    return Audience(_lines(v, audience.of_step(v.db, case, v.actor, occurrence)), notes)


def of_event(v: Visitor, case: CaseView, event: Event) -> Audience | None:
    """None: it asks for no text."""
    if not any(field.type == "text" for field in event.form.fields):
        return None
    shown = event.log or event.hands_over
    readers = audience.of_note(v.db, case, v.actor) if shown else []
    notes = [] if shown else [v.t("audience.sealed")]
    if case.protocol.about == "person":
        notes.append(v.t("audience.person"))
    return Audience(_lines(v, readers), notes)


def of_documents(v: Visitor, case: CaseView, items: list[str]) -> list[tuple[str, Audience]]:
    """Per kind of item that can be added: under the code of the case team."""
    return [
        (
            v.t.text(case.protocol.item_kinds[item]),
            Audience(_lines(v, audience.of_document(v.db, case, v.actor, item)), []),
        )
        for item in items
    ]
