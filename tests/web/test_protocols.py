"""Versions of the protocol: read, compared, uploaded and proved, signed, and cases moved to them by decision."""

import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from casework import jobs, protocols, staff, versions
from casework.db import Database
from casework.errors import NotAllowed
from models.people import Organisation
from protocol import definitions
from protocol.aloud import aloud
from protocol.errors import Refused
from tests.casework.helpers import NOTIFY, T0, complete, later, new_case, rows
from tests.personas import CORA, DIRK
from tests.web.conftest import ADMINISTRATOR, BERT, Browser

Choose = Callable[..., Browser]
SMALL = (Path(__file__).parents[1] / "protocol" / "small_protocol.yaml").read_text("utf-8")
OUTREACH = (Path(definitions.__file__).parent / "outreach.yaml").read_text("utf-8")
TODAY = T0.date()


def draft(db: Database, number: str = "2026.2", **changes: str) -> str:
    """Another version of the protocol, as it stands after its check: a draft."""
    text = str(rows(db, "SELECT text FROM protocol_version WHERE key = 'mechelen'")[0][0])
    text = text.replace('version: "2026.1"', f'version: "{number}"', 1)
    for was, now in changes.items():
        assert was in text
        text = text.replace(was, now, 1)
    found = protocols.parsed(text, "draft.yaml")
    versions._keep(db, CORA, found, text, sha256(text.encode()).hexdigest(), T0)
    return number


def signing(db: Database, who: str, number: str = "2026.2", name: str = "Nora Bedacht") -> bool:
    version = versions.find(db, "mechelen", number)
    return versions.sign(db, CORA, version, versions.Signing(who, name, TODAY), TODAY, later(hours=2))


def newest(db: Database) -> tuple[str, str]:
    with db.read() as tx:
        found = protocols.newest(tx, db)
        return found.version, protocols.status(tx, found)


def test_a_draft_changes_nothing_until_it_is_applied(partnership: Database) -> None:
    draft(partnership)
    assert newest(partnership) == ("2026.1", "informal")
    with pytest.raises(NotAllowed):
        versions.apply_informally(partnership, DIRK, "mechelen", "2026.2", later(hours=1))
    versions.apply_informally(partnership, CORA, "mechelen", "2026.2", later(hours=1))
    assert newest(partnership) == ("2026.2", "informal")
    with pytest.raises(Refused, match="in force already"):
        versions.apply_informally(partnership, CORA, "mechelen", "2026.2", later(hours=1))


def test_a_version_is_approved_when_all_have_signed(partnership: Database) -> None:
    db = partnership
    staff.save_organisations(db, [Organisation(id="police", name="The police", kind="police")])
    draft(db)
    with pytest.raises(Refused, match="name organisations"):
        versions.ask_to_sign(db, CORA, "mechelen", "2026.2", ["nobody"], T0)
    versions.ask_to_sign(db, CORA, "mechelen", "2026.2", ["city", "police"], T0)
    assert signing(db, "city") is False
    assert newest(db) == ("2026.1", "informal")
    with pytest.raises(Refused, match="has signed"):
        signing(db, "city")
    with pytest.raises(Refused):
        signing(db, "police", name="")
    assert signing(db, "police") is True
    assert newest(db) == ("2026.2", "approved")
    told = str(rows(db, "SELECT entry FROM ledger_entry WHERE stream = 'partnership'"))
    assert "protocol_signed" in told and "protocol_approved" in told and "Nora" not in told


def test_a_step_is_read_aloud_with_owner_start_due_rule_and_source(partnership: Database) -> None:
    text = versions.text_of(partnership, "mechelen", "2026.1")
    spoken = {step.key: step for step in aloud(text, "en")}
    assert list(spoken) == list(text.steps)
    mandate = spoken["mandate"]
    assert (mandate.owner, mandate.after) == ("Coordinator", ("Notification",))
    assert [words for _, words in mandate.due] == ["1 working day after the notification"]
    assert mandate.second and "section 6" in mandate.source
    contact = dict(spoken["contact"].due)
    assert contact["Long notice"].startswith("10 working days") and contact["Short notice"].startswith("2 working days")


def ended(db: Database, where: str) -> jobs.State:
    until = time.monotonic() + 60
    while (found := jobs.find(db, where.rpartition("/")[2], versions.CHECK)).status == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


def upload(browser: Browser, text: str) -> Any:
    token = browser.hidden(browser.get("/protocols/new").text, "token")
    file = {"file": ("new.yaml", text.encode())}
    return browser.client.post("/protocols/new", data={"token": token}, files=file, follow_redirects=False)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_an_uploaded_file_is_proved_before_it_becomes_a_draft(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    sound = OUTREACH.replace('version: "2026.1"', 'version: "2026.9"')
    answer = upload(browser, sound)
    assert answer.status_code == 303, answer.text
    found = ended(db, answer.headers["location"])
    assert found.job.result is not None and found.job.result["sound"], found.job.result
    page = browser.get(answer.headers["location"]).text
    assert "Sound" in page and "It is a draft now." in page
    kept = [each for each in versions.every(db) if each.status == "draft"]
    assert [(each.key, each.in_force_at) for each in kept] == [(found.job.result["key"], None)]
    again = upload(browser, sound)
    assert again.status_code == 422 and "version number exists already" in again.text


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_file_that_is_not_sound_is_not_kept_and_says_why(db: Database, as_: Choose) -> None:
    browser = as_("s-cora")
    answer = upload(browser, SMALL)
    found = ended(db, answer.headers["location"])
    assert found.job.result is not None and not found.job.result["sound"]
    page = browser.get(answer.headers["location"]).text
    assert "Not sound; nothing was kept" in page and "conditional" in page
    assert [each.version for each in versions.every(db) if each.status == "draft"] == []


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_file_with_faults_is_refused_with_line_rule_and_remedy(db: Database, as_: Choose) -> None:
    browser = as_("s-cora")
    before = rows(db, "SELECT count(*) FROM protocol_version")
    broken = SMALL.replace("owner: ", "owner: nobody_", 1)
    answer = upload(browser, broken)
    line = broken[: broken.index("owner: nobody_")].count("\n") + 1
    assert answer.status_code == 422 and f"<div>{line}</div>" in answer.text and "nobody_" in answer.text
    assert upload(browser, "").status_code == 422
    assert browser.client.post(
        "/protocols/new", data={"token": browser.hidden(browser.get("/protocols/new").text, "token")},
        files={"file": ("x.yaml", b"\xff\xfe")}, follow_redirects=False,
    ).status_code == 422  # fmt: skip
    assert rows(db, "SELECT count(*) FROM protocol_version") == before


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_versions_are_listed_read_compared_and_signed(db: Database, as_: Choose) -> None:
    draft(db, **{"working_days: 1, after: notification": "working_days: 2, after: notification"})
    browser = as_("s-cora")
    page = browser.get("/protocols").text
    assert "2026.2" in page and "draft" in page and "applied informally" in page
    compared = browser.get("/protocols/mechelen/2026.2/compare?to=2026.1").text
    assert "instead of 1" in compared and "For running cases:" in compared
    where = "/protocols/mechelen/2026.2"
    assert browser.post(f"{where}/informal").status_code == 303
    assert browser.post(f"{where}/signatories", {"organisations": ["city"]}).status_code == 303
    wrong = browser.post(f"{where}/sign", {"organisation": "city", "name": "", "signed_on": "2026-11-10"})
    assert wrong.status_code == 422 and "must be filled in" in wrong.text
    done = browser.post(f"{where}/sign", {"organisation": "city", "name": "Nora Bedacht", "signed_on": "10/11/2026"})
    assert done.status_code == 303
    page = browser.get(where).text
    assert "approved" in page and "Nora Bedacht" in page
    assert "awaits approval" not in browser.get("/overview").text
    assert browser.get("/protocols/mechelen/1999").status_code == 404


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_running_cases_move_by_decision_after_what_changes_was_shown(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    draft(db, **{"due: {working_days: 1, after: notification}": "due: {working_days: 3, after: notification}"})
    browser, where = as_("s-cora"), "/protocols/mechelen/2026.2/move"
    assert "No running case follows another version." in browser.get(where).text
    versions.apply_informally(db, CORA, "mechelen", "2026.2", T0)
    page = browser.get(where).text
    assert ref in page and "becomes" in page
    followed = "SELECT protocol_version FROM release_case"
    wrong = browser.post(where, {"case": ref, "reason": " "})
    assert wrong.status_code == 422 and "Give the reason" in wrong.text
    assert browser.post(where, {"reason": "agreed"}).status_code == 422
    assert rows(db, followed) == [("2026.1",)]
    command = browser.hidden(page, "command")
    for _ in range(2):
        assert (
            browser.post(where, {"case": ref, "reason": "Agreed on 9 November", "command": command}).status_code == 303
        )
    assert rows(db, followed) == [("2026.2",)]
    assert BERT.roles == ("administrator",) and as_(ADMINISTRATOR).get(where).status_code == 403
