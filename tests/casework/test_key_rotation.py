"""The master key changes while everybody works, and a change that was interrupted is finished by the next."""

import base64
import datetime as dt
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casework import clock, people
from casework.cases import open_case
from casework.db import Database
from casework.key_rotation import rotate, status
from casework.keys import KeyStore
from casework.opening import OneOpenCase
from casework.sealing import seal, unseal
from casework.settings import Settings, SettingsFault, settings
from tests.casework.helpers import new_case, opening, rows
from tests.personas import PIET, somebody

NOW = dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)
CONTENT = b"Canary Name, born 1990-01-01"

KILLED = """
import os, signal, sys
from pathlib import Path
from casework.key_rotation import rotate
from casework.keys import KeyStore
from casework.settings import settings
def stop(done, total):
    if done >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
rotate(KeyStore(settings(home=Path(sys.argv[1]))), 3, stop)
"""


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return settings(home=tmp_path / "home")


def sealed_in(store: KeyStore, count: int) -> dict[str, bytes]:
    return {key_id: seal(store.sealer(key_id), CONTENT, b"x") for key_id in store.make(count, NOW)}


def all_open(store: KeyStore, sealed: dict[str, bytes]) -> bool:
    return all(unseal(store.sealer(key_id), content, b"x") == CONTENT for key_id, content in sealed.items())


@pytest.mark.parametrize("after", [0, 6])
def test_a_change_that_was_killed_half_way_is_finished_by_the_next(given: Settings, after: int) -> None:
    store = KeyStore(given)
    sealed = sealed_in(store, 20)
    ran = subprocess.run([sys.executable, "-c", KILLED, str(given.home), str(after)], env=os.environ, check=False)
    assert ran.returncode == -signal.SIGKILL
    found = status(KeyStore(given))
    assert found.unfinished and found.damaged == 0 and len(found.keys) == 2
    # Whoever worked meanwhile, and whoever comes new, reads both and writes with the new one.
    for process in (store, KeyStore(given)):
        assert all_open(process, sealed)
        sealed |= sealed_in(process, 2)
    done = rotate(KeyStore(given))
    assert done.resumed and done.version == 2 and done.damaged == 0
    assert status(store) == (([2]), 2, {2: 26}, 0, False, 0)
    assert all_open(KeyStore(given), sealed) and all_open(store, sealed)


def test_a_process_that_knows_only_the_old_master_key_loses_nothing(given: Settings) -> None:
    store, other = KeyStore(given), KeyStore(given)
    rotate(store)
    sealed = sealed_in(other, 1)
    assert status(store).keys == {2: 3}
    assert all_open(KeyStore(given), sealed)


def test_every_change_makes_a_new_version(given: Settings) -> None:
    store = KeyStore(given)
    sealed = sealed_in(store, 5)
    seen = set()
    for version in (2, 3, 4):
        seen.add((given.home / "master.key").read_text())
        done = rotate(store, portion=2)
        assert (done.version, done.wrapped, done.resumed) == (version, 7, False)
    assert len(seen) == 3 and (given.home / "master.key").read_text().startswith("4:")
    assert all_open(KeyStore(given), sealed)


def test_a_master_key_in_the_setting_is_changed_by_giving_both_to_everybody_first(tmp_path: Path) -> None:
    first, second = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    old = KeyStore(settings(home=tmp_path, master_key=first))
    sealed = sealed_in(old, 3)
    with pytest.raises(SettingsFault, match=r"SLUIS_MASTER_KEY: there is no newer version.*Remedy: add 2:BASE64"):
        rotate(old)
    both = KeyStore(settings(home=tmp_path, master_key=f"1:{first},2:{second}"))
    sealed |= sealed_in(both, 1)
    assert status(both).keys == {1: 6} and all_open(old, sealed)  # the newest is known, and does not wrap yet
    assert rotate(both).wrapped == 6
    assert all_open(KeyStore(settings(home=tmp_path, master_key=f"2:{second}")), sealed)


@pytest.mark.usefixtures("partnership")
def test_duplicates_are_found_after_the_master_key_was_changed(db: Database) -> None:
    clock.set_to(NOW)
    first = new_case(db, 1)
    before = people.name_index(db, somebody(1))
    rotate(db.keys)
    again = Database(db.settings)
    assert people.name_index(again, somebody(1)) == before
    same: tuple[tuple[int, dict[str, Any]], ...] = (
        (1, {}),
        (2, {"birth_date": somebody(1).birth_date, "family_name": "CANARYNAME1"}),
    )
    for number, given in same:
        with pytest.raises(OneOpenCase) as refused:
            open_case(again, PIET, opening(number, **given), f"the same person once more {number}")
        assert refused.value.ref == first.ref
    assert rows(db, "SELECT count(*) FROM person") == [(1,)]
    again.close()
