"""Looking things up in the language itself: which part stands at a path, which fields it has, what a field holds."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from protocol.language import Part, Protocol, Step, Text
from protocol.lines import Path


def bare(annotation: Any) -> Any:
    """The type without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        return bare(inner[0]) if len(inner) == 1 else annotation
    return annotation


def is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Part)


def is_text(annotation: Any) -> bool:
    """A text in every language, not just a mapping of names to words."""
    return bool(bare(annotation) == Text)


def fields(part: type[Part]) -> dict[str, FieldInfo]:
    """The fields of a part by the name they have in the file (`all`, not `all_`)."""
    return {info.alias or name: info for name, info in part.model_fields.items()}


def inside(annotation: Any, step: str | int) -> Any:
    """What stands one step further down, or None where nothing can."""
    kind = bare(annotation)
    if is_part(kind):
        info = fields(kind).get(str(step))
        return info.annotation if info else None
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    if get_origin(kind) is tuple:
        return get_args(kind)[0]
    return None


def type_at(path: Path, root: Any = Protocol) -> Any:
    """The type of what stands at this path, None where nothing can stand."""
    found: Any = root
    for position, step in enumerate(path):
        if position >= 3 and path[0] == "variants" and path[2] == "change":
            # what a variant changes of a step is checked as that step
            return type_at(path[4:], Step) if len(path) >= 4 else None
        found = inside(found, step)
        if found is None:
            return None
    return bare(found)


def choices(annotation: Any) -> tuple[str, ...]:
    kind = bare(annotation)
    return tuple(str(value) for value in get_args(kind)) if get_origin(kind) is Literal else ()


def parts(value: Any, path: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Every part inside a value, itself included, outermost first, each with its path in the file."""
    if isinstance(value, Part):
        yield path, value
        for name in fields(type(value)):
            attribute = getattr(value, info_name(type(value), name))
            yield from parts(attribute, (*path, name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from parts(inner, (*path, str(key)))
    elif isinstance(value, tuple):
        for position, inner in enumerate(value):
            yield from parts(inner, (*path, position))


def info_name(part: type[Part], name: str) -> str:
    """The attribute of a field by its name in the file: `all` is kept as `all_`."""
    return name if name in part.model_fields else f"{name}_"
