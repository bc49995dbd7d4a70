"""What was typed about a member of staff, checked field by field: for the form, the command and the sheet alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from casework.checked import EMAIL, PHONE
from casework.notification_fields import Unfit, clean_text
from casework.notification_words import fold
from models.people import Staff
from protocol.errors import Problem, Refused
from protocol.language import Protocol

LANGUAGES = ("nl", "fr", "en")
MOST_HOURS = 60
MOST_SUBSTITUTES = 8
_CODE = re.compile(r"[a-z]{2,3}")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Reader:
    """Checks what was typed about a member of staff."""

    def __init__(self, protocol: Protocol, people: Iterable[Staff], themselves: str | None = None) -> None:
        self.protocol = protocol
        self.people = {member.id: member for member in people}
        self.themselves = themselves
        self.problems: list[Problem] = []
        self.roles = {key: role for key, role in protocol.roles.items() if role.staff}

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of the staff table. Raises Refused, which names every field that is wrong."""
        found: dict[str, Any] = {
            "name": self._text(given, "name", 80, needed=True),
            "email": self._email(given),
            "phone": self._shaped(given, "phone", PHONE, "must be a telephone number", "for example +32 15 00 00 00"),
            "language": self._one_of(given, "language", LANGUAGES, "nl"),
            "service": self._service(given),
            "organisation": given.get("organisation") or None,
            "manager": self._manager(given),
            "prison": self._text(given, "prison", 80) or None,
            "hours_per_week": self._hours(given),
            "languages": self._codes(given),
            "substitutes": self._substitutes(given),
        }
        roles = self._roles(given)
        if "liaison" in roles and not found["prison"]:
            self._wrong("prison", "a prison liaison belongs to a prison", "write the name of the prison")
        found["roles"] = roles
        if self.problems:
            first = self.problems[0]
            raise Refused("staff.form", first.rule, first.remedy, first.field, tuple(self.problems))
        return found

    def _wrong(self, field: str, rule: str, remedy: str) -> None:
        self.problems.append(Problem(field, rule, remedy))

    def _text(self, given: Mapping[str, Any], field: str, limit: int, *, needed: bool = False) -> str:
        raw = str(given.get(field) or "").strip()
        if not raw:
            if needed:
                self._wrong(field, "this must be filled in", "fill it in")
            return ""
        try:
            return clean_text(raw, limit)
        except Unfit as unfit:
            self._wrong(field, unfit.rule, unfit.remedy)
            return ""

    def _shaped(self, given: Mapping[str, Any], field: str, shape: re.Pattern[str], rule: str, remedy: str) -> str:
        raw = str(given.get(field) or "").strip()
        if raw and not shape.fullmatch(raw):
            self._wrong(field, rule, remedy)
        return raw

    def _email(self, given: Mapping[str, Any]) -> str:
        found = self._shaped(given, "email", EMAIL, "must be an e-mail address", "for example name@city.example")
        same = [m for m in self.people.values() if found and m.email.casefold() == found.casefold()]
        if any(member.id != self.themselves and member.left_at is None for member in same):
            self._wrong("email", "somebody else has this address, and people sign in with it", "give another address")
        return found

    def _one_of(self, given: Mapping[str, Any], field: str, allowed: tuple[str, ...], usual: str) -> str:
        found = str(given.get(field) or usual).strip().lower()
        if found not in allowed:
            self._wrong(field, f"must be one of {', '.join(allowed)}", "choose one of them")
        return found

    def _roles(self, given: Mapping[str, Any]) -> list[str]:
        by_word = {fold(word): key for key, role in self.roles.items() for word in (key, *role.name.values())}
        words = _list_of(given.get("roles"))
        found = [by_word.get(fold(word)) for word in words]
        if not words:
            self._wrong("roles", "somebody who works here has a role", "choose at least one role")
        elif None in found:
            self._wrong("roles", "this protocol has no such role", "choose one of: " + ", ".join(self.roles))
        return sorted({key for key in found if key}, key=list(self.roles).index)

    def _service(self, given: Mapping[str, Any]) -> str:
        found = str(given.get("service") or "").strip().lower()
        if not _WORD.fullmatch(found):
            self._wrong("service", "four-eyes control needs to know the service", "write one short word, like police")
        return found

    def _manager(self, given: Mapping[str, Any]) -> str | None:
        found = str(given.get("manager") or "").strip() or None
        if found is not None and (found not in self.people or found == self.themselves):
            self._wrong("manager", "must be a colleague", "choose somebody of the list")
        return found

    def _hours(self, given: Mapping[str, Any]) -> float:
        raw = str(given.get("hours_per_week") or "38").strip().replace(",", ".")
        try:
            found = float(raw)
        except ValueError:
            found = -1.0
        if not 0 < found <= MOST_HOURS:
            self._wrong("hours_per_week", f"must be between 1 and {MOST_HOURS} hours", "write a number, like 38")
        return found

    def _codes(self, given: Mapping[str, Any]) -> list[str]:
        found = [word.lower() for word in _list_of(given.get("languages"))]
        if any(not _CODE.fullmatch(word) for word in found):
            self._wrong("languages", "must be language codes", "write them like nl, fr, ar")
        return sorted(set(found), key=found.index)

    def _substitutes(self, given: Mapping[str, Any]) -> dict[str, list[str]]:
        raw = given.get("substitutes") or {}
        found = {role: [one for one in who if one] for role, who in raw.items() if any(who)}
        everybody = [one for who in found.values() for one in who]
        if any(one not in self.people or one == self.themselves for one in everybody):
            self._wrong("substitutes", "must be colleagues", "choose somebody of the list")
        if any(len(who) > MOST_SUBSTITUTES for who in found.values()) or set(found) - set(self.roles):
            self._wrong("substitutes", f"at most {MOST_SUBSTITUTES} for each role", "leave some out")
        return found


def _list_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [word for part in value.replace(";", ",").split(",") if (word := part.strip())]
    return [str(one).strip() for one in value or () if str(one).strip()]  # type: ignore[attr-defined]
