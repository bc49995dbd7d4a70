"""A protocol file → `Protocol`: YAML, then the schema, then every name it refers to. All faults of a stage at once."""

from __future__ import annotations

from pathlib import Path as FilePath

from pydantic import ValidationError

from protocol import references
from protocol.errors import Fault, ProtocolFault
from protocol.fault_words import faults_of
from protocol.language import Protocol
from protocol.lines import Lines
from protocol.yaml_reader import MOST_BYTES, data_of


def load(path: str | FilePath) -> Protocol:
    """Read a protocol file. Raises `ProtocolFault`, also when there is no such file or it is not UTF-8 text."""
    place = FilePath(path)
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise ProtocolFault(
            [_unreadable(place.name, f"the file cannot be opened: {reason}", "look at path and rights")]
        ) from error
    except UnicodeDecodeError as error:
        if len(content) > MOST_BYTES:
            text = content.decode("utf-8-sig", "replace")
        else:
            line = content[: error.start].count(b"\n") + 1
            raise ProtocolFault(
                [_unreadable(place.name, "this is not UTF-8 text", "save the file as UTF-8", line)]
            ) from error
    return read(text, place.name)


def _unreadable(name: str, rule: str, remedy: str, line: int = 1) -> Fault:
    return Fault(name, line, "the file", rule, remedy, "file.open")


def read(text: str, name: str) -> Protocol:
    """Read the text of a protocol file; `name` stands in the errors. Raises `ProtocolFault`."""
    return read_with_lines(text, name)[0]


def read_with_lines(text: str, name: str) -> tuple[Protocol, Lines]:
    """Like `read`, with the line of every part, so that later checks can name it too."""
    protocol, lines = schema_only(text, name)
    faults = references.faults(protocol, lines, name)
    if faults:
        raise ProtocolFault(faults)
    return protocol, lines


def schema_only(text: str, name: str) -> tuple[Protocol, Lines]:
    """Read without looking whether the names in it exist."""
    data, lines = data_of(text, name)
    try:
        return Protocol.model_validate(data), lines
    except ValidationError as error:
        found = faults_of(error.errors(include_url=False), lines, name)
        raise ProtocolFault(sorted(found, key=lambda fault: fault.line)) from error
