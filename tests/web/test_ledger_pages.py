"""Verifying the ledger from a page: in the background, told in plain words, also against a checkpoint kept elsewhere."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from casework import clock, jobs, ledger, proofs
from casework.db import Database
from casework.errors import NotAllowed
from protocol.errors import Refused
from tests.casework.helpers import T0, assigned_case, later, new_case, rows
from tests.personas import ANNA, CORA, FRANK, LENA
from tests.web.conftest import Browser

Choose = Callable[..., Browser]


def ended(db: Database, job: str) -> jobs.State:
    """The work, when it has ended."""
    until = time.monotonic() + 30
    while (found := jobs.find(db, job, proofs.VERIFY, proofs.CHECKPOINT)).status == "running":
        assert time.monotonic() < until, "the work does not end"
        time.sleep(0.05)
    return found


def tamper(db: Database) -> None:
    """Change the last byte of a case's first entry, behind the software's back."""
    with db.begin() as connection:
        names = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        (entry,) = connection.exec_driver_sql(
            "SELECT entry FROM ledger_entry WHERE stream LIKE 'case:%' AND seq = 1"
        ).one()
        changed = bytes(entry)[:-1] + bytes([bytes(entry)[-1] ^ 1])
        connection.exec_driver_sql(
            "UPDATE ledger_entry SET entry = ? WHERE stream LIKE 'case:%' AND seq = 1", (changed,)
        )


def test_an_intact_ledger_is_verified_and_the_verification_stands_in_it(partnership: Database) -> None:
    assigned_case(partnership)
    found = ended(partnership, proofs.start_verifying(partnership, ANNA, None, T0, state=True))
    assert found.status == "done" and found.job.result is not None
    assert found.job.result["intact"] is True and found.job.result["entries"] > 3
    with partnership.read() as tx:
        last = ledger.entries(tx, ledger.PARTNERSHIP)[-1]
    assert (last[0].command, last[0].by) == ("ledger_verified", "s-anna")


def test_a_checkpoint_is_signed_and_vouches_later(partnership: Database) -> None:
    assigned_case(partnership)
    signed = ended(partnership, proofs.start_signing(partnership, CORA, T0)).job.result
    assert signed is not None and json.loads(signed["signed"])["sluis_checkpoint"] == 2
    new_case(partnership, 2)
    given = signed["signed"].encode()
    found = ended(
        partnership, proofs.start_verifying(partnership, FRANK, given, later(hours=1), state=False)
    ).job.result
    assert found is not None and found["intact"] and found["checkpoint"]
    forged = given.replace(b'"entries": ', b'"entries": 1')
    found = ended(partnership, proofs.start_verifying(partnership, FRANK, forged, T0, state=False)).job.result
    assert found is not None and not found["intact"] and "not signed" in found["first_fault"]["fault"]


def test_only_those_who_watch_verify_and_one_at_a_time(partnership: Database) -> None:
    with pytest.raises(NotAllowed):
        proofs.start_verifying(partnership, LENA, None, T0, state=False)
    hold = [True]

    def work(_: jobs.Progress) -> dict[str, Any]:
        while hold[0]:
            time.sleep(0.01)
        return {"intact": True}

    first = jobs.start(partnership, proofs.VERIFY, CORA, work, T0)
    with pytest.raises(Refused, match="being done already"):
        proofs.start_verifying(partnership, CORA, None, T0, state=False)
    hold[0] = False
    assert ended(partnership, first).status == "done"


def test_work_that_fails_or_is_interrupted_is_told(partnership: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: jobs.Progress) -> dict[str, Any]:
        raise ValueError("Canaryname")

    found = ended(partnership, jobs.start(partnership, proofs.VERIFY, CORA, fails, T0))
    assert found.status == "failed" and found.job.result == {"failed": "ValueError"}
    hold = [True]

    def hangs(_: jobs.Progress) -> dict[str, Any]:
        while hold[0]:
            time.sleep(0.01)
        return {}

    job = jobs.start(partnership, proofs.VERIFY, CORA, hangs, T0)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "real_now", lambda now=clock.real_now: now() + 2 * jobs.SILENT)
        assert jobs.find(partnership, job, proofs.VERIFY).status == "interrupted"
    hold[0] = False
    ended(partnership, job)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_pages_say_what_was_checked_found_and_proved(db: Database, as_: Choose) -> None:
    assigned_case(db)
    browser = as_("s-frank")
    assert "Nobody verified the ledger" in browser.get("/ledger").text
    where = browser.post("/ledger", {"state": "1"}).headers["location"]
    ended(db, where.rpartition("/")[2])
    page = browser.get(where).text
    assert (
        page.count('role="status"') == 1
        and "Intact" in page
        and "Every case was rebuilt" in page
        and "Not proved without a checkpoint" in page
    )
    assert "Canary" not in page
    signing = browser.post("/ledger/checkpoint").headers["location"]
    ended(db, signing.rpartition("/")[2])
    file = browser.get(f"{signing}/checkpoint.json")
    assert file.headers["content-disposition"] == 'attachment; filename="sluis-checkpoint-2026-11-10.json"'
    token = browser.hidden(browser.get("/ledger").text, "token")
    answer = browser.client.post(
        "/ledger", data={"token": token}, files={"checkpoint": ("c.json", file.content)}, follow_redirects=False
    )
    ended(db, answer.headers["location"].rpartition("/")[2])
    assert "no stream is missing" in browser.get(answer.headers["location"]).text
    assert browser.get(f"{where}/checkpoint.json").status_code == 404
    assert as_("s-lena").get(where).status_code == 403


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_changed_entry_is_told_with_its_place_and_what_to_do(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    tamper(db)
    browser = as_("s-cora")
    where = browser.post("/ledger").headers["location"]
    ended(db, where.rpartition("/")[2])
    page = browser.get(where).text
    assert "Not intact" in page and "An entry was changed." in page and f"case:{ref}, entry 1" in page
    assert "Touch nothing" in page
    refused = browser.post("/ledger/checkpoint").headers["location"]
    ended(db, refused.rpartition("/")[2])
    assert "checkpoint.json" not in browser.get(refused).text
    assert rows(db, "SELECT count(*) FROM job") == [(2,)]
