"""Do the names in a protocol exist, and does what it says fit together? One small function per rule, each with a key.

The rules stand in `references_names` (does it exist), `references_forms` (fields, values, outcomes),
`references_people` (owners, four eyes, chains, visibility), `references_steps` (due days, repetition, closing) and
`references_case` (texts, phases, notice, calendar, status).
"""

from __future__ import annotations

from protocol import references_case, references_forms, references_names, references_people, references_steps
from protocol.book import CHECKS, Book
from protocol.errors import Fault
from protocol.fault_words import faults_of
from protocol.language import Protocol, Step
from protocol.lines import Lines, dotted

__all__ = ["faults", "rules"]
_MODULES = (references_case, references_forms, references_names, references_people, references_steps)


def faults(protocol: Protocol, lines: Lines | None = None, file: str = "protocol") -> list[Fault]:
    """Every fault, in the order of the file. `lines` from `parse.read_with_lines`; without it every line is 1."""
    lines, book = lines or Lines(), Book(protocol)
    found = [
        Fault(file, lines.at(finding.path), dotted(lines.written(finding.path)), finding.words, finding.remedy, key)
        for key, check in CHECKS.items()
        for finding in check(book)
    ]
    for path, error in book.unusable:
        found += faults_of(error.errors(include_url=False), lines, file, path, Step)
    return sorted(dict.fromkeys(found), key=lambda fault: fault.line)


def rules() -> tuple[str, ...]:
    """The stable keys of all rules."""
    return tuple(CHECKS)
