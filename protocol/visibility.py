"""Who may see and do what, and why: the protocol file's matrix and its steps, asked in one place.

`relation` is what ties the acting person to the case or task: `lead`, `deputy`, `own_task`, `named`, `author`,
`announcer`, `member`, `emergency`. A denial carries its reason. Source: protocol, visibility matrix and guard rails.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.commands import Actor
from protocol.language import May, Protocol, Step

OWN_CASE = frozenset({"lead", "deputy", "own_task", "announcer", "member"})
EVERY_CASE = frozenset({"coordinator", "deputy_coordinator"})
"""Roles that run the partnership: they see the logistics of every case."""


BY_CASE = frozenset({"liaison", "partner_worker", "youth_worker"})
"""Roles that work on the cases they are tied to, and on no other."""


GIVEN = frozenset({"named", "by_decision"})
"""Answers of the matrix that a sharing decision turns into yes."""
LENT = frozenset({"named", "own_task", "emergency"})
"""Relations that let somebody read what is another's: they make nothing one's own."""


class Decision(NamedTuple):
    allowed: bool
    reason: str


def _cell(protocol: Protocol, role: str, item: str, relation: frozenset[str]) -> May | None:
    """The first line of the matrix that fits role, item and relation."""
    for may in protocol.visibility:
        if role in may.role and item in may.item and ("any" in may.relation or relation & set(may.relation)):
            return may
    return None


def _sees(may: May, relation: frozenset[str], handling: str) -> bool:
    if may.see == "safety":
        return handling == "safety"
    if may.see in ("yes", "summary", "pseudonymous"):
        return True
    if may.see in ("named", "by_decision"):
        return bool(relation & {"named", "author"})
    if may.see == "own_part":
        return bool(relation & OWN_CASE)
    return may.see == "on_request" and "on_request" in relation


def may_see(
    protocol: Protocol, actor: Actor, item: str, relation: frozenset[str], handling: str = "case_team"
) -> Decision:
    """Whether this person may see an item of this kind, with the reason as the protocol file gives it."""
    if "system" in actor.roles:
        return Decision(True, "the software itself")
    if handling == "named_only" and not relation & {"named", "author"}:
        return Decision(False, "only the people named in the decision may see this")
    if handling == "oral_only":
        return Decision(False, "this is said in the meeting only")
    reason = "the protocol gives none of your roles access to this"
    for role in actor.roles:
        may = _cell(protocol, role, item, relation)
        if may is not None:
            reason = may.why.get("en", reason)
            if _sees(may, relation, handling):
                return Decision(True, reason)
    return Decision(False, reason)


class Because(NamedTuple):
    """Why somebody may or may not see a kind of item: the line of the matrix, the role and the tie by which it fits."""

    allowed: bool
    role: str
    """empty: no line is about any of their roles"""
    tie: str
    """empty: the role is enough"""
    line: May | None


def because(protocol: Protocol, actor: Actor, item: str, relation: frozenset[str]) -> Because:
    """The answer of `may_see`, with the rule behind it."""
    found = Because(False, "", "", None)
    for role in actor.roles:
        line = _cell(protocol, role, item, relation)
        if line is None:
            continue
        tie = "" if "any" in line.relation else min(relation & set(line.relation))
        found = Because(_sees(line, relation, "case_team"), role, tie, line)
        if found.allowed:
            break
    return found


def givable(protocol: Protocol) -> tuple[str, ...]:
    """The kinds of item that a sharing decision can give somebody: some line of the matrix lets the named read them."""
    given = {item for may in protocol.visibility if may.see in GIVEN for item in may.item}
    return tuple(item for item in protocol.item_kinds if item in given)


def may_be_given(protocol: Protocol, actor: Actor, item: str, ties: frozenset[str] = frozenset()) -> Decision:
    """Whether this person could read an item of this kind once a sharing decision names them. `ties`: to the case."""
    return may_see(protocol, actor, item, (ties - LENT) | {"named"}, "named_only")


def own_kinds(protocol: Protocol, actor: Actor, relation: frozenset[str]) -> tuple[str, ...]:
    """The kinds of item this person may propose to share: those that are theirs to write, by the matrix."""
    own = (relation - LENT) | {"author"}
    cells = {item: [_cell(protocol, role, item, own) for role in actor.roles] for item in givable(protocol)}
    return tuple(item for item, found in cells.items() if any(cell and cell.see == "yes" for cell in found))


def owners(protocol: Protocol, step: Step) -> frozenset[str]:
    """The roles that may do a step: its owner and whoever counts as it."""
    named = {step.owner, step.backup} if step.backup else {step.owner}
    return frozenset(named | {key for key, role in protocol.roles.items() if role.counts_as in named})


def may_do(protocol: Protocol, actor: Actor, step: Step, action: str, relation: frozenset[str]) -> Decision:
    """Whether this person may complete, second, assign, waive … this step."""
    roles = set(actor.roles)
    if "system" in roles:
        return Decision(True, "the software itself")
    if action == "second":
        allowed = step.four_eyes is not None and bool(roles & set(step.four_eyes.role))
        return Decision(allowed, "four-eyes control: a second person of another service decides")
    if action == "assign":
        return Decision(
            bool(roles & EVERY_CASE) or bool(relation & {"lead"}), "the coordinator and the lead worker assign tasks"
        )
    if action == "waive":
        return Decision(bool(roles & set(step.skip.by)), "the protocol names who may waive this step")
    if action == "mend":
        if step.settled_on_due_day:
            return Decision(False, "a sharing decision is mended by a new one")
        if roles & EVERY_CASE:
            return Decision(True, "the coordinator mends what was recorded wrongly")
    if "own_task" in relation:
        return Decision(True, "this task is yours")
    if not roles & owners(protocol, step):
        return Decision(False, f"this step belongs to the {protocol.roles[step.owner].name.get('en', step.owner)}")
    if step.owner in ("lead_worker", "deputy_worker") and not relation & {"lead", "deputy"}:
        return Decision(False, "this case has another lead worker")
    if roles & owners(protocol, step) <= BY_CASE and not relation & OWN_CASE:
        return Decision(False, "this case belongs to another prison or colleague")
    return Decision(True, "your role owns this step")


CASE_ACTIONS: dict[str, tuple[frozenset[str], str]] = {
    "open": (frozenset({"liaison", "coordinator", "deputy_coordinator", "notifier"}), "the prison liaison announces releases"),
    "record_date": (
        frozenset({"liaison", "coordinator", "deputy_coordinator", "lead_worker"}), "the liaison, the coordinator and the lead worker know the dates",
    ),
    "correct": (frozenset({"coordinator", "deputy_coordinator", "lead_worker", "liaison"}), "mistakes are mended by those who work on the case"),
    "acknowledge": (
        frozenset({"coordinator", "deputy_coordinator", "mayor", "mayors_office", "manager", "chiefs_delegate"}),
        "urgent calls are acknowledged by those on duty",
    ),
    "migrate": (frozenset({"coordinator"}), "the coordinator decides which version a case follows"),
    "administer": (frozenset({"administrator", "coordinator"}), "the administrator keeps staff, calendar and settings"),
    "attach": (
        frozenset(
            {
                "coordinator", "deputy_coordinator", "lead_worker", "deputy_worker", "liaison", "info_officer",
                "partner_worker", "youth_worker", "second_member", "second_police",
            }
        ),
        "documents are added by those who work on the case",
    ),
    "detach": (
        frozenset({"coordinator", "deputy_coordinator", "data_manager"}), "who added a document and the coordinator may remove it",
    ),
    "certify": (
        frozenset({"coordinator", "deputy_coordinator", "data_manager", "dpo", "auditor"}),
        "that a case was erased is shown to those who watch over erasures",
    ),
    "watch": (frozenset({"dpo", "data_manager"}), "the data protection officer watches who reads what"),
    "watch_requests": (
        frozenset({"dpo", "data_manager"}), "the data manager answers what the person asks, and the officer watches",
    ),
    "answer_request": (
        frozenset({"data_manager"}), "the data manager answers what the person concerned asks",
    ),
    "see_restricted": (frozenset({"data_manager"}), "this is restricted while an objection is being answered"),
    "audit": (frozenset({"coordinator", "deputy_coordinator", "auditor", "dpo"}), "the coordinator and the auditor watch the protocol"),
}  # fmt: skip


def may_act(
    protocol: Protocol, actor: Actor, action: str, relation: frozenset[str], event: str | None = None
) -> Decision:
    """Whether this person may act on a case as a whole (`open`, `record_date`, `report`, `correct` …)."""
    roles = set(actor.roles)
    if "system" in roles:
        return Decision(True, "the software itself")
    if action == "report" and event is not None:
        known = protocol.events.get(event)
        allowed = known is not None and bool(roles & set(known.by))
        # emergency access is for those whom nothing ties to the case
        reaches = _reaches(roles, relation) or (known is not None and known.access_hours is not None)
        if known is not None and known.names_staff and not roles & EVERY_CASE:
            # it gives and takes access: not for who has one task in the case, nor for a deputy to take it over
            mine = {"lead"} if known.hands_over else {"lead", "deputy"}
            return Decision(
                allowed and bool(relation & mine), "the coordinator and the lead worker say who works on a case"
            )
        if allowed and reaches and _proposes(protocol, event) and not own_kinds(protocol, actor, relation):
            return Decision(False, "each service shares what is its own, and nothing of this is yours")
        return Decision(allowed and reaches, "the protocol names who may report this event")
    allowed_roles, reason = CASE_ACTIONS.get(action, (frozenset(), "no role may do this"))
    allowed = bool(roles & allowed_roles) and (
        action in ("open", "administer", "audit", "acknowledge", "certify", "watch", "watch_requests")
        or _reaches(roles, relation)
    )
    return Decision(allowed, reason)


def _proposes(protocol: Protocol, event: str) -> bool:
    """Whether this event gives who reports it a sharing decision to write."""
    opened = (action.open for action in protocol.events[event].does)
    return any(each is not None and each.theirs and protocol.steps[each.step].shares is not None for each in opened)


def _reaches(roles: set[str], relation: frozenset[str]) -> bool:
    """Roles that run the partnership reach every case, the others their own."""
    return bool(roles & (EVERY_CASE | {"info_officer", "data_manager", "dpo"})) or bool(relation & OWN_CASE)


def may(
    protocol: Protocol,
    actor: Actor,
    action: str,
    item: str,
    relation: frozenset[str],
    handling: str = "case_team",
    step: Step | None = None,
) -> Decision:
    """One question for everything: `see` an item, do something to a `step`, or act on the case (`item` is then the event)."""
    if action == "see":
        return may_see(protocol, actor, item, relation, handling)
    if step is not None:
        return may_do(protocol, actor, step, action, relation)
    return may_act(protocol, actor, action, relation, item or None)
