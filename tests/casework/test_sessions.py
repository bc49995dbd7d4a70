"""Sessions in the database itself, on both engines: begun, found, confirmed, ended."""

import datetime as dt
from pathlib import Path

import pytest

from casework import accounts, clock, own_account, sessions, staff
from casework.backup import backup, restore
from casework.db import Database
from casework.upgrade import open_database
from tests.casework.helpers import T0, rows
from tests.personas import CORA, LENA

pytestmark = pytest.mark.usefixtures("partnership")
REAL = clock.real_now()


def begun(db: Database, **more: str) -> str:
    return sessions.begin(db, staff.find(db, LENA.id), "password", real=REAL, **more)  # type: ignore[arg-type]


def test_a_session_is_found_by_its_cookie_alone(db: Database) -> None:
    secret = begun(db, language="fr", device="Firefox · Linux")
    found = sessions.find(db, secret, REAL)
    assert found is not None and found.member.id == LENA.id and found.member.roles == ["lead_worker"]
    assert (found.language, found.device, found.how, found.stage) == ("fr", "Firefox · Linux", "password", "open")
    assert sessions.find(db, secret[:-1] + ("A" if secret[-1] != "A" else "B"), REAL) is None


def test_a_confirmed_session_goes_on_under_a_new_id_with_its_forms(db: Database) -> None:
    secret = begun(db)
    before = sessions.find(db, secret, REAL)
    assert before is not None
    later = REAL + dt.timedelta(minutes=11)
    assert not before.is_confirmed(later)
    fresh = sessions.confirm(db, before.digest, later)
    assert fresh is not None and sessions.find(db, secret, later) is None
    after = sessions.find(db, fresh, later)
    assert after is not None and after.is_confirmed(later) and (after.form, after.ref) == (before.form, before.ref)
    assert sessions.confirm(db, before.digest, later) is None, "the old id is gone"


def test_a_session_that_is_used_is_written_once_a_minute(db: Database) -> None:
    secret = begun(db)
    for seconds, seen in ((30, 0), (60, 60), (90, 60), (121, 121)):
        sessions.find(db, secret, REAL + dt.timedelta(seconds=seconds))
        found = sessions.find(db, secret, REAL + dt.timedelta(seconds=seconds))
        assert found is not None and found.seen_at == REAL + dt.timedelta(seconds=seen)


def test_own_sessions_are_listed_and_ended_one_by_one_or_all_at_once(db: Database) -> None:
    first, second, third = begun(db), begun(db), begun(db)
    lines = sessions.of(db, LENA.id, REAL)
    assert len(lines) == 3
    found = sessions.find(db, first, REAL)
    assert found is not None
    sessions.end_one(db, "s-lars", found.ref)
    assert sessions.find(db, first, REAL) is not None, "not one's own"
    sessions.end_one(db, LENA.id, found.ref)
    assert sessions.find(db, first, REAL) is None
    kept = sessions.find(db, second, REAL)
    assert kept is not None
    with db.write() as tx:
        sessions.end_all(tx, LENA.id, kept.digest)
    assert sessions.find(db, third, REAL) is None and sessions.find(db, second, REAL) is not None


def test_a_challenge_is_taken_once(db: Database) -> None:
    found = sessions.find(db, begun(db), REAL)
    assert found is not None
    sessions.challenge(db, found.digest, b"c" * 32)
    assert [sessions.take_challenge(db, found.digest, b"c" * 32) for _ in range(2)] == [True, False]


def test_old_sessions_are_swept_when_somebody_signs_in(db: Database) -> None:
    begun(db)
    member = staff.find(db, LENA.id)
    sessions.begin(db, member, "password", real=REAL + dt.timedelta(hours=13))
    assert rows(db, "SELECT count(*) FROM web_session") == [(1,)]


def test_an_old_backup_brings_no_session_and_no_link_back(db: Database, tmp_path: Path) -> None:
    secret, link = begun(db), accounts.invite(db, CORA, "s-lars", T0).path.split("/")[-1]
    backup(db.settings, tmp_path / "backup")
    db.close()
    restore(db.settings, tmp_path / "backup")
    again = open_database(db.settings)
    assert sessions.find(again, secret, REAL) is None
    assert own_account.of_link(again, link, REAL) is None
    again.close()
