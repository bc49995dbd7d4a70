"""A filled form in words, for the second person to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from protocol.language import FormField, Protocol
from web.words import Words


class Written:
    """Reads what was written, in one language."""

    def __init__(self, t: Words, protocol: Protocol, names: Mapping[str, str]) -> None:
        self.t, self.protocol, self.names = t, protocol, names

    def answers(self, fields: Iterable[FormField], written: Mapping[str, Any]) -> list[tuple[str, str]]:
        """A filled form in words."""
        return [
            (self.t.text(field.label), self.answer(field, written[field.key]))
            for field in fields
            if field.key in written
        ]

    def answer(self, field: FormField, value: Any) -> str:
        t, names = self.t, self.names
        if field.type == "choice":
            return t.text((field.options or {}).get(str(value), {"en": str(value)}))
        if field.type in ("yes_no", "yes_no_unknown"):
            return t.of("answer", str(value))
        if field.type == "staff":
            return names.get(str(value), t.of("who", "unknown"))
        if field.type == "staff_list":
            return ", ".join(names.get(str(one), t.of("who", "unknown")) for one in value)
        if field.type == "tracks":
            labels = self.protocol.tracks[field.tracks or ""]
            rows = (f"{t.text(labels[item])}: {self._row(field, row)}" for item, row in value.items())
            return "; ".join(rows)
        if field.type == "list":
            return "; ".join(self._row(field, row) for row in value)
        return str(value)

    def _row(self, field: FormField, row: Mapping[str, Any]) -> str:
        return ", ".join(self.answer(column, row[column.key]) for column in field.fields if column.key in row)
