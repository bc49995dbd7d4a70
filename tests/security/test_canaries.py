"""Canaries: words planted in one rich case. Who may not see them finds them nowhere; nothing brings them back.

Searched: every page of everybody, files and calendars, answers that refuse, addresses, logs, mails, every column of
the database as the software reads it, a backup, and, after the erasure, all of it again. What Prefect keeps is
searched in tests/flows/test_running.py.
"""

import asyncio
import gzip
import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from pypdf import PdfReader

from casework import clock, drafts, erasure, keys, staff
from casework.automatic import sending
from casework.backup import backup, restore
from casework.db import Database
from casework.loading import load
from casework.states import key_of
from casework.upgrade import open_database
from casework.verify import verify
from models.base import METADATA
from models.people import Staff
from protocol.commands import SYSTEM
from tests.casework.helpers import T0, assigned_case, complete, later
from tests.flows.partnership import prepared
from tests.flows.prefect_server import free_port
from tests.flows.test_mail_server import Postbox
from tests.personas import ADDED, ILSE, LENA
from tests.web.conftest import ADMINISTRATOR, Browser
from tests.web.test_documents import send
from tests.web.test_privacy import EVERYBODY, everything
from tests.web.test_sharing_pages import PROPOSAL

Choose = Callable[..., Browser]
TEAM = {"s-cora", "s-dirk", "s-lena", "s-dora"}
NAMED = TEAM | {"s-ilse", "s-piet"}
AUDIENCE: dict[str, set[str]] = {
    "Canaryname1": NAMED,
    "Robin": NAMED,
    "REF-0001": NAMED,
    "Canaryfact": TEAM,
    "Canaryopinion": TEAM,
    "Canaryshare": {"s-ilse", "s-sara", "s-lena"},
    "Canarytitle": TEAM,
    "Canaryfile": TEAM,
    "Canarydraft": {"s-lena"},
    "Canaryreason": set(),
    "Canaryemergency": set(),
}
"""each planted word, and at most whom a page may show it"""
SEEN_BY = {"Canaryname1": "s-lena", "Canaryfact": "s-dora", "Canaryshare": "s-lena", "Canarytitle": "s-cora"}
"""some of those who must find it, so that the search proves something"""


@pytest.fixture
def planted(db: Database, as_: Choose) -> SimpleNamespace:
    """A case in which everything that people can write holds a canary."""
    members = [Staff(**{**one.model_dump(), "email": f"{one.id}@example.org"}) for one in staff.everybody(db)]
    staff.save(db, members, SYSTEM, at=ADDED)
    case = assigned_case(db)
    ref = case.ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    lena = as_("s-lena")
    fact = {"f.how": "call", "f.with_whom": "person", "f.facts": "Canaryfact", "f.opinion": "Canaryopinion"}
    assert lena.post(f"/cases/{ref}/report/contact_noted", {**fact, "occurred_on": "2026-11-10"}).status_code == 303
    assert (
        send(
            lena, ref, b"Geachte collega,\nCanaryfile\n", name="brief.txt", title="Canarytitle", item="social_plan"
        ).status_code
        == 303
    )
    sharing = {**PROPOSAL, "f.item": "Canaryshare", "f.recipients": ["s-lena"]}
    assert as_("s-ilse").post(f"/cases/{ref}/steps/share/complete", sharing).status_code == 303
    assert as_("s-sara").post(f"/cases/{ref}/steps/share/decide", {"agree": "yes"}).status_code == 303
    drafts.save(db, LENA, ref, "contact#1", {"offers": "Canarydraft", "note": "Canarydraft"}, T0)
    yara = as_("s-yara")
    command = yara.hidden(yara.get("/emergency").text, "command")
    answer = yara.post("/emergency", {"ref": ref, "f.reason": "Canaryemergency", "command": command})
    assert answer.status_code == 303
    clock.set_to(later(days=2))  # the emergency access of Yara is over
    return SimpleNamespace(ref=ref, id=case.case_id)


def words_in(answer: Any) -> str:
    """What a person reads in an answer: a page, a sheet, a PDF, a calendar."""
    kind = answer.headers.get("content-type", "")
    if "pdf" in kind:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    if "sheet" in kind:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as sheet:
            return "\n".join(sheet.read(name).decode("utf-8", "replace") for name in sheet.namelist())
    return str(answer.text)


def everything_of(browser: Browser, ref: str) -> dict[str, str]:
    """Every page by links, and what somebody would try by hand."""
    found = everything(browser)
    step = f"/cases/{ref}/steps/contact.1"
    tried = (
        f"/cases/{ref}", f"/cases/{ref}/contacts", f"/cases/{ref}/documents", f"/cases/{ref}/copy", "/shared/1", step,
        f"/cases/{ref}/steps/share", f"/cases/{ref}/paper/plan.pdf", f"/cases/{ref}/steps/mandate/correct",
        "/compliance.xlsx", "/compliance.pdf", f"/cases/{ref}/documents/1", "/mayor", "/urgent", "/reading",
    )  # fmt: skip
    pages = {path: words_in(answer) for path, answer in found.items()}
    pages |= {path: words_in(browser.get(path)) for path in tried if path not in pages}
    pages["refused"] = words_in(browser.post(f"{step}/complete", {"occurred_on": "soon"}))
    pages["search"] = words_in(browser.post("/search", {"q": "Canaryn"}))
    return pages


def columns(db: Database) -> Iterator[tuple[str, str]]:
    """Every value of the database, as the software itself reads it."""
    with db.session() as session:
        for table in METADATA.sorted_tables:
            for row in session.execute(sa.select(*table.columns)):
                for column, value in zip(table.columns, row, strict=True):
                    text = bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value)
                    yield f"{table.name}.{column.name}", text


def hits(texts: Any) -> list[tuple[str, str]]:
    return [(where, word) for where, text in texts for word in AUDIENCE if word in text]


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_what_is_planted_is_found_by_its_audience_and_by_nobody_else(
    db: Database, as_: Choose, planted: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        shown = {who: everything_of(as_(who), planted.ref) for who in EVERYBODY}
    assert ADMINISTRATOR in shown
    found = {(word, who) for who, pages in shown.items() for _, word in hits(pages.items())}
    assert {pair for pair in found if pair[1] not in AUDIENCE[pair[0]]} == set()
    assert found >= set(SEEN_BY.items())
    assert hits((path, path) for pages in shown.values() for path in pages) == [], "nothing in addresses"
    assert hits([("log", caplog.text)]) == []


def test_the_database_holds_no_word_of_it_in_the_open(db: Database, planted: SimpleNamespace) -> None:
    assert hits(columns(db)) == []


def test_mails_and_calendars_carry_no_word_of_it(
    db: Database, as_: Choose, planted: SimpleNamespace, anonymous: Browser
) -> None:
    prepared(db)
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        clock.set_to(later(days=8))
        prepared(db)
        for who in sending.people_waiting(db, clock.now()):
            for parcel in sending.pack(db, who, clock.now()):
                asyncio.run(sending.send(db, parcel, f"smtp://127.0.0.1:{server.port}", "https://sluis.example.org"))
    finally:
        server.stop()
    assert box.mails
    assert hits((str(mail["to"]), mail.as_string()) for mail in box.mails) == []
    for who in ("s-lena", "s-cora"):
        page = as_(who).post("/calendar").text
        address = re.search(r"/calendar/[\w-]+\.ics", page)
        assert address is not None
        calendar = anonymous.get(address[0]).text
        assert planted.ref in calendar and hits([(who, calendar)]) == []


def test_after_the_erasure_nothing_brings_it_back(
    db: Database, as_: Choose, planted: SimpleNamespace, tmp_path: Path
) -> None:
    old = tmp_path / "before"
    backup(db.settings, old)
    assert erasure.erase(db, planted.id, SYSTEM, clock.now())
    shown = {who: everything_of(as_(who), planted.ref) for who in EVERYBODY}
    assert [hit for pages in shown.values() for hit in hits(pages.items())] == []
    assert hits(columns(db)) == []
    new = tmp_path / "after"
    backup(db.settings, new)
    for file in (old, new):
        content = file.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        assert hits([(file.name, content.decode("latin-1"))]) == []
    db.close()
    assert restore(db.settings, old).erased >= 1
    again = open_database(db.settings)
    try:
        assert hits(columns(again)) == [] and verify(again)["intact"]
        with again.read() as tx, pytest.raises(keys.KeyGone):
            key_of(again, load(tx, planted.id, SYSTEM, lock=False).key_id)
    finally:
        again.close()
