"""Text of a protocol file → plain data and its line numbers.

Built from the reader's events, one by one, so that nothing is interpreted behind the author's back: a plain value
stays the text that was written (`no`, `16:00`, `1.10`), only `null`, `~`, `true` and `false` are read as YAML 1.2
says; the schema makes numbers and dates of the rest. Anchors, aliases, merge keys and tags are refused: a protocol is
read aloud, so every rule stands where it holds, and a small file cannot blow up into a large one.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from protocol.errors import Fault, ProtocolFault
from protocol.lines import Lines, Path, dotted

MOST_BYTES = 1_000_000
MOST_DEPTH = 40
PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}


def data_of(text: str, name: str) -> tuple[Any, Lines]:
    """The data of a file and where each part stands. Raises `ProtocolFault` with every fault found."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ProtocolFault(
            [Fault(name, 1, "the file", "a protocol file holds at most 1 MB", "leave out what is no rule", "file.size")]
        )
    builder = fast(text, name)
    if any(fault.key == "file.yaml" for fault in builder.faults):
        builder = thorough(text, name)
    if not builder.faults and not isinstance(builder.result, dict):
        builder.fault(
            1, "a protocol file is a list of fields with values", "begin with `protocol: name`", "file.fields"
        )
    if builder.faults:
        raise ProtocolFault(builder.faults)
    return builder.result, builder.lines


# libyaml is twenty times faster but knows YAML 1.1 only: `{en: Spoken?, at: 16:00}` is a fault to it. So it reads the
# text with stand-ins for these two signs, and what it still cannot read, the reader of YAML 1.2 decides.
STAND_INS = {"?": "\ue000", ":": "\ue001"}
ASKING = re.compile(r"(?<=[^\s,\[{}\]'\"])( ?)\?(?=\s*[,}\]])")
INNER_COLON = re.compile(r"(?<=[^\s,\[{}\]'\"]):(?=[^\s,\[{}\]])")


def fast(text: str, name: str) -> Builder:
    if any(sign in text for sign in STAND_INS.values()):
        return thorough(text, name)
    standing_in = INNER_COLON.sub(STAND_INS[":"], ASKING.sub(r"\1" + STAND_INS["?"], text))
    return _built(standing_in, Builder(name, {there: sign for sign, there in STAND_INS.items()}), pure=False)


def thorough(text: str, name: str) -> Builder:
    return _built(text, Builder(name, {}), pure=True)


def _built(text: str, builder: Builder, pure: bool) -> Builder:
    try:
        for event in YAML(typ="safe", pure=pure).parse(text):
            builder.take(event)
    except _Stop:
        pass
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else builder.line
        words = f"this cannot be read as YAML: {error.problem}"
        builder.fault(line, words, "look at indentation, colons and quotes here", "file.yaml")
    except (YAMLError, UnicodeError, ValueError) as error:
        words = str(error).splitlines()[0] if str(error) else "a character that YAML does not know"
        builder.fault(
            builder.line, f"this cannot be read as YAML: {words}", "save the file as plain UTF-8 text", "file.yaml"
        )
    return builder


class _Stop(Exception):
    """Reading on would serve nobody."""


class Builder:
    """Puts the reader's events together; `open` holds what is not closed yet, with its path."""

    def __init__(self, name: str, stand_ins: dict[str, str]) -> None:
        self.name = name
        self.stand_ins = stand_ins
        self.lines = Lines()
        self.faults: list[Fault] = []
        self.result: Any = None
        self.line = 1
        self.documents = 0
        self.open: list[tuple[Any, Path]] = []
        self.key: list[str | None] = []

    def fault(self, line: int, rule: str, remedy: str, key: str, path: Path = ()) -> None:
        self.faults.append(Fault(self.name, line, dotted(path), rule, remedy, key))

    def take(self, event: Any) -> None:
        self.line = event.start_mark.line + 1 if event.start_mark else self.line
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self._document()
        elif kind == "AliasEvent":
            self._refuse(
                "anchors and aliases (`&`, `*`) are not used", "write the rule out where it holds", "file.alias"
            )
            self._value(None)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self.open.pop()
            self.key.pop()
        elif kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            self._node(event, kind)

    def _document(self) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(
                "a file holds one protocol", "put the second one (after `---`) in a file of its own", "file.one"
            )
            raise _Stop

    def _node(self, event: Any, kind: str) -> None:
        if event.anchor:
            self._refuse(
                "anchors and aliases (`&`, `*`) are not used", "write the rule out where it holds", "file.alias"
            )
        if event.tag:
            self._refuse(
                f"tags (`{event.tag}`) are not used",
                "leave it out: the language knows the type of every field",
                "file.tag",
            )
        if kind == "ScalarEvent":
            text = event.value
            for there, sign in self.stand_ins.items():
                text = text.replace(there, sign)
            plain = event.implicit[0] and not event.style and text in PLAIN
            self._value(PLAIN[text] if plain else text, text=text)
        elif self._wants_key():
            self._refuse("the name of a field is a word, not a list", "write `name: value`", "file.name")
            raise _Stop
        else:
            self._value({} if kind == "MappingStartEvent" else [], opens=True)

    def _wants_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1][0], dict) and self.key[-1] is None

    def _value(self, value: Any, text: str = "", opens: bool = False) -> None:
        if self._wants_key():
            self._name(text)
            return
        path = self._place(value)
        if opens:
            if len(self.open) >= MOST_DEPTH:
                self._refuse(f"a rule lies at most {MOST_DEPTH} levels deep", "take it apart", "file.depth")
                raise _Stop
            self.open.append((value, path))
            self.key.append(None)

    def _name(self, text: str) -> None:
        holder, path = self.open[-1]
        if text in holder:
            first = self.lines.at((*path, text))
            self.fault(
                self.line,
                f"`{text}` stands here twice (first on line {first})",
                "keep one of the two",
                "file.twice",
                (*path, text),
            )
        elif text.endswith("_"):
            self.fault(
                self.line, f"the name `{text}` ends in `_`", f"write `{text.rstrip('_')}`", "file.name", (*path, text)
            )
        else:
            self.lines.put((*path, text), self.line)
        self.key[-1] = text

    def _place(self, value: Any) -> Path:
        if not self.open:
            self.result = value
            return ()
        holder, path = self.open[-1]
        if isinstance(holder, list):
            holder.append(value)
            place: Path = (*path, len(holder) - 1)
            self.lines.put(place, self.line)
            return place
        key, self.key[-1] = self.key[-1], None
        assert key is not None
        holder.setdefault(key, value)
        return (*path, key)

    def _refuse(self, rule: str, remedy: str, key: str) -> None:
        path = self.open[-1][1] if self.open else ()
        self.fault(self.line, rule, remedy, key, path)
