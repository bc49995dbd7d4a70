"""After an erasure a signed certificate stays, that names nobody, for those who watch over erasures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from casework import documents, erasure
from casework.backup import backup, restore
from casework.certificates import certificate
from casework.db import Database
from casework.documents import New
from casework.errors import NotFound
from casework.migrating import open_database
from casework.verify import checkpoint, verify
from protocol.commands import Actor
from tests.casework import file_examples as files
from tests.casework.helpers import T0, assigned_case, rows
from tests.personas import ANNA, CORA, DANA, FRANK, LENA, OMAR, PIET

pytestmark = pytest.mark.usefixtures("partnership")


def erased(db: Database, number: int = 1) -> str:
    performed = assigned_case(db, number)
    documents.add(db, LENA, performed.ref, New("Letter", "x", "logistics"), "a.pdf", files.PDF, f"a{number}", T0)
    erasure.erase(db, performed.case_id, DANA, T0, "request")
    return performed.ref


def test_a_certificate_says_what_when_by_whom_and_why_and_anybody_can_check_it(db: Database) -> None:
    ref = erased(db)
    found = certificate(db, DANA, ref, T0)
    assert (found.ref, found.erased_at, found.by, found.ground) == (ref, T0, "s-dana", "request")
    assert [each.what for each in found.erased] == ["case", "person"]
    assert found.documents == 1 and found.entries == rows(db, "SELECT head_seq FROM release_case")[0][0]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found.public_key))
    for each in found.erased:
        key.verify(bytes.fromhex(each.signature), each.words.encode())
    assert "Canary" not in str(found) and "REF-" not in str(found)
    assert verify(db)["intact"]


@pytest.mark.parametrize("watcher", [CORA, DANA, FRANK, ANNA])
def test_those_who_watch_over_erasures_see_it(db: Database, watcher: Actor) -> None:
    assert certificate(db, watcher, erased(db), T0).ground == "request"
    assert rows(db, "SELECT staff FROM access_entry WHERE what = 'certificate'") == [(watcher.id,)]


@pytest.mark.parametrize("stranger", [LENA, PIET, OMAR])
def test_others_do_not_and_a_case_that_is_there_has_none(db: Database, stranger: Actor) -> None:
    ref, there = erased(db), assigned_case(db, 2).ref
    for actor, which in ((stranger, ref), (DANA, there)):
        with pytest.raises(NotFound):
            certificate(db, actor, which, T0)


def test_a_certificate_outlives_the_restore_of_an_older_backup(db: Database, tmp_path: Path) -> None:
    performed = assigned_case(db)
    checkpoint(db, tmp_path / "checkpoint", T0)
    backup(db.settings, tmp_path / "backup")
    erasure.erase(db, performed.case_id, DANA, T0)
    before = certificate(db, DANA, performed.ref, T0)
    db.close()
    restore(db.settings, tmp_path / "backup")
    again = open_database(db.settings)
    after = certificate(again, DANA, performed.ref, T0)
    assert after._replace(entries=0, last_hash="") == before._replace(entries=0, last_hash="")
    assert verify(again, tmp_path / "checkpoint", state=True)["intact"]
    again.close()


def test_the_command_shows_it(db: Database) -> None:
    if db.kind != "sqlite":
        pytest.skip("the command is the same on both")
    ref = erased(db)
    ran = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "case", "show", ref],
        env={**os.environ, "SLUIS_HOME": str(db.settings.home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert f"Case {ref} was erased on 2026-" in ran.stdout and "ground: request" in ran.stdout
