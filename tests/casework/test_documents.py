"""Documents: sealed in their case, shown by kind and handling code, logged when opened, erased with the case."""

import contextlib
from pathlib import Path

import pytest

from casework import documents, erasure
from casework.backup import backup, restore
from casework.db import Database
from casework.documents import CHUNK_BYTES, New, Opened
from casework.errors import NotAllowed, NotFound
from casework.migrating import open_database
from casework.outcomes import refresh
from casework.reading import history
from casework.sealing import SealBroken
from casework.verify import verify
from protocol.commands import Actor
from protocol.errors import Refused
from tests.casework import file_examples as files
from tests.casework.helpers import T0, assigned_case, rows
from tests.casework.test_ledger import behind_its_back
from tests.personas import ANNA, CORA, DANA, DORA, FRANK, ILSE, LARS, LENA, MAYA, OMAR, PIET, YARA

pytestmark = pytest.mark.usefixtures("partnership")
LETTER = New("Letter of the Canary prison", "to plan the visit", "logistics")
LARGE = files.PDF[:-6] + b"% " + b"x" * (3 * CHUNK_BYTES) + b"\n%%EOF\n"


def add(
    db: Database, actor: Actor, ref: str, new: New = LETTER, content: bytes = files.PDF, command: str = "c1"
) -> str:
    return documents.add(db, actor, ref, new, "Canary letter.pdf", content, command, T0)


def test_a_document_comes_back_as_it_was_given(db: Database) -> None:
    ref = assigned_case(db).ref
    for number, content in enumerate((files.PDF, LARGE)):
        document = add(db, LENA, ref, content=content, command=f"c{number}")
        assert documents.opened(db, CORA, ref, document, T0) == Opened("Canary letter.pdf", "application/pdf", content)
    found = next(each for each in documents.listed(db, LENA, ref, T0).documents if each.id == document)
    assert (found.title, found.purpose, found.author, found.size) == (*LETTER[:2], "s-lena", len(LARGE))
    assert found.why and found.may_remove
    assert verify(db)["intact"]


def test_nothing_of_it_is_readable_in_the_database(db: Database, tmp_path: Path) -> None:
    ref = assigned_case(db).ref
    add(db, LENA, ref, content=b"Canarycontent of a letter\n")
    stored = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for table in ("document", "document_chunk", "ledger_entry", "access_entry")
        for row in rows(db, f"SELECT * FROM {table}")
        for value in row
    )
    assert b"Canary" not in stored and b"to plan" not in stored


def test_the_same_command_twice_adds_one_document(db: Database) -> None:
    ref = assigned_case(db).ref
    assert add(db, LENA, ref) == add(db, LENA, ref)
    assert rows(db, "SELECT count(*) FROM document") == [(1,)]
    other = assigned_case(db, 2).ref
    with pytest.raises(Refused, match="another case"):
        add(db, CORA, other)


def test_who_may_see_it_depends_on_kind_code_and_relation(db: Database) -> None:
    ref = assigned_case(db).ref
    add(db, LENA, ref, command="c1")
    add(db, LENA, ref, New("Plan", "x", "social_plan"), command="c2")
    add(db, LENA, ref, New("For Dora", "x", "social_plan", "named_only", ("s-dora",)), command="c3")
    add(db, PIET, ref, New("Permission", "x", "logistics"), command="c4")

    def titles(actor: Actor) -> set[str]:
        return {each.title for each in documents.listed(db, actor, ref, T0).documents}

    everything = {LETTER.title, "Plan", "For Dora", "Permission"}
    assert titles(LENA) == titles(DORA) == everything
    assert titles(CORA) == everything - {"For Dora"}
    assert titles(PIET) <= {LETTER.title, "Permission", "Plan"}
    for stranger in (LARS, OMAR, YARA, MAYA, DANA):
        with contextlib.suppress(NotFound):
            assert "For Dora" not in titles(stranger)


@pytest.mark.parametrize("stranger", [LARS, OMAR, YARA])
def test_a_document_of_a_strange_case_does_not_exist(db: Database, stranger: Actor) -> None:
    ref = assigned_case(db).ref
    document = add(db, LENA, ref)
    for attempt in (
        lambda: documents.listed(db, stranger, ref, T0),
        lambda: documents.opened(db, stranger, ref, document, T0),
        lambda: documents.remove(db, stranger, ref, document, "x", T0),
        lambda: add(db, stranger, ref, command="y"),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_document_is_not_found_through_another_case(db: Database) -> None:
    first, second = assigned_case(db, 1).ref, assigned_case(db, 2).ref
    document = add(db, LENA, first)
    with pytest.raises(NotFound):
        documents.opened(db, CORA, second, document, T0)
    with pytest.raises(NotFound):
        documents.remove(db, CORA, second, document, "x", T0)


def test_only_those_who_work_on_the_case_add_documents(db: Database) -> None:
    ref = assigned_case(db).ref
    for watcher in (FRANK, ANNA, MAYA, DANA):
        with pytest.raises((NotAllowed, NotFound)):
            add(db, watcher, ref, command=watcher.id)
    with pytest.raises(NotAllowed):
        add(db, PIET, ref, New("x", "x", "police_note"))
    assert rows(db, "SELECT count(*) FROM document") == [(0,)]


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (LETTER._replace(title=" "), "title"),
        (LETTER._replace(purpose="x" * 201), "purpose"),
        (LETTER._replace(title="two\nlines"), "title"),
        (LETTER._replace(handling="oral_only"), "handling"),
        (LETTER._replace(handling="named_only"), "named"),
    ],
)
def test_what_is_missing_is_named(db: Database, new: New, field: str) -> None:
    ref = assigned_case(db).ref
    with pytest.raises(Refused) as refused:
        add(db, LENA, ref, new)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_every_opening_is_in_the_read_log_also_one_that_was_refused(db: Database) -> None:
    ref = assigned_case(db).ref
    document = add(db, LENA, ref, LETTER._replace(handling="named_only", named=("s-dora",)))
    documents.opened(db, DORA, ref, document, T0)
    with pytest.raises(NotFound):
        documents.opened(db, ILSE, ref, document, T0)
    query = f"SELECT staff, allowed FROM access_entry WHERE what = 'document:{document}' ORDER BY id"
    assert [(who, bool(allowed)) for who, allowed in rows(db, query)] == [("s-dora", True), ("s-ilse", False)]


def test_a_document_that_was_removed_is_gone_and_its_entry_stays(db: Database) -> None:
    ref = assigned_case(db).ref
    document = add(db, LENA, ref)
    with pytest.raises(NotAllowed):
        documents.remove(db, PIET, ref, document, "x", T0)
    for _ in range(2):
        documents.remove(db, LENA, ref, document, "r1", T0)
    assert documents.listed(db, LENA, ref, T0).documents == []
    with pytest.raises(NotFound):
        documents.opened(db, LENA, ref, document, T0)
    assert rows(db, "SELECT count(*) FROM document_chunk") == [(0,)]
    assert verify(db)["intact"]
    refresh(db, T0)


def test_documents_are_erased_with_their_case_and_no_backup_brings_them_back(db: Database, tmp_path: Path) -> None:
    performed = assigned_case(db)
    document = add(db, LENA, performed.ref, content=LARGE)
    backup(db.settings, tmp_path / "backup")
    erasure.erase(db, performed.case_id, DANA, T0)
    for _ in ("erased", "restored"):
        assert rows(db, "SELECT sealed FROM document") == [(None,)]
        assert rows(db, "SELECT count(*) FROM document_chunk") == [(0,)]
        with pytest.raises(Refused, match="erased"):
            documents.opened(db, LENA, performed.ref, document, T0)
        with pytest.raises(Refused, match="erased"):
            add(db, LENA, performed.ref, command="late")
        db.close()
        restore(db.settings, tmp_path / "backup")
        db = open_database(db.settings)
    db.close()


SWAPS = {
    "pieces of one file": "UPDATE document_chunk SET sealed = (SELECT sealed FROM document_chunk WHERE n = 1) WHERE n = 0",
    "the last piece cut off": "DELETE FROM document_chunk WHERE n = 3",
    "said to be shorter": "UPDATE document SET chunks = 1",
}


@pytest.mark.parametrize("swap", SWAPS)
def test_a_file_whose_pieces_were_changed_does_not_open(db: Database, swap: str) -> None:
    ref = assigned_case(db).ref
    document = add(db, LENA, ref, content=LARGE)
    behind_its_back(db, SWAPS[swap])
    with pytest.raises(SealBroken):
        documents.opened(db, LENA, ref, document, T0)


def test_the_history_does_not_tell_that_a_document_was_added(db: Database) -> None:
    ref = assigned_case(db).ref
    before = history(db, PIET, ref, T0)
    add(db, LENA, ref, New("For Dora", "x", "social_plan", "named_only", ("s-dora",)))
    assert history(db, PIET, ref, T0) == before
