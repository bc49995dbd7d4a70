"""Sharing by decision: the text as decided, to the named alone, until the day that was said or until it is taken back."""

import datetime as dt
import json
from pathlib import Path

import pytest

from casework import documents, sharing
from casework.automatic import information
from casework.cases import perform
from casework.compliance import table
from casework.db import Database
from casework.erasure import erase
from casework.errors import NotFound
from casework.outcomes import refresh
from casework.verify import checkpoint, verify
from protocol.commands import SYSTEM, Actor, DecideSecond
from protocol.errors import Refused
from tests.casework.helpers import T0, assigned_case, complete, later, rows
from tests.personas import CORA, DORA, ILSE, LARS, LENA, OMAR, PAUL, SARA

pytestmark = pytest.mark.usefixtures("partnership")
TEXT = "Canarysecret: keep the visit to the agreed room"
PROPOSAL = {
    "decision": "shared", "item": TEXT, "recipients": ["s-lena", "s-dora"], "ground": "case_consultation",
    "code": "named_only", "expires_on": "2026-12-31",
}  # fmt: skip
DECIDED = later(hours=2)


def proposed(db: Database, **changed: object) -> str:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    complete(db, ILSE, ref, "share", {**PROPOSAL, **changed}, later(hours=1))
    return ref


def decided(db: Database, ref: str, agree: bool = True, **narrowed: object) -> None:
    command = DecideSecond(id="share", agree=agree, occurred_on=T0.date(), narrowed=narrowed)
    perform(db, SARA, ref, command, f"{ref}-share-second", DECIDED)


def theirs(db: Database, who: Actor, at: dt.datetime = DECIDED) -> list[int]:
    return [item.id for item in sharing.with_me(db, who, at)]


def test_the_named_read_the_text_as_decided_and_nobody_else_knows(db: Database) -> None:
    ref = proposed(db)
    assert theirs(db, LENA) == []
    decided(db, ref)
    (item,) = theirs(db, LENA)
    found = sharing.opened(db, LENA, item, DECIDED)
    assert (found.text, found.item.author, found.may_print, found.saw) == (TEXT, "s-ilse", False, ())
    assert found.why == "Only who is named as recipient."
    assert sharing.opened(db, DORA, item, DECIDED).text == TEXT
    for nobody in (CORA, LARS, OMAR, PAUL):
        assert theirs(db, nobody) == []
        with pytest.raises(NotFound):
            sharing.opened(db, nobody, item, DECIDED)


def test_the_second_may_share_less_and_never_more(db: Database) -> None:
    ref = proposed(db)
    for more in (
        {"item": TEXT + " and much more"}, {"recipients": ["s-lena", "s-omar"]}, {"expires_on": "2027-06-30"},
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            decided(db, ref, **more)
        assert refused.value.rule == "share.more"
    with pytest.raises(Refused, match="only the text, the recipients and the end"):
        decided(db, ref, code="case_team")
    decided(db, ref, item="Agreed room", recipients=["s-lena"], expires_on="2026-11-30")
    (item,) = theirs(db, LENA)
    assert sharing.opened(db, LENA, item, DECIDED).text == "Agreed room"
    assert theirs(db, DORA) == []
    assert theirs(db, LENA, dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)) == [item]
    assert theirs(db, LENA, dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)) == []


def test_the_author_cannot_approve_nor_can_their_service(db: Database) -> None:
    ref = proposed(db)
    colleague = Actor(id="s-paul", roles=("coordinator",), service="police")
    for who in (Actor(id="s-ilse", roles=("coordinator",), service="police"), colleague):
        with pytest.raises(Refused) as refused:
            perform(db, who, ref, DecideSecond(id="share", agree=True, occurred_on=T0.date()), "x", DECIDED)
        assert refused.value.rule == "step.four-eyes"
    assert theirs(db, LENA) == []


def test_declined_is_a_normal_end_and_releases_nothing(db: Database) -> None:
    ref = proposed(db)
    decided(db, ref, agree=False)
    assert theirs(db, LENA) == [] and rows(db, "SELECT count(*) FROM item") == [(0,)]


def test_expiry_and_recall_count_at_once(db: Database) -> None:
    ref = proposed(db)
    decided(db, ref)
    (item,) = theirs(db, LENA)
    after = dt.datetime(2027, 1, 1, 9, tzinfo=dt.UTC)
    with pytest.raises(NotFound):
        sharing.opened(db, LENA, item, after)
    assert sharing.opened(db, ILSE, item, after).item.state == "ended"
    with pytest.raises(NotFound):
        sharing.recall(db, LARS, item, "r0", DECIDED)
    with pytest.raises(Refused, match="proposed or decided"):
        sharing.recall(db, LENA, item, "r1", DECIDED)
    sharing.recall(db, ILSE, item, "r2", DECIDED)
    sharing.recall(db, ILSE, item, "r2", DECIDED)
    assert theirs(db, LENA) == [] and sharing.opened(db, ILSE, item, DECIDED).item.state == "recalled"
    with pytest.raises(NotFound):
        sharing.opened(db, LENA, item, DECIDED)
    assert rows(db, "SELECT count(*) FROM case_member WHERE relation = 'named'") == [(0,)]
    assert verify(db)["intact"]


def test_who_shared_it_sees_who_read_it(db: Database) -> None:
    ref = proposed(db)
    decided(db, ref)
    (item,) = theirs(db, LENA)
    assert sharing.opened(db, ILSE, item, DECIDED).saw == ()
    sharing.opened(db, LENA, item, DECIDED)
    assert [who for who, _ in sharing.opened(db, ILSE, item, DECIDED).saw] == ["s-lena"]
    assert [who for who, _ in sharing.opened(db, SARA, item, DECIDED).saw] == ["s-lena"]
    assert [each.state for each in sharing.by_me(db, ILSE, DECIDED)] == ["running"]


def test_oral_only_is_never_shown_to_those_it_was_told_to(db: Database) -> None:
    ref = proposed(db, code="oral_only")
    decided(db, ref)
    assert theirs(db, LENA) == []
    with pytest.raises(NotFound):
        sharing.opened(db, LENA, 1, DECIDED)


def test_being_named_for_an_item_opens_no_document_of_others(db: Database) -> None:
    ref = proposed(db)
    decided(db, ref)
    new = documents.New("Letter", "for the coordinator", "social_plan", "named_only", ("s-cora",))
    documents.add(db, DORA, ref, new, "letter.txt", b"Canary letter", "doc", DECIDED)
    assert documents.listed(db, LENA, ref, DECIDED).documents == []
    assert len(documents.listed(db, CORA, ref, DECIDED).documents) == 1


def test_what_was_shared_goes_with_the_case(db: Database) -> None:
    ref = proposed(db)
    decided(db, ref)
    (item,) = theirs(db, LENA)
    erase(db, 1, SYSTEM, DECIDED)
    assert theirs(db, LENA) == []
    with pytest.raises(NotFound):
        sharing.opened(db, LENA, item, DECIDED)
    assert verify(db)["intact"]
    stored = json.dumps([str(row) for row in rows(db, "SELECT * FROM item")])
    assert "Canarysecret" not in stored


@pytest.mark.parametrize("what", ["open", "declined", "shared"])
def test_no_figure_tells_how_a_sharing_decision_came_out(db: Database, what: str) -> None:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    late = dt.datetime(2026, 12, 20, 9, tzinfo=dt.UTC)
    if what != "open":
        complete(db, ILSE, ref, "share", {**PROPOSAL, "expires_on": "2027-01-31"}, late)
        command = DecideSecond(id="share", agree=what == "shared", occurred_on=late.date())
        perform(db, SARA, ref, command, "second", late)
    refresh(db, late)
    (line,) = [line for line in table(db, CORA, T0.date(), late.date(), "mechelen", late) if line.step == "share"]
    assert (line.expected, line.kept, line.late, line.missed, dict(line.causes)) == (1, 1, 0, 0, {})


def test_the_end_of_what_was_shared_for_a_time_stands_in_the_ledger_and_raises_no_alarm(
    db: Database, tmp_path: Path
) -> None:
    ref = proposed(db)
    decided(db, ref)
    checkpoint(db, tmp_path / "checkpoint", DECIDED)
    after = dt.datetime(2027, 1, 2, 8, tzinfo=dt.UTC)
    assert information.end_sharing(db, after) == 1
    entries = rows(db, "SELECT head_seq FROM release_case")
    assert information.end_sharing(db, after) == 0
    assert rows(db, "SELECT head_seq FROM release_case") == entries
    assert rows(db, "SELECT count(*) FROM case_member WHERE relation = 'named'") == [(0,)]
    found = verify(db, tmp_path / "checkpoint", state=True)
    assert found["intact"], found["first_fault"]
