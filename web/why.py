"""Why somebody sees a part of a case, or does not: the rule, its source, the role and the tie by which it fits.

It speaks of kinds of item, never of whether there is one: what exists may itself be a secret.
"""

from __future__ import annotations

from typing import NamedTuple

from casework.reading import CaseView
from protocol.visibility import because
from web.visitor import Visitor

PARTS = {"steps": "logistics", "dates": "logistics", "people": "logistics", "history": "logistics",
         "person": "identity", "contacts": "social_plan"}  # fmt: skip
"""the parts of the page of a case, and the kind of item that each shows"""


class Why(NamedTuple):
    kind: str
    reason: str
    by: str
    """by which role and which tie"""
    source: str


def of_kind(v: Visitor, case: CaseView, item: str) -> tuple[bool, Why]:
    """Whether this person sees this kind of item here, and why."""
    t, protocol = v.t, case.protocol
    found = because(protocol, v.actor, item, case.relation)
    kind = t.text(protocol.item_kinds[item])
    if found.line is None:
        return False, Why(kind, t("seeing.no_rule"), "", "")
    tie = t.of("relation", found.tie or "any")
    by = t("seeing.by", role=v.role_names([found.role]), tie=tie)
    return found.allowed, Why(kind, t.text(found.line.why), by, found.line.source)


def of_parts(v: Visitor, case: CaseView) -> dict[str, Why]:
    """Why each part of the page is shown; a part that is not has none."""
    kinds = {item: of_kind(v, case, item) for item in set(PARTS.values()) if item in case.protocol.item_kinds}
    return {part: kinds[item][1] for part, item in PARTS.items() if item in kinds and kinds[item][0]}


def not_seen(v: Visitor, case: CaseView) -> list[Why]:
    """The kinds of item that this person does not see in this case, and why not."""
    found = [of_kind(v, case, item) for item in case.protocol.item_kinds]
    return [why for allowed, why in found if not allowed]
