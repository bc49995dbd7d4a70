"""The drop folder: files that are complete are taken, then moved to `done` or `refused` with a report beside them.

A file is claimed by renaming it into `taking`; one that a killed sweep left there is taken by the next, and rows that
had their effect are known. Links, devices and huge files are refused unread. A report names rows, rules and case
numbers, and nobody. `refused` holds every file in which something was refused: its report says what was taken.
"""

import datetime as dt
import fcntl
import json
import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casework import clock
from casework.db import Database
from casework.intake_files import FileReport, read_file, take_notifications, words_of
from casework.notification_files import FileProblem
from protocol.commands import SYSTEM, Actor

SOURCE = "drop"
SETTLED = 1.0
"""seconds after which a file that has not changed is complete"""
KEPT = dt.timedelta(days=30)
"""so long the files in `done` and `refused` of the drop folder stay: they hold names. Their reports stay."""
TAKING, DONE, REFUSED = "taking", "done", "refused"
LOCK, REPORT = ".lock", ".report.json"
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".download", ".swp")
NOT_MEANT = ("desktop.ini", "thumbs.db")


@dataclass(frozen=True)
class Swept:
    """One file: where it is now, and its report. `fault`: it could not be taken now (the kind of error), and waits."""

    name: str
    outcome: str
    """`done`, `refused` or `later`"""
    report: FileReport
    fault: str = ""


def sweep_drop_folder(db: Database, at: dt.datetime | None = None) -> dict[str, int]:
    """Sweep the folder `drop` in SLUIS_HOME, if there is one; numbers only, for a flow to return."""
    folder = db.settings.home / "drop"
    counts: Counter[str] = Counter()
    if not folder.is_dir():
        return {}
    for swept in sweep_folder(db, folder, SYSTEM, at or clock.now()):
        counts[f"files_{swept.outcome}"] += 1
        counts.update(row["outcome"] for row in swept.report.rows)
    if forgotten := forget(folder, clock.real_now() - KEPT):
        counts["files_forgotten"] += forgotten
    return dict(counts)


def sweep_folder(
    db: Database, folder: Path, actor: Actor, at: dt.datetime, *, sleep: Callable[[float], object] = time.sleep
) -> list[Swept]:
    """Take every complete file of the folder, in the order in which they came. Raises FileProblem for a folder that
    cannot be used. While another process sweeps it, nothing is done."""
    for name in (TAKING, DONE, REFUSED):
        _own_folder(folder / name)
    with _alone(folder) as alone:
        if not alone:
            return []
        _finish_reports(folder)
        left_behind = sorted(path.name for path in _files(folder / TAKING) if not path.name.endswith(REPORT))
        found = [_taken(db, folder, name, actor, at) for name in left_behind]
        for path in _complete(folder, sleep):
            name = _free_name(folder, path.name)
            try:
                path.rename(folder / TAKING / name)
            except FileNotFoundError:
                continue  # somebody took it back
            found.append(_taken(db, folder, name, actor, at))
    return found


def _own_folder(path: Path) -> None:
    """A real folder of this user: a link could lead the files anywhere."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        is_ours = stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        is_ours = False
    if not is_ours:
        rule = f"must let a folder {path.name} be made in it"
        raise FileProblem("folder", rule, "check its rights, and what stands there under that name")


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process sweeps this folder; a killed one no longer holds the lock."""
    handle = os.open(folder / TAKING / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


# --- which files ----------------------------------------------------------------------------------------------------


def _files(folder: Path) -> Iterator[Path]:
    """Everything in a folder that may be meant for us: no folders, nothing hidden."""
    with os.scandir(folder) as entries:
        for entry in entries:
            hidden = entry.name.startswith((".", "~$")) or entry.name.lower() in NOT_MEANT
            if not hidden and not entry.is_dir(follow_symlinks=False):
                yield folder / entry.name


def _complete(folder: Path, sleep: Callable[[float], object]) -> list[Path]:
    """Files that nobody writes any more: unchanged for a while, or unchanged when looked at again after it."""
    first = {path: look for path in _files(folder) if (look := _look(path)) and not _is_unfinished(path)}
    young = {path for path, look in first.items() if clock.real_now().timestamp() - look.st_ctime < SETTLED}
    if young:
        sleep(SETTLED)
    still = [path for path, look in first.items() if path not in young or _same(look, _look(path))]
    return sorted(still, key=lambda path: (first[path].st_mtime_ns, path.name))


def _is_unfinished(path: Path) -> bool:
    return path.name.lower().endswith(UNFINISHED)


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _same(before: os.stat_result, after: os.stat_result | None) -> bool:
    return after is not None and (before.st_ino, before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_ino, after.st_size, after.st_mtime_ns, after.st_ctime_ns,
    )  # fmt: skip


def _free_name(folder: Path, name: str) -> str:
    """The name, or one with a number, that is not taken in any of the three folders."""
    stem, dot, ending = name.rpartition(".")
    number, free = 1, name
    while any(_look(folder / place / (free + more)) for place in (TAKING, DONE, REFUSED) for more in ("", REPORT)):
        number += 1
        free = f"{stem}-{number}{dot}{ending}" if stem else f"{name}-{number}"
    return free


# --- one file -------------------------------------------------------------------------------------------------------


def _taken(db: Database, folder: Path, name: str, actor: Actor, at: dt.datetime) -> Swept:
    """Take a claimed file. The report is written before the file moves on, so that none is lost half-way."""
    claimed = folder / TAKING / name
    try:
        content = read_file(claimed, follow=False)
        report = take_notifications(db, name, content, actor, at, source=SOURCE)
    except FileProblem as problem:
        report = FileReport(problem=words_of(problem))
    except Exception as error:
        # It stays claimed and is taken by the next sweep; only the kind is told, for a text could quote a person.
        return Swept(name, "later", FileReport(), type(error).__name__)
    outcome = REFUSED if report.refused else DONE
    said = {"outcome": outcome, "taken_at": at.isoformat(), **report.plain()}
    _write(folder / TAKING / (name + REPORT), json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    _finish(folder, name, outcome)
    return Swept(name, outcome, report)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    draft.rename(path)


def _finish(folder: Path, name: str, outcome: str) -> None:
    """The file first, its report after it: a report left in `taking` says where both belong."""
    if _look(folder / TAKING / name):
        (folder / TAKING / name).rename(folder / outcome / name)
    (folder / TAKING / (name + REPORT)).rename(folder / outcome / (name + REPORT))


def _finish_reports(folder: Path) -> None:
    """A killed sweep had taken these files and not yet moved them."""
    for report in list(_files(folder / TAKING)):
        if report.name.endswith(REPORT):
            outcome = json.loads(read_file(report, follow=False))["outcome"]
            _finish(folder, report.name.removesuffix(REPORT), REFUSED if outcome == REFUSED else DONE)


def forget(folder: Path, before: dt.datetime) -> int:
    """Remove the files that were taken before a moment; their reports, in which nobody is named, stay."""
    removed = 0
    for place in (DONE, REFUSED):
        for path in list(_files(folder / place)) if (folder / place).is_dir() else []:
            look = _look(path)
            if look and not path.name.endswith(REPORT) and look.st_ctime < before.timestamp():
                path.unlink(missing_ok=True)
                removed += 1
    return removed
