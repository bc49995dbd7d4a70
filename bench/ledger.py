"""What it costs to verify the ledger, to hold a case against its protocol, and to add up the compliance table.

- `verify` beside a bare loop: the same rows by the same driver, read in the same portions, and hashed, nothing else.
- `conformance` beside `replay`: a real case of the real protocol, played through the engine, in memory; and the time
  per case when very many are judged, one after the other (the same entries again and again: nothing is remembered).
- `compliance.table` beside one bare aggregate over the same rows.
"""

import datetime as dt
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from typing import Any, NamedTuple, TypedDict

from bench.filling import Shape, bare_cases, insert, new_database, real_case, settle, shape_of
from bench.played import played_case
from bench.sections import DATABASES, Row, Settings
from casework import clock, compliance, ledger, verify
from casework.db import Database
from casework.guard import OPEN
from casework.rows import CASE
from models.base import table_of
from models.cases import StepOutcome
from models.ledger import LedgerEntry
from protocol.commands import SYSTEM
from protocol.conformance import conformance
from protocol.replay import replay


class Sizes(TypedDict):
    """How much there is of everything."""

    ledger_cases: int
    judged: tuple[int, ...]
    closed_cases: int


SIZES: Sizes = {"ledger_cases": 2_000, "judged": (1_000, 10_000, 100_000), "closed_cases": 100_000}
ENTRIES_PER_CASE = 30
BODY_BYTES = 320
"""of a sealed body, as the work of this bench has them in the middle"""
EVENTS = 60
STEPS_PER_CASE = 14
YEARS = 6
"""over which the closed cases lie"""
TIMES = 5
"""how often each thing is measured in a round"""
REPEATED = 20
"""what takes less than a millisecond is done so often for one measurement"""
ALIKE = 1.25
"""a case after very many others may cost so many times the first ones: noise, not growth"""
_AGGREGATE = "SELECT step, verdict, count(*) FROM step_outcome GROUP BY step, verdict"
VERDICTS = ("kept",) * 15 + ("late",) * 3 + ("missed", "waived")

Work = Callable[[], object]


class Beside(NamedTuple):
    """Two things measured in turns: the median ratio of their seconds, and the seconds of each."""

    ratio: float
    ours: float
    bare: float


def run(settings: Settings) -> list[Row]:
    """Verify and the table on every database; conformance once, in memory."""
    rows = []
    for kind in settings.databases:
        with ExitStack() as open_databases:
            url = None
            if kind == "postgres":
                assert settings.postgres is not None
                url = open_databases.enter_context(settings.postgres.database("ledger"))
            db = new_database(settings.folder / kind, url)
            open_databases.callback(db.close)
            shape = shape_of(db, real_case(db, 0, clock.now(), STEPS_PER_CASE))
            rows.append(_verifying(db, DATABASES[kind], shape, settings))
            rows.append(_adding_up(db, DATABASES[kind], shape, settings))
    return [*rows, *_judging(settings)]


def beside(ours: Work, bare: Work, rounds: int) -> Beside:
    """Both in turns; the fastest of a round's runs stands for the round, because noise only ever adds."""
    pairs = []
    for _ in range(rounds):
        both = [(_seconds(ours), _seconds(bare)) for _ in range(TIMES)]
        pairs.append((min(one for one, _ in both), min(other for _, other in both)))
    ratio = statistics.median(one / other for one, other in pairs)
    return Beside(ratio, statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs))


def _seconds(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# --- verify


def _verifying(db: Database, name: str, shape: Shape, settings: Settings) -> Row:
    settings.say(f"{name}: a ledger of {SIZES['ledger_cases'] * ENTRIES_PER_CASE:,} entries")
    _fill_ledger(db, shape)

    def ours() -> None:
        found = verify.verify(db)
        if not found["intact"]:
            raise SystemExit(f"the ledger is not intact: {found['first_fault']}")

    settings.say(f"{name}: verifying")
    found = beside(ours, lambda: _bare_loop(db), settings.rounds)
    settings.details[f"{name}: verify"] = found._asdict()
    entries = SIZES["ledger_cases"] * ENTRIES_PER_CASE
    figure = f"{1 / found.ratio:.0%} of the speed of a bare loop ({entries / found.ours:,.0f} entries/s)"
    return Row(f"{name}: ledger verify", figure, "≥ 60 %", 1 / found.ratio >= 0.6)


def _fill_ledger(db: Database, shape: Shape) -> None:
    """Chains as casework composes them, written in the order in which many open cases grow together."""
    now = clock.now()
    cases = bare_cases(db, shape, SIZES["ledger_cases"])
    refs = {number: f"2000-{number:03d}" for number in cases}
    heads = dict.fromkeys(cases, ledger.NEW_STREAM)

    def entries() -> Iterator[dict[str, Any]]:
        for _, number in itertools.product(range(ENTRIES_PER_CASE), cases):
            stream = ledger.case_stream(refs[number])
            body = os.urandom(BODY_BYTES)
            heads[number], entry = ledger.compose(heads[number], stream, now, "u1", "complete_step", body)
            yield {"stream": stream, "seq": heads[number].seq, "entry": entry, "hash": heads[number].hash}

    insert(db, table_of(LedgerEntry), entries())
    with db.begin() as connection:
        for number, head in heads.items():
            moved = CASE.update().where(CASE.c.id == number).values(head_seq=head.seq, head_hash=head.hash)
            connection.execute(moved.values(judged=True))
    settle(db)


def _bare_loop(db: Database) -> None:
    raw = db.engine.raw_connection()
    connection: Any = raw.driver_connection
    query = "SELECT entry FROM ledger_entry ORDER BY id"
    if db.kind == "sqlite":
        cursor = connection.execute(query)
    else:
        connection.execute(OPEN)
        cursor = connection.cursor("bare", binary=True)
        cursor.execute(query)
    while portion := cursor.fetchmany(verify.BATCH):
        for (entry,) in portion:
            sha256(entry).digest()
    cursor.close()
    connection.rollback()
    raw.close()


# --- the compliance table


def _adding_up(db: Database, name: str, shape: Shape, settings: Settings) -> Row:
    settings.say(f"{name}: the verdicts of {SIZES['closed_cases']:,} closed cases")
    until = clock.now().date() + dt.timedelta(days=60)
    first = until - dt.timedelta(days=YEARS * 366)
    cases = bare_cases(db, shape, SIZES["closed_cases"], judged=True)
    insert(db, table_of(StepOutcome), _outcomes(cases, first))
    settle(db)
    tabled: list[int] = []
    bare: list[int] = []

    def ours() -> None:
        lines = compliance.table(db, SYSTEM, first, until, "work")
        tabled[:] = [sum(line.expected for line in lines)]

    def aggregate() -> None:
        with db.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT step, verdict, count(*) FROM step_outcome GROUP BY step, verdict"
            )
            bare[:] = [sum(row[2] for row in found)]

    settings.say(f"{name}: the compliance table")
    found = beside(ours, aggregate, settings.rounds)
    if tabled != bare:
        raise SystemExit(f"the table counts {tabled}, the aggregate {bare}")
    settings.details[f"{name}: compliance table"] = found._asdict()
    figure = f"{found.ratio:.2f} × a bare aggregate ({found.ours:.2f} s, {bare[0]:,} verdicts)"
    what = f"{name}: compliance table of {SIZES['closed_cases']:,} closed cases"
    return Row(what, figure, "≤ 3 ×", found.ratio <= 3)


def _outcomes(cases: range, first: dt.date) -> Iterator[dict[str, Any]]:
    """Verdicts as casework writes them: years of due days, one case after the other, one in four steps not kept."""
    days = (YEARS - 1) * 365
    for case_id, n in itertools.product(cases, range(1, STEPS_PER_CASE + 1)):
        which = case_id * 31 + n
        verdict = VERDICTS[which * 7 % len(VERDICTS)]
        due = first + dt.timedelta(days=(case_id - cases[0]) * days // len(cases) + n * 7)
        late = verdict in ("late", "missed")
        yield {
            "case_id": case_id, "occurrence": f"s{n}", "protocol": "work", "step": f"s{n}", "n": 1, "verdict": verdict,
            "cause": "date_moved" if late and which % 3 else "", "release_type": "work", "notice": None, "prison": None,
            "due_on": due, "done_on": due + dt.timedelta(days=4) if late else due, "days_late": 3 if late else 0,
        }  # fmt: skip


# --- conformance


def _judging(settings: Settings) -> list[Row]:
    case = played_case(EVENTS)
    count = sum(len(entry.events) for entry in case.entries)

    def judge() -> None:
        conformance(case.protocol, case.entries, case.calendar, case.until)

    settings.say("conformance beside replay")
    found = beside(
        lambda: _times(REPEATED, judge), lambda: _times(REPEATED, lambda: replay(case.entries)), settings.rounds
    )
    each = _one_after_the_other(judge, settings)
    settings.details["conformance"] = {**found._asdict(), "seconds_per_case": each, "events": count}
    milliseconds = ", ".join(f"{seconds * 1e3:.2f}" for seconds in each.values())
    sizes = ", ".join(f"{size:,}" for size in each)
    first, *_, last = each.values()
    per_case, alike = found.ours / REPEATED * 1e3, last <= ALIKE * first
    return [
        Row(
            f"conformance of a case of {count} events beside its replay",
            f"{found.ratio:.1f} × ({per_case:.2f} ms)",
            "≤ 10 ×",
            found.ratio <= 10,
        ),
        Row(f"conformance, ms per case after {sizes} cases", milliseconds, f"linear: ≤ {ALIKE:g} ×", alike),
    ]


def _one_after_the_other(judge: Work, settings: Settings) -> dict[int, float]:
    """Seconds per case after so many cases: this process's own time, in the fastest of the last ten portions."""
    portion = SIZES["judged"][0] // 10
    found, portions = {}, []
    for done in range(portion, SIZES["judged"][-1] + 1, portion):
        started = time.process_time()
        _times(portion, judge)
        portions.append((time.process_time() - started) / portion)
        if done in SIZES["judged"]:
            settings.say(f"conformance: {done:,} cases")
            found[done] = min(portions[-10:])
    return found


def _times(count: int, work: Work) -> None:
    for _ in range(count):
        work()
