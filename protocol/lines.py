"""Where in a protocol file each part stands, so that an error can name the line."""

from __future__ import annotations

Path = tuple[str | int, ...]
"""The way to a part: field names as they stand in the file, and positions (from 0) in lists."""


class Lines:
    """Path → line number (from 1). A path that does not stand in the file has the line of what it would stand in."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {}

    def put(self, path: Path, line: int) -> None:
        self._lines[path] = line

    def at(self, path: Path) -> int:
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def written(self, path: Path) -> Path:
        """The path without positions that the file does not have: `by: police` is a list of one."""
        while path and isinstance(path[-1], int) and path not in self._lines and self._lines:
            path = path[:-1]
        return path


def dotted(path: Path) -> str:
    """`steps.mandate.after[0].step`, as it is said in errors."""
    said = ""
    for part in path:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said or "the file"
