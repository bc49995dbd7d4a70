"""A process is killed in the middle of its work: what it said is durable stands, and nothing is half-done."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from casework import cases, clock
from casework.db import Database
from casework.notifications import read_notification
from casework.rows import DONE
from casework.settings import settings
from casework.staff import actor_for
from casework.upgrade import migrate
from casework.verify import verify
from demo.play import _Row, establish

ROOT = Path(__file__).parents[2]


def a_case_at_work(home: Path) -> str:
    migrate(settings(home=home))
    with closing(Database(settings(home=home))) as db:
        now = clock.now()
        establish(db, now)
        raw = {
            "reference": "K-1", "prison": "Prison Noord (fictief)", "family_name": "Verzonnen", "given_names": "Proef",
            "birth_date": "1990-01-01", "language": "nl", "release_type": "conditional_release", "conditions": "yes",
            "certainty": "confirmed", "planned_release": (now.date() + dt.timedelta(days=90)).isoformat(),
            "source": "prison", "notified_at": now.isoformat(),
        }  # fmt: skip
        notification, problems = read_notification(raw, now)
        assert notification is not None, problems
        report = cases.receive(db, [_Row(1, notification)], "test", actor_for(db, "liaison-noord"), at=now)[0]
        assert report["case"] is not None
        return report["case"]


def kill_while_it_writes(home: Path, case: str, seconds: float) -> list[str]:
    """The commands that the process said were durable before it was killed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SLUIS_")}
    command = [sys.executable, "-m", "tests.killed_writer", str(home), case]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    return (first + rest).splitlines(keepends=False)


def nothing_is_lost_or_half_done(home: Path, said: list[str]) -> None:
    with closing(Database(settings(home=home))) as db:
        found = verify(db)
        assert found["intact"], found["first_fault"]
        with db.engine.connect() as connection:
            kept = set(connection.execute(sa.select(DONE.c.command_id)).scalars())
        whole = [command for command in said if len(command) == len("killed-") + 36]
        assert whole and set(whole) <= kept


def killed_often(home: Path, times: int, seed: int = 1) -> None:
    case, chance = a_case_at_work(home), random.Random(seed)
    for _ in range(times):
        said = kill_while_it_writes(home, case, chance.uniform(0.05, 0.4))
        nothing_is_lost_or_half_done(home, said)


def test_a_killed_process_leaves_every_durable_command_and_an_intact_ledger(tmp_path: Path) -> None:
    killed_often(tmp_path / "home", 3)
