"""No pattern of ours can be made to run for ages: no repetition without end stands inside another one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("protocol", "models", "casework", "flows", "web", "cli", "demo", "tools")
CALLS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
SAFE = {"casework/master_key.py"}
"""a comma stands between the repetitions, so that there is one way to read each text"""
REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT}


def patterns() -> Iterator[tuple[str, str]]:
    """Every literal that is given to `re`: where it stands, and the pattern."""
    for layer in LAYERS:
        for file in sorted((ROOT / layer).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
                first = node.args[0]
                if (
                    of_re
                    and node.func.attr in CALLS
                    and isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                ):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", first.value


def nested(parsed: Any, within: bool = False) -> bool:
    """Whether a repetition without end stands inside another."""
    for operation, value in parsed:
        endless = operation in REPEATS and value[1] == constants.MAXREPEAT
        if endless and within:
            return True
        parts = [part for part in _parts(value) if isinstance(part, parser.SubPattern)]
        if any(nested(part, within or endless) for part in parts):
            return True
    return False


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _parts(each)


def test_there_are_patterns_to_look_at() -> None:
    assert len(list(patterns())) > 20


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(\w*\s*)*x", r"((ab)*c?)+"])
def test_a_dangerous_pattern_is_seen(pattern: str) -> None:
    assert nested(parser.parse(pattern))


def test_none_is_dangerous() -> None:
    found = [(where, pattern) for where, pattern in patterns() if nested(parser.parse(pattern))]
    assert [each for each in found if each[0].partition(":")[0] not in SAFE] == []


def test_every_pattern_is_a_pattern() -> None:
    for _where, pattern in patterns():
        re.compile(pattern)
