"""The demo: fictional lives through the real casework, to the end."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path

from casework.db import Database
from casework.settings import settings
from casework.upgrade import migrate
from demo.lives import LIVES
from demo.play import Years, establish
from demo.years import FIRST_DAY, live
from protocol.language import Protocol
from protocol.parse import load
from tests.protocol.story import DEFINITIONS

MECHELEN: Protocol = load(DEFINITIONS / "mechelen.yaml")


def test_the_years_end_with_every_case_erased_and_the_ledger_intact(db: Database) -> None:
    story: list[str] = []
    result = live(db, seed=7, tell=lambda at, ref, words: story.append(f"{at:%Y-%m-%d} {ref} {words}"))
    assert result["cases"] == len(LIVES)
    assert result["closed"] == len(LIVES)
    assert result["open"] == 0
    assert result["ledger"] == "intact"
    assert result["kept"] > 5 * result["deviations"] > 0
    assert len(story) > 1000


def test_the_lives_cover_every_release_type_choice_and_event_that_people_can_report() -> None:
    assert {life.release_type for life in LIVES} == set(MECHELEN.release_types)
    choices = {way.outcome for life in LIVES for key, way in life.ways.items() if key.startswith("contact")}
    assert {"partly", "later", "no"} <= choices  # yes is the expected one
    told = {deed.what.removeprefix("event:") for life in LIVES for deed in life.deeds if deed.what.startswith("event:")}
    by_people = {key for key, event in MECHELEN.events.items() if set(event.by) - {"system"}}
    # another notification comes in as a notification, not as a report
    assert by_people - {"new_notification", "arrest_lasting"} <= told
    assert any(deed.what == "notify" for life in LIVES for deed in life.deeds)
    days = {"short": range(10), "medium": range(14, 30), "long": range(40, 400)}
    for name, span in days.items():
        assert any(life.notice is not None and life.notice in span for life in LIVES), name


def test_the_same_seed_gives_the_same_years(tmp_path: Path) -> None:
    def told(home: Path, seed: int) -> list[str]:
        lines: list[str] = []
        migrate(settings(home=home))
        with closing(Database(settings(home=home))) as db:
            founded = dt.datetime.combine(FIRST_DAY - dt.timedelta(days=1), dt.time(8), dt.UTC)
            establish(db, founded)
            Years(
                db, seed, FIRST_DAY, tell=lambda at, ref, words: lines.append(f"{at} {ref} {words}"), lives=LIVES[:2]
            ).play()
        return lines

    first, second, other = (told(tmp_path / str(n), seed) for n, seed in enumerate((3, 3, 4)))
    assert len(first) > 50
    assert first == second
    assert first != other
