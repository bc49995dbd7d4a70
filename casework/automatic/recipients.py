"""Who is meant when the protocol says "tell the coordinator", "the members", "next on the rota"."""

import datetime as dt
from collections.abc import Callable, Iterable

from casework import duty, staff
from casework.automatic.facts import Facts, filled, people_in
from casework.db import Database
from casework.permission import step_of
from models.people import Staff
from protocol.advance import form_of
from protocol.language import Protocol

DUTY_ROLE = "coordinator"
"""who is phoned where no rota and no phone list is kept: who holds this role, then who counts as it"""
STAFF = "staff:"
"""before the id of one member of staff"""


class Directory:
    """The staff list of one day: who holds which role, who is away, who takes over."""

    def __init__(self, db: Database, day: dt.date) -> None:
        self.people: dict[str, Staff] = {member.id: member for member in staff.everybody(db)}
        self.absent = staff.away(db, day)
        self.rota = [id for id in duty.order_on(db, day) if id in self.people]
        """on duty this week, next, then the phone list"""

    def holders(self, role: str) -> list[str]:
        return [member.id for member in self.people.values() if role in member.roles]

    def reachable(self, ids: Iterable[str], role: str) -> list[str]:
        """Those present; for somebody absent the first present substitute. Nobody present: all of them all the same."""
        asked = [id for id in dict.fromkeys(ids) if id in self.people]
        found: dict[str, None] = {}
        for id in asked:
            taker = id if id not in self.absent else self._substitute(id, role)
            if taker:
                found[taker] = None
        return list(found) or asked

    def _substitute(self, id: str, role: str) -> str | None:
        candidates = self.people[id].substitutes.get(role, [])
        return next((other for other in candidates if other in self.people and other not in self.absent), None)

    def on_duty(self, facts: Facts) -> list[str]:
        """Whom to phone about a step of this case, in order."""
        return self.in_order(facts.protocol)

    def in_order(self, protocol: Protocol) -> list[str]:
        """Whom to phone, in order: the week's rota, the phone list, then who holds the role; the absent come last.

        The sort is stable, so an absence moves somebody to the end and changes nothing else.
        """
        same = [key for key, role in protocol.roles.items() if role.counts_as == DUTY_ROLE and role.staff]
        everybody = [*self.rota, *(id for role in (DUTY_ROLE, *same) for id in self.holders(role))]
        return sorted(dict.fromkeys(everybody), key=lambda id: id in self.absent)


def recipients(db: Database, directory: Directory, facts: Facts, who: str, occurrence: str) -> list[str]:
    """The staff ids that a `Tell` means. Empty: only people without an account are meant (the person, the prison)."""
    if who.startswith(STAFF):  # this person and no substitute: what was given to them is nobody else's business
        return [id for id in (who.removeprefix(STAFF),) if id in directory.people]
    special = SPECIAL.get(who)
    if special is not None:
        return directory.reachable(special(db, directory, facts, occurrence), who)
    task = facts.state.steps.get(occurrence)
    if task is not None and task.assignee and step_of(facts.protocol, facts.state, task).owner == who:
        return directory.reachable([task.assignee], who)
    return directory.reachable(directory.holders(who), who)


def _one(member: str | None) -> list[str]:
    return [member] if member else []


def _named_in_form(db: Database, _directory: Directory, facts: Facts, occurrence: str) -> list[str]:
    """The people whom the form of this step names: recipients, those present, those with a task."""
    task = facts.state.steps.get(occurrence)
    last = next((form for form in filled(db, facts) if form.occurrence == occurrence), None)
    if task is None or last is None:
        return []
    return list(people_in(form_of(facts.step_of(task), task).fields, last.fields))


def _managers(_db: Database, directory: Directory, facts: Facts, occurrence: str) -> list[str]:
    task = facts.state.steps.get(occurrence)
    if task is None:
        return []
    owner = facts.step_of(task).owner
    personal = {"lead_worker": facts.lead, "deputy_worker": facts.deputy}.get(owner)
    owners = _one(task.assignee or personal) or directory.holders(owner)
    return [member.manager for id in owners if (member := directory.people.get(id)) and member.manager]


def _nth_on_duty(n: int) -> Callable[[Database, Directory, Facts, str], list[str]]:
    def found(_db: Database, directory: Directory, facts: Facts, _occurrence: str) -> list[str]:
        rota = directory.on_duty(facts)
        return rota[n : n + 1] or rota[-1:]

    return found


def _emergency(_db: Database, directory: Directory, _facts: Facts, _occurrence: str) -> list[str]:
    return directory.holders("mayor") or directory.holders("mayors_office")


SPECIAL: dict[str, Callable[[Database, Directory, Facts, str], list[str]]] = {
    "lead_worker": lambda _db, _d, facts, _o: _one(facts.lead),
    "deputy_worker": lambda _db, _d, facts, _o: _one(facts.deputy),
    "both": lambda _db, _d, facts, _o: _one(facts.lead),
    "notifier": lambda _db, _d, facts, _o: facts.related("announcer"),
    "members": lambda _db, _d, facts, _o: [*_one(facts.lead), *_one(facts.deputy), *facts.related("member")],
    "partners": lambda _db, _d, facts, _o: facts.related("partner", "own_task"),
    "recipients": _named_in_form,
    "named": _named_in_form,
    "attendees": _named_in_form,
    "task_owners": _named_in_form,
    "manager": _managers,
    "coordinator_on_duty": _nth_on_duty(0),
    "next_on_rota": _nth_on_duty(1),
    "mayors_emergency_number": _emergency,
}
"""What is meant by somebody's relation to the case, not by a role alone."""
