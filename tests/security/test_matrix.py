"""Every role × relation × command, and every role × relation × kind of item × handling code: casework keeps to the policy.

The expected answer comes from `protocol.visibility.may` alone; what really happens, from the doors of casework. A kind
of command, of item or a handling code that is not tried here fails the test.
"""

import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from casework import documents, transitions
from casework.cases import open_case
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.loading import load, state_of
from casework.opening import NewKey, open_in, stored_keys
from casework.permission import ACTIONS, ON_A_STEP
from casework.reading import case_for
from models.sharing import HANDLING
from protocol import commands
from protocol.commands import Actor, Command
from protocol.errors import Refused
from protocol.language import Protocol, Step
from protocol.visibility import may
from tests.casework import file_examples
from tests.casework.helpers import P0, T0, opening
from tests.personas import CORA
from tests.security.relations import TIES, probe, relation, tied_case, with_every_step

pytestmark = [pytest.mark.usefixtures("partnership"), pytest.mark.parametrize("db", ["sqlite"], indirect=True)]
DAY = T0.date()
ON_STEPS: dict[str, Any] = {
    "complete_step": lambda id: commands.CompleteStep(id=id, occurred_on=DAY),
    "decide_second": lambda id: commands.DecideSecond(id=id, agree=True, occurred_on=DAY),
    "assign_step": lambda id: commands.AssignStep(id=id, staff="s-lars"),
    "appoint": lambda id: commands.Appoint(id=id, at=T0 + dt.timedelta(days=1)),
    "waive_step": lambda id: commands.WaiveStep(id=id, reason="unknown", occurred_on=DAY),
    "move_occurrence": lambda id: commands.MoveOccurrence(id=id, to=DAY + dt.timedelta(days=1)),
    "correct_step": lambda id: commands.CorrectStep(id=id, occurred_on=DAY),
    "undo_step": lambda id: commands.UndoStep(id=id),
    "acknowledge": lambda id: commands.Acknowledge(id=id),
    "escalate": lambda id: commands.Escalate(id=id, rung=1),
}
ON_CASES: dict[str, Any] = {
    "record_anchor": lambda: commands.RecordAnchor(anchor="planned_release", on=P0 + dt.timedelta(days=9)),
    "correct_anchor": lambda: commands.CorrectAnchor(anchor="planned_release", on=P0 + dt.timedelta(days=9)),
    "wake": commands.Wake,
    "recalculate": commands.Recalculate,
    "move_protocol": lambda: commands.MoveProtocol(reason="new_version"),
}
AS_EVENTS = {"report_event"}
OPENING = {"open_case", "take_over"}
"""they make a case, so nobody stands in a relation to it yet"""
BY_ITSELF = {"wake", "escalate"}


class Undo(Exception):
    """The command went through: its transaction is given up all the same."""


def kinds() -> set[str]:
    return {str(command.model_fields["kind"].default) for command in get_args(Command)}


def every_cell(protocol: Protocol, steps: dict[str, Step]) -> Iterator[tuple[Command, str, Step | None]]:
    """Each command with what it is about: an event or nothing, and the step where one is meant."""
    for id, step in steps.items():
        for make in ON_STEPS.values():
            yield make(id), "", step
    for make in ON_CASES.values():
        yield make(), "", None
    for event in protocol.events:
        yield commands.ReportEvent(event=event, occurred_on=DAY), event, None


def expected(protocol: Protocol, actor: Actor, tie: str, command: Command, about: str, step: Step | None) -> str:
    """What the policy answers: `allowed`, `denied`, or `unknown` where even the case is a secret."""
    # an author and an assignee are tied to a task; a command on the case as a whole knows them not, unless it names one
    # or reports news: who has a task in a case may
    unknown = ("author",) if command.kind in AS_EVENTS else ("own_task", "author")
    tied = frozenset() if step is None and tie in unknown else relation(tie)
    tied -= {"named"}  # who was named in a sharing decision has nothing to do in the case
    action = ACTIONS.get(command.kind, "")
    if command.kind in BY_ITSELF:
        allowed = False
    elif action in ON_A_STEP:
        allowed = may(protocol, actor, action, "", tied, step=step).allowed
    else:
        allowed = may(protocol, actor, action, about, tied).allowed
    if allowed:
        return "allowed"
    return "denied" if may(protocol, actor, "see", "logistics", tied).allowed else "unknown"


def answer(db: Database, actor: Actor, case: int, command: Command) -> str:
    """What casework does; nothing of it stays."""
    try:
        with db.write() as tx:
            transitions.perform_in(tx, db, actor, case, command, "", T0)
            raise Undo
    except NotFound:
        return "unknown"
    except NotAllowed:
        return "denied"
    except (Refused, Undo):  # refused for what it says, not for who says it
        return "allowed"


@pytest.fixture
def scene(db: Database) -> SimpleNamespace:
    case = tied_case(db)
    with db.write() as tx:
        case = load(tx, case.id, CORA)
        _key, state = state_of(tx, db, case)
        protocol = transitions.begin(tx, db, CORA, case, T0).protocol
    return SimpleNamespace(case=case, state=state, protocol=protocol)


def test_every_command_that_casework_takes_is_in_the_matrix() -> None:
    assert kinds() == {*ON_STEPS, *ON_CASES, *AS_EVENTS, *OPENING}
    assert {*ACTIONS} == kinds() - OPENING, "a command without an action would be asked as one that runs by itself"


def test_casework_does_for_every_role_relation_and_command_what_the_policy_says(
    db: Database, scene: SimpleNamespace
) -> None:
    steps = with_every_step(db, scene.case, scene.protocol, scene.state)
    cells = list(every_cell(scene.protocol, steps))
    wrong, tried, found = [], 0, set()
    for role in scene.protocol.roles:
        for tie in TIES:
            actor = probe(role, tie)
            for command, about, step in cells:
                said = answer(db, actor, scene.case.id, command)
                meant = expected(scene.protocol, actor, tie, command, about, step)
                tried += 1
                found.add(meant)
                if said != meant:
                    wrong.append((role, tie, command.kind, about or getattr(command, "id", ""), meant, said))
    assert wrong == []
    assert tried == len(scene.protocol.roles) * len(TIES) * len(cells)
    assert found == {"allowed", "denied", "unknown"}


def test_nothing_stays_of_a_command_that_was_refused(db: Database, scene: SimpleNamespace) -> None:
    """The matrix would not notice an effect before the refusal: here the head of the ledger says it."""
    steps = with_every_step(db, scene.case, scene.protocol, scene.state)
    for number, (command, _about, _step) in enumerate(every_cell(scene.protocol, steps)):
        with pytest.raises((NotFound, NotAllowed)):
            transitions.perform(db, probe("auditor", "none"), scene.case.id, command, f"c-{number}", T0)
    with db.write() as tx:
        assert load(tx, scene.case.id, CORA).head == scene.case.head


def test_a_case_is_opened_by_exactly_the_roles_that_may(db: Database, scene: SimpleNamespace) -> None:
    new = opening(2)
    keys: list[NewKey] = stored_keys(db, new, T0)

    def opens(actor: Actor) -> bool:
        try:
            with db.write() as tx:
                open_in(tx, db, actor, new, keys, "", T0)
                raise Undo
        except NotAllowed:
            return False
        except Undo:
            return True

    for role in scene.protocol.roles:
        actor = Actor(id=CORA.id, roles=(role,), service="elsewhere")
        assert opens(actor) == may(scene.protocol, actor, "open", "", frozenset()).allowed, role
    assert open_case(db, CORA, new, "really", T0).ref


def test_the_reading_door_shows_every_kind_of_item_as_the_policy_says(db: Database, scene: SimpleNamespace) -> None:
    for role in scene.protocol.roles:
        for tie in ("none", "member", "announcer", "lead", "deputy"):
            actor, tied = probe(role, tie), relation(tie)
            allowed = {
                item: may(scene.protocol, actor, "see", item, tied).allowed for item in scene.protocol.item_kinds
            }
            try:
                view = case_for(db, actor, scene.case.ref, T0)
            except NotFound:
                assert not allowed["logistics"], (role, tie)
                continue
            assert {item: decision.allowed for item, decision in view.sees.items()} == allowed, (role, tie)
            assert (view.person is not None) == allowed["identity"], (role, tie)
            assert all(decision.reason for decision in view.sees.values()), "a refusal says why"


def test_documents_of_every_kind_and_handling_code_are_shown_as_the_policy_says(
    db: Database, scene: SimpleNamespace
) -> None:
    protocol = scene.protocol
    every = [(item, code) for item in protocol.item_kinds for code in HANDLING]
    made = {stored(db, scene.case.ref, item, code): (item, code) for item, code in every}
    shown = set()
    for role in protocol.roles:
        for tie in ("none", "member", "announcer", "lead", "deputy", "author", "named"):
            actor, tied = probe(role, tie), relation(tie)
            case_tied = tied - {"author", "named"}  # a document ties them to itself, not to its case
            meant = {cell for cell in every if may(protocol, actor, "see", cell[0], tied, cell[1]).allowed}
            try:
                seen = {made[each.id] for each in documents.listed(db, actor, scene.case.ref, T0).documents}
            except NotFound:
                assert not may(protocol, actor, "see", "logistics", case_tied).allowed, (role, tie)
                continue
            assert seen == meant, (role, tie, seen ^ meant)
            shown |= seen
    assert shown, "nothing was shown to anybody"
    assert not {cell for cell in shown if cell[1] == "oral_only" or cell[0] == "ter_classified"}


def stored(db: Database, ref: str, item: str, code: str) -> str:
    """A document of any kind and code, also of those that nobody could add through a page."""
    new = documents.New("A letter", "to plan", item, code, (TIES["named"],))
    about = {"title": "A letter", "purpose": "to plan", "name": "a.pdf", "ending": ".pdf", "type": "application/pdf"}
    with db.write() as tx:
        place = documents._go_to(tx, db, CORA, ref, lock=True)
        writer = Actor(id=TIES["author"])
        return str(documents._store(tx, place, writer, new, about, file_examples.PDF, T0)["id"])
