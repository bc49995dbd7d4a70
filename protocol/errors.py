"""What can be wrong, in words that name field, rule and remedy.

Two kinds: a *protocol file* that cannot be used (`Fault`, `ProtocolFault`), and a *command* that the protocol does
not allow (`Refused`). Neither ever carries personal data.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a protocol file: where it stands, which rule of the language it breaks, what mends it."""

    file: str
    line: int
    field: str
    rule: str
    remedy: str
    key: str = ""
    """the stable name of the rule, for machines: `names.step`, `texts.languages`"""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.rule}. Remedy: {self.remedy}"


class ProtocolFault(Exception):
    """A protocol file that cannot be used; carries every fault that was found, not only the first."""

    def __init__(self, faults: list[Fault]):
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Problem:
    """One field of a form that cannot be taken."""

    field: str
    rule: str
    remedy: str


class Refused(Exception):
    """The protocol does not allow this command now; the case is unchanged.

    `rule` is a stable key (`step.four-eyes`), `reason` a sentence, `remedy` what the person can do instead.
    """

    def __init__(self, rule: str, reason: str, remedy: str, field: str = "", problems: tuple[Problem, ...] = ()):
        super().__init__(f"{rule}: {reason}. {remedy}")
        self.rule = rule
        self.reason = reason
        self.remedy = remedy
        self.field = field
        self.problems = problems
