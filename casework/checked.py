"""What was typed in a form of the administration, checked field by field; every fault is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from casework.notification_fields import Unfit, clean_text
from protocol.errors import Problem, Refused

EMAIL = re.compile(r"[^@\s<>\"',;:]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?")
PHONE = re.compile(r"\+?[0-9][0-9 ./()-]{5,24}")


class Checks:
    """Reads fields and remembers what is wrong with them."""

    def __init__(self, given: Mapping[str, Any], prefix: str = "") -> None:
        self.given = given
        self.prefix = prefix
        """of the fields of one row"""
        self.problems: list[Problem] = []

    def wrong(self, field: str, rule: str, remedy: str) -> None:
        self.problems.append(Problem(field, rule, remedy))

    def text(self, field: str, limit: int, *, needed: bool = False) -> str:
        """One line of text."""
        return self._clean(field, str(self.given.get(field) or "").strip(), limit, needed=needed)

    def lines(self, field: str, limit: int) -> str:
        """Several lines, each clean; empty ones at the end fall away."""
        raw = str(self.given.get(field) or "").strip()
        if len(raw) > limit:
            self.wrong(field, f"must be at most {limit} characters long", "shorten it")
            return ""
        return "\n".join(self._clean(field, line, limit) for line in raw.splitlines())

    def _clean(self, field: str, raw: str, limit: int, *, needed: bool = False) -> str:
        if not raw:
            if needed:
                self.wrong(field, "this must be filled in", "fill it in")
            return ""
        try:
            return clean_text(raw, limit)
        except Unfit as unfit:
            self.wrong(field, unfit.rule, unfit.remedy)
            return ""

    def phone(self, field: str, *, needed: bool = False) -> str:
        rule, remedy = "must be a telephone number", "for example +32 15 00 00 00"
        return self._shaped(field, PHONE, rule, remedy, needed=needed)

    def email(self, field: str) -> str:
        return self._shaped(field, EMAIL, "must be an e-mail address", "for example name@city.example")

    def _shaped(self, field: str, shape: re.Pattern[str], rule: str, remedy: str, *, needed: bool = False) -> str:
        raw = str(self.given.get(field) or "").strip()
        if (raw and not shape.fullmatch(raw)) or (needed and not raw):
            self.wrong(field, rule, remedy)
        return raw

    def rows(self, field: str, columns: tuple[str, ...]) -> list[Checks]:
        """The rows of a list that hold anything, each with its own fields: `phones.2.number` is wrong in row 2."""
        found = []
        for n, row in enumerate(self.given.get(field) or (), 1):
            if any(str(row.get(column) or "").strip() for column in columns):
                prefix = f"{field}.{n}."
                part = Checks({prefix + column: row.get(column) for column in columns}, prefix)
                part.problems = self.problems
                found.append(part)
        return found

    def must_hold(self, rule: str) -> None:
        """Raises Refused with everything that is wrong."""
        if self.problems:
            first = self.problems[0]
            raise Refused(rule, first.rule, first.remedy, first.field, tuple(self.problems))
