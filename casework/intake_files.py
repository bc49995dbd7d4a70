"""A file that came in: read as a whole, taken row by row, remembered by its digest."""

import datetime as dt
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from casework.adopt import adopt, read_sheet
from casework.db import Database
from casework.notification_files import MAX_BYTES, FileProblem, read_rows
from casework.notifications import FieldProblem
from casework.receiving import receive, remember_file
from casework.row_by_row import RowReport
from protocol.commands import Actor

Progress = Callable[[int, int], object]
"""Told how many rows are done, of how many."""


@dataclass(frozen=True)
class FileReport:
    """What became of a file: of each row, or why the file is wrong as a whole. Nobody's data is in it."""

    rows: list[RowReport] = field(default_factory=list)
    problem: FieldProblem | None = None

    @property
    def refused(self) -> bool:
        """Something in it was refused: a person must look at it."""
        return self.problem is not None or any(row["outcome"] == "refused" for row in self.rows)

    def plain(self) -> dict[str, Any]:
        """For JSON: the rows, and the problem where there is one."""
        return {"rows": self.rows} | ({"problem": asdict(self.problem)} if self.problem else {})


def read_file(path: Path, *, follow: bool = True) -> bytes:
    """The content of an ordinary file of a bearable size. With `follow=False` a link is refused. Raises FileProblem."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except OSError:
        raise FileProblem("file", "must be there, and readable", "check its name and its rights") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise FileProblem("file", "must be an ordinary file", "give the file itself")
        if about.st_size <= MAX_BYTES:
            return file.read(MAX_BYTES + 1)
    raise FileProblem("file", f"must not be larger than {MAX_BYTES // 1024**2} MB", "split it into smaller files")


def take_notifications(
    db: Database,
    name: str,
    content: bytes,
    actor: Actor,
    at: dt.datetime,
    *,
    source: str = "file",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileReport:
    """Take in the notifications of a file (JSON, CSV, XLSX by its name)."""
    try:
        rows = read_rows(name, content, at)
    except FileProblem as problem:
        return FileReport(problem=words_of(problem))
    told = _counter(progress, len(rows))
    report = FileReport(receive(db, rows, source, actor, dry_run=dry_run, at=at, told=told))
    if not dry_run:
        remember_file(db, content, source, actor, len(rows), at)
    return report


def take_running_cases(
    db: Database,
    name: str,
    content: bytes,
    actor: Actor,
    at: dt.datetime,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileReport:
    """Take over the running cases of a sheet (CSV, XLSX)."""
    try:
        rows = read_sheet(db, name, content, at)
    except FileProblem as problem:
        return FileReport(problem=words_of(problem))
    told = _counter(progress, len(rows))
    report = FileReport(adopt(db, rows, actor, dry_run=dry_run, at=at, told=told))
    if not dry_run:
        remember_file(db, content, "adopt", actor, len(rows), at)
    return report


def words_of(problem: FileProblem) -> FieldProblem:
    return FieldProblem(problem.field, f"{problem.field} {problem.rule}", problem.remedy)


def _counter(progress: Progress | None, total: int) -> Callable[[RowReport], object] | None:
    if progress is None:
        return None
    done = 0

    def told(_: RowReport) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    progress(0, total)
    return told
