"""The long versions: run by `make faults`, with short ones in the suite."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from casework.db import Database
from demo.years import live
from tests.casework.test_killed import killed_often
from tests.protocol import oracle
from tests.protocol.story import protocol_named
from tests.protocol.test_due_dates import STEPS, engine
from tests.protocol.test_engine_invariants import AnyCase


class AnyCaseLong(AnyCase):
    """The same machine, for many more cases."""


AnyCaseLong.TestCase.settings = settings(
    max_examples=600, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyCaseLong = AnyCaseLong.TestCase


def test_a_process_killed_forty_times_loses_nothing(tmp_path: Path) -> None:
    killed_often(tmp_path / "home", 40, seed=2)


@pytest.mark.parametrize("seed", range(4))
def test_other_years_end_too(db: Database, seed: int) -> None:
    result = live(db, seed=100 + seed)
    assert result["open"] == 0
    assert result["ledger"] == "intact"


def test_the_engine_agrees_with_the_oracle_on_twenty_thousand_dates() -> None:
    chance = random.Random(2026)
    types = sorted(protocol_named().release_types)
    for _ in range(20_000):
        release_type, step = chance.choice(types), chance.choice(STEPS)
        notified = dt.date(2026, 1, 5) + dt.timedelta(days=chance.randrange(900))
        notice = chance.choice([None, chance.randrange(-5, 60), chance.randrange(400), chance.randrange(30)])
        release = notified + dt.timedelta(days=notice) if notice is not None else None
        late = chance.choice([None, None, chance.randrange(-10, 11)])
        leave = release_type == "leave"
        released = release + dt.timedelta(days=late) if release and late is not None and not leave else None
        back = release + dt.timedelta(days=chance.randrange(4)) if release and leave else None
        if back is not None and oracle.counted_day(notified, frozenset()) > back:
            continue
        n = (
            chance.randrange(1, 13)
            if step == "followup"
            else chance.randrange(1, 4)
            if step in ("review", "contact", "ready")
            else 1
        )
        dates = {"release": release, "released": released}
        wanted = oracle.due(step, release_type, notified, **dates, planned_return=back, occurrence=n)
        found = engine(
            {"step": step, "type": release_type, "notified": notified, **dates, "return": back, "occurrence": n}
        )
        day, hour = wanted if wanted else (None, None)
        expected = None if day is None else (day, hour.strftime("%H:%M") if hour else None)
        assert found == expected, (step, release_type, notified, dates, back, n)
