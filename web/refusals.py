"""Refusals of the layers below, in the words of the page: by their rule, or sentence by sentence."""

from __future__ import annotations

from casework.errors import NotAllowed
from casework.notifications import FieldProblem
from protocol.errors import Refused
from web.words import Words

CONFLICTS = frozenset({"step.settled", "step.proposed", "step.not-proposed", "case.open"})
"""Refusals that mean: somebody else was first."""


def is_conflict(refusal: Refused) -> bool:
    return refusal.rule in CONFLICTS


def words(t: Words, refusal: Refused) -> tuple[str, str]:
    """Reason and remedy."""
    key = refusal.rule.replace(".", "_").replace("-", "_")
    if isinstance(refusal, NotAllowed) or not t.known("refusal", f"{key}_reason"):
        return sentence(t, refusal.reason), sentence(t, refusal.remedy)
    return t.of("refusal", f"{key}_reason"), t.of("refusal", f"{key}_remedy")


def field_words(t: Words, problem: FieldProblem) -> str:
    """What is wrong with a field of a notification, and what to do; its name stands beside it already."""
    rule = problem.rule.removeprefix(problem.field).strip()
    return f"{sentence(t, rule)} {sentence(t, problem.remedy)}"


def sentence(t: Words, english: str) -> str:
    said = t.sentence(english).strip()
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "!", "?")) else ".") if said else ""
