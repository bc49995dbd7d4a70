"""What a superuser changes behind its back, `ledger verify --checkpoint` finds; what nobody touched is clean."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework import documents, erasure
from casework.cases import perform
from casework.db import Database
from casework.documents import New
from casework.reading import case_for
from casework.verify import checkpoint, verify
from protocol.commands import AssignStep
from tests.casework import file_examples as files
from tests.casework.helpers import T0, assigned_case, mandated_case, new_case
from tests.casework.tampering import Tamperer, found_in, lived_in
from tests.conftest import PostgresServer
from tests.personas import DANA, DORA, LENA

pytestmark = pytest.mark.usefixtures("partnership")
TIMES = 60


def superuser(db: Database, request: pytest.FixtureRequest) -> str | None:
    if db.kind == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = sa.make_url(db.settings.database_url or "").database
    assert name is not None
    return server.url(name).replace("+psycopg", "")


@pytest.fixture
def tamperer(db: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Tamperer]:
    lived_in(db, tmp_path / "checkpoint.json")
    made = Tamperer(db, superuser(db, request), seed=getattr(request, "param", 1))
    yield made
    made.close()


@pytest.mark.parametrize("tamperer", [2026], indirect=True)
def test_random_tampering_by_a_superuser_is_found_and_what_is_put_back_is_clean(
    db: Database, tmp_path: Path, tamperer: Tamperer
) -> None:
    file = tmp_path / "checkpoint.json"
    assert verify(db, file, state=True)["intact"]
    assert list(found_in(db, file, tamperer, TIMES)) == []


IN_ROWS = {
    "a lead worker is replaced": "UPDATE release_case SET lead = 's-omar' WHERE id = 1",
    "somebody is given a relation": "INSERT INTO case_member SELECT 1, 's-omar', 'named', since FROM case_member LIMIT 1",
    "a step is done that was not": "UPDATE step SET status = 'done', is_open = (1 = 0) WHERE case_id = 1 AND is_open",
    "a due day is moved": "UPDATE step SET due_on = '2027-05-05' WHERE case_id = 3 AND occurrence LIKE 'contact%'",
    "a handling code is weakened": "UPDATE document SET handling = 'safety' WHERE case_id = 1",
    "an older state is put back": "UPDATE release_case SET snapshot = (SELECT snapshot FROM release_case WHERE id = 3) WHERE id = 1",
    "a moved case's step": "UPDATE step SET due_on = '2027-05-05' WHERE case_id = 2 AND occurrence LIKE 'contact%'",
    "a moved case's file": "UPDATE document SET named = '[\"s-omar\"]' WHERE case_id = 2",
    "a read is hidden": "DELETE FROM access_entry WHERE staff = 's-lena'",
    "a read is blamed on another": "UPDATE access_entry SET staff = 's-omar' WHERE staff = 's-lena'",
}


@pytest.mark.parametrize("what", IN_ROWS)
def test_an_edit_of_rows_is_found(db: Database, tmp_path: Path, tamperer: Tamperer, what: str) -> None:
    assert tamperer.run(IN_ROWS[what]).rowcount > 0
    assert verify(db)["intact"]  # the chain alone knows nothing of rows
    fault = verify(db, tmp_path / "checkpoint.json")["first_fault"]
    assert fault is not None and fault["stream"] and fault["fault"]
    if "read" not in what and "handling" not in what and "relation" not in what and "older" not in what:
        assert not verify(db, state=True)["intact"]  # a replay tells it without a checkpoint


def test_ordinary_work_after_a_checkpoint_raises_no_alarm(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.json"
    for number in (1, 2, 3, 4, 5):
        assigned_case(db, number)
    checkpoint(db, file, T0)
    for turn, lead in enumerate(("s-dora", "s-lena") * 7):
        perform(db, LENA, "2026-001", AssignStep(id="contact#1", staff=lead), f"turn-{turn}", T0)
    added = documents.add(db, LENA, "2026-002", New("x", "y", "logistics"), "a.pdf", files.PDF, "a", T0)
    documents.remove(db, LENA, "2026-002", added, "r", T0)
    case_for(db, DORA, "2026-003", T0)
    new_case(db, 6)
    mandated_case(db, 7)
    assert verify(db, file, state=True) | {"streams": 0, "entries": 0} == {
        "streams": 0, "entries": 0, "intact": True, "first_fault": None,
    }  # fmt: skip


def test_an_erasure_after_a_checkpoint_raises_no_alarm_and_what_came_back_does(
    db: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:

    file = tmp_path / "checkpoint.json"
    performed = assigned_case(db, 1)
    checkpoint(db, file, T0)
    erasure.erase(db, performed.case_id, DANA, T0)
    assert verify(db, file, state=True)["intact"]
    tamperer = Tamperer(db, superuser(db, request), 1)
    tamperer.run("INSERT INTO case_member VALUES (1, 's-lena', 'lead', '2026-11-10 08:00:00')")
    assert not verify(db, file)["intact"]
    tamperer.put_back()
    tamperer.run("DELETE FROM tombstone")
    tamperer.run(
        "INSERT INTO tombstone (key_id, case_id, erased_at, by) VALUES ('forged', 1, '2026-11-10 08:00:00', '')"
    )
    assert not verify(db, file)["intact"]
    tamperer.close()


def test_a_checkpoint_of_other_rows_is_not_signed(db: Database, tmp_path: Path) -> None:

    file = tmp_path / "checkpoint.json"
    assigned_case(db)
    checkpoint(db, file, T0)
    written = json.loads(file.read_text())
    written["rows"]["cases"]["1"][1] = "00"
    file.write_text(json.dumps(written))
    fault = verify(db, file)["first_fault"]
    assert fault is not None and "not signed" in fault["fault"]
