"""Taking over running cases from a sheet: true past days, nobody late on Monday, row by row."""

import datetime as dt
import json
from typing import Any

import pytest

from casework import outcomes
from casework.adopt import adopt, read_sheet
from casework.cases import RowReport, perform, receive
from casework.db import Database
from casework.notification_files import FileProblem, Row
from casework.reading import case_for, history
from protocol.commands import SYSTEM, Actor, AssignStep, CompleteStep
from protocol.errors import Refused
from tests.casework.helpers import counts, rows
from tests.casework.notification_examples import saved, workbook, written
from tests.personas import CORA, ILSE, PIET

pytestmark = pytest.mark.usefixtures("partnership")

MONDAY = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
CASE = {
    "reference": "OUD-1", "prison": "Prison Noord (fictief)", "family_name": "Canaryname", "given_names": "Noor",
    "birth_date": "17/04/1991", "language": "nl", "release_type": "voorwaardelijke invrijheidstelling",
    "conditions": "ja", "planned_release": "18/12/2026", "certainty": "bevestigd", "source": "vonnis",
    "notified_at": "05/10/2026 10:15",
}  # fmt: skip
PAST = {
    "Mandaattoets": "7/10/2026", "infocheck": "2026-10-09 beantwoord", "share": "nvt", "Toewijzing": "08/10/2026",
    "lead": "s-lena", "Vervanger": "Dora bedacht", "contact": "2026-10-15 ja", "Prison visit": "2/11/2026",
}  # fmt: skip


def sheet(*cases: dict[str, str]) -> bytes:
    headings = list(dict.fromkeys(heading for case in cases for heading in case))
    return written([{name: case.get(name, "") for name in headings} for case in cases], headings=headings).encode()


def taken(db: Database, *cases: dict[str, str], who: Actor = CORA, dry_run: bool = False) -> list[RowReport]:
    found = read_sheet(db, "lopend.csv", sheet(*cases), MONDAY)
    return adopt(db, found, who, dry_run=dry_run, at=MONDAY)


def said(reports: list[RowReport]) -> list[tuple[str, str | None]]:
    return [(report["outcome"], report["case"]) for report in reports]


def another(number: int, **given: Any) -> dict[str, str]:
    return {**CASE, **PAST, "reference": f"OUD-{number}", "family_name": f"Canaryname{number}", **given}


def test_a_case_half_way_is_taken_over_with_its_true_days(db: Database) -> None:
    assert said(taken(db, CASE | PAST)) == [("accepted", "2026-001")]
    settled = dict(rows(db, "SELECT occurrence, status FROM step"))
    assert settled["visit1"] == settled["mandate"] == settled["notify"] == "done"
    assert settled["share"] == "cancelled" and settled["plan"] == "open"
    (found,) = rows(db, "SELECT lead, deputy, notice, is_open FROM release_case")
    assert found == ("s-lena", "s-dora", "long", True)
    assert sorted(rows(db, "SELECT staff, relation FROM case_member")) == [("s-dora", "deputy"), ("s-lena", "lead")]


def test_on_monday_nobody_is_late(db: Database) -> None:
    reports = taken(db, CASE, another(2), {**CASE, "reference": "OUD-3", "family_name": "Canaryname3"})
    assert {report["outcome"] for report in reports} == {"accepted"}
    now = MONDAY.replace(tzinfo=None).isoformat(" ") if db.kind == "sqlite" else MONDAY.isoformat()
    assert rows(db, "SELECT occurrence FROM step WHERE is_open AND due_at < :now", now=now) == []
    assert rows(db, "SELECT count(*) FROM step WHERE is_open")[0][0] > 5


def test_the_tasks_of_the_lead_worker_are_theirs(db: Database) -> None:
    taken(db, CASE | PAST)
    assert rows(db, "SELECT assignee FROM step WHERE occurrence = 'plan'") == [("s-lena",)]


def test_the_past_is_told_to_nobody(db: Database) -> None:
    taken(db, CASE | PAST)
    open_steps = {occurrence for (occurrence,) in rows(db, "SELECT occurrence FROM step WHERE is_open")}
    found = [payload for (payload,) in rows(db, "SELECT payload FROM outbox")]
    payloads = [json.loads(payload) if isinstance(payload, str) else payload for payload in found]
    assert payloads and {payload["step"] for payload in payloads} <= open_steps


def test_the_past_is_not_judged(db: Database) -> None:
    taken(db, CASE | PAST)
    outcomes.refresh(db, MONDAY)
    assert {verdict for (verdict,) in rows(db, "SELECT verdict FROM step_outcome")} == {"running"}


def test_the_same_sheet_twice_changes_nothing(db: Database) -> None:
    taken(db, CASE | PAST, another(2))
    before = counts(db), rows(db, "SELECT version, head_hash FROM release_case ORDER BY id")
    assert said(taken(db, CASE | PAST, another(2))) == [("known", "2026-001"), ("known", "2026-002")]
    assert (counts(db), rows(db, "SELECT version, head_hash FROM release_case ORDER BY id")) == before


def test_a_changed_row_of_a_case_taken_over_is_refused_with_its_number(db: Database) -> None:
    taken(db, CASE | PAST)
    (report,) = taken(db, CASE | PAST | {"contact": "16/10/2026"})
    assert (report["outcome"], report["case"], report["field"]) == ("refused", "2026-001", "reference")


def test_the_notification_of_a_case_taken_over_is_known(db: Database) -> None:
    found = read_sheet(db, "lopend.csv", sheet(CASE | PAST), MONDAY)
    adopt(db, found, CORA, at=MONDAY)
    again = Row(1, found[0].notification, ())
    assert [r["outcome"] for r in receive(db, [again], "file", SYSTEM, at=MONDAY)] == ["known"]


def test_a_bad_row_never_blocks_a_good_one(db: Database) -> None:
    reports = taken(
        db,
        another(1),
        another(2, contact=""),
        another(3, contact="15/10/2026 misschien"),
        another(4, lead="Nobody Known"),
        another(5, lead="", Vervanger=""),
        another(6, Toewijzing=""),
        another(7, birth_date="2020-01-01"),
        another(8, contact="15/12/2026"),
        another(9),
    )
    assert [report["outcome"] for report in reports] == ["accepted", *["refused"] * 7, "accepted"]
    fields = [report["field"] for report in reports[1:-1]]
    assert fields == ["visit1", "contact", "lead", "lead", "assign", "birth_date", "contact"]
    assert [report["row"] for report in reports] == list(range(2, 11))
    assert all(report["rule"] and report["remedy"] for report in reports[1:-1])
    assert "Canary" not in str(reports) and "misschien" not in str(reports)


def test_a_dry_run_says_the_same_and_keeps_nothing(db: Database) -> None:
    before = counts(db)
    wanted = (another(1), another(2, contact=""), another(1), another(3))
    shown = taken(db, *wanted, dry_run=True)
    assert counts(db) == before
    assert said(shown) == [("accepted", "2026-001"), ("refused", None), ("known", "2026-001"), ("accepted", "2026-002")]
    assert taken(db, *wanted) == shown


def test_only_who_administers_may_take_cases_over(db: Database) -> None:
    (report,) = taken(db, CASE | PAST, who=PIET)
    assert (report["outcome"], rows(db, "SELECT count(*) FROM release_case")) == ("refused", [(0,)])


def test_another_birth_date_is_refused_and_never_merged(db: Database) -> None:
    taken(db, CASE | PAST)
    (report,) = taken(db, CASE | PAST | {"birth_date": "18/04/1991"})
    assert (report["outcome"], report["field"]) == ("refused", "birth_date")


def test_after_the_release_the_meetings_go_on(db: Database) -> None:
    out = {"actual_release": "02/11/2026", "planned_release": "02/11/2026", "Prison visit": "29/10/2026"}
    meetings = {"releaseday": "2/11/2026", "followup 1": "5/11/2026 gehouden", "Opvolggesprek 2": "9/11/2026"}
    (report,) = taken(db, CASE | PAST | out | meetings | {"Opvolggesprek 2": "9/11/2026 niet gewenst"})
    assert report["field"] == "followup"  # "gehouden" is no outcome: the form says "doorgegaan"
    (report,) = taken(db, CASE | PAST | out | meetings | {"followup 1": "5/11/2026 doorgegaan"})
    assert report["outcome"] == "accepted"
    steps = dict(rows(db, "SELECT occurrence, status FROM step"))
    assert steps["followup#1"] == steps["followup#2"] == steps["releaseday"] == "done"
    still_open = sorted(id for id, status in steps.items() if status == "open" and id.startswith("followup"))
    assert still_open == ["followup#4", "followup#5"]  # the fourth is due on this very day


def test_a_workbook_with_real_dates_is_read_too(db: Database) -> None:
    told = {**CASE, **PAST, "contact": dt.datetime(2026, 10, 15), "birth_date": dt.date(1991, 4, 17)}  # noqa: DTZ001
    content = saved(workbook([*told], [*told.values()]))
    found = read_sheet(db, "lopend.xlsx", content, MONDAY)
    assert said(adopt(db, found, CORA, at=MONDAY)) == [("accepted", "2026-001")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("lopend.json", b"[]", "spreadsheet"),
        ("lopend.csv", written([{**CASE, "teleport": ""}], headings=[*CASE, "teleport"]).encode(), "known"),
        ("lopend.csv", sheet({**CASE, "contact": "", "Information and first contact": ""}), "twice"),
        ("lopend.csv", sheet({"contact": "", "visit1": "", "plan": ""}), "missing"),
    ],
)
def test_a_sheet_that_is_wrong_as_a_whole(db: Database, name: str, content: bytes, words: str) -> None:
    with pytest.raises(FileProblem) as fault:
        read_sheet(db, name, content, MONDAY)
    assert words in fault.value.rule


def test_a_case_taken_over_is_worked_on_like_any_other(db: Database) -> None:
    taken(db, CASE | PAST)
    done = CompleteStep(id="infocheck", occurred_on=MONDAY.date(), fields={"answer": "answered"})
    with pytest.raises(Refused, match="done already"):
        perform(db, ILSE, "2026-001", done, "again", MONDAY)
    command = AssignStep(id="plan", staff="s-lars")
    perform(db, CORA, "2026-001", command, "other", MONDAY + dt.timedelta(hours=1))
    assert case_for(db, CORA, "2026-001", MONDAY).ref == "2026-001"
    assert len(history(db, CORA, "2026-001", MONDAY)) == 2
