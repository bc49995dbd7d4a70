"""Notifications: a bad row never blocks a good one, the same file twice changes nothing, nobody is merged."""

import datetime as dt
from typing import Any

import pytest

from casework.cases import RowReport, receive, remember_file
from casework.db import Database
from casework.notification_files import Row
from casework.notifications import FieldProblem, Notification
from protocol.commands import ReportEvent
from tests.casework.helpers import P0, T0, counts, later, rows
from tests.personas import CORA, OMAR, PIET

pytestmark = pytest.mark.usefixtures("partnership")


def said(number: int = 1, **given: Any) -> Notification:
    fields: dict[str, Any] = {
        "reference": f"REF-{number}",
        "prison": "Mechelen",
        "family_name": f"Canaryname{number}",
        "given_names": "Robin",
        "birth_date": dt.date(1990, 1, number),
        "language": "nl",
        "release_type": "end_of_sentence",
        "planned_release": P0,
        "certainty": "confirmed",
        "source": "prison registry",
        "notified_at": T0,
        **given,
    }
    return Notification(**fields)


def take(db: Database, *notifications: Notification, dry_run: bool = False, at: dt.datetime = T0) -> list[RowReport]:
    incoming = [Row(n, notification, ()) for n, notification in enumerate(notifications, start=1)]
    return receive(db, incoming, "file", PIET, dry_run=dry_run, at=at)


def outcomes(reports: list[RowReport]) -> list[tuple[str, str | None]]:
    return [(report["outcome"], report["case"]) for report in reports]


def test_every_row_opens_a_case_and_says_so(db: Database) -> None:
    assert outcomes(take(db, said(1), said(2))) == [("accepted", "2026-001"), ("accepted", "2026-002")]
    assert rows(db, "SELECT prison, certainty FROM release_case") == [("Mechelen", "confirmed")] * 2


def test_the_same_file_twice_changes_nothing(db: Database) -> None:
    take(db, said(1), said(2))
    before = counts(db), rows(db, "SELECT version, head_hash FROM release_case ORDER BY id")
    assert outcomes(take(db, said(1), said(2))) == [("known", "2026-001"), ("known", "2026-002")]
    assert (counts(db), rows(db, "SELECT version, head_hash FROM release_case ORDER BY id")) == before


def test_an_old_file_sent_again_does_not_move_a_date_back(db: Database) -> None:
    take(db, said(1))
    moved = said(1, planned_release=dt.date(2027, 4, 1), notified_at=later(days=5))
    assert outcomes(take(db, moved, at=later(days=5))) == [("moved", "2026-001")]
    assert outcomes(take(db, said(1), at=later(days=6))) == [("known", "2026-001")]
    older = said(1, planned_release=dt.date(2027, 2, 1), notified_at=later(days=1))
    assert outcomes(take(db, older, at=later(days=6))) == [("known", "2026-001")]
    assert str(rows(db, "SELECT planned_release FROM release_case")[0][0]) == "2027-04-01"


def test_a_bad_row_never_blocks_a_good_one(db: Database) -> None:
    bad = Row(2, None, (FieldProblem("birth_date", "birth_date must be a date", "write it as 1990-01-31"),))
    reports = receive(db, [Row(1, said(1), ()), bad, Row(3, said(3), ())], "file", PIET, at=T0)
    assert [report["outcome"] for report in reports] == ["accepted", "refused", "accepted"]
    assert reports[1] == {
        "row": 2,
        "outcome": "refused",
        "case": None,
        "field": "birth_date",
        "rule": "birth_date must be a date",
        "remedy": "write it as 1990-01-31",
    }


def test_another_birth_date_for_a_known_reference_is_refused_and_never_merged(db: Database) -> None:
    take(db, said(1))
    before = counts(db)
    (report,) = take(db, said(1, birth_date=dt.date(1991, 1, 1), planned_release=dt.date(2027, 4, 1)))
    assert (report["outcome"], report["field"]) == ("refused", "birth_date")
    assert "Canary" not in str(report) and "1990" not in str(report)
    assert counts(db) == before


def test_the_reference_is_recognised_in_another_spelling(db: Database) -> None:
    take(db, said(1))
    again = said(1, prison="  MECHELEN ", reference="ref-1", notified_at=later(days=1))
    assert outcomes(take(db, again, at=later(days=1))) == [("known", "2026-001")]


def test_an_uncertain_date_that_is_confirmed_is_news(db: Database) -> None:
    take(db, said(1, certainty="expected"))
    confirmed = said(1, notified_at=later(days=1))
    assert outcomes(take(db, confirmed, at=later(days=1))) == [("moved", "2026-001")]
    assert rows(db, "SELECT certainty FROM release_case") == [("confirmed",)]


def test_another_release_type_is_the_protocols_event(db: Database) -> None:
    take(db, said(1))
    changed = said(1, release_type="conditional_release", conditions="yes", notified_at=later(days=1))
    assert outcomes(take(db, changed, at=later(days=1))) == [("moved", "2026-001")]
    assert rows(db, "SELECT release_type FROM release_case") == [("conditional_release",)]


def test_a_release_that_happened_is_recorded(db: Database) -> None:
    take(db, said(1))
    out = said(1, actual_release=T0.date(), notified_at=later(days=1))
    assert outcomes(take(db, out, at=later(days=1))) == [("moved", "2026-001")]
    assert str(rows(db, "SELECT actual_release FROM release_case")[0][0]) == "2026-11-10"


def test_leave_in_an_open_case_is_an_event_in_it(db: Database) -> None:
    take(db, said(1))
    leave = said(
        1,
        release_type="leave",
        planned_release=dt.date(2026, 12, 1),
        planned_return=dt.date(2026, 12, 2),
        notified_at=later(days=1),
    )
    assert outcomes(take(db, leave, at=later(days=1))) == [("moved", "2026-001")]
    assert rows(db, "SELECT release_type FROM release_case") == [("end_of_sentence",)]
    assert str(rows(db, "SELECT planned_release FROM release_case")[0][0]) == P0.isoformat()


def test_a_new_notification_after_an_arrest_resumes_the_case(db: Database) -> None:
    from casework.cases import perform

    take(db, said(1))
    perform(db, CORA, "2026-001", ReportEvent(event="new_arrest", occurred_on=T0.date()), "arrest", T0)
    assert rows(db, "SELECT phase FROM release_case") == [("paused",)]
    assert outcomes(take(db, said(1, notified_at=later(days=3)), at=later(days=3))) == [("moved", "2026-001")]
    assert rows(db, "SELECT phase FROM release_case") == [("active",)]


def test_the_same_name_and_birth_date_under_another_reference_is_asked_about(db: Database) -> None:
    take(db, said(1))
    (report,) = take(db, said(1, prison="Hasselt", reference="H-1"))
    assert (report["outcome"], report["case"], report["field"]) == ("refused", "2026-001", "reference")


def test_a_dry_run_says_the_same_and_keeps_nothing(db: Database) -> None:
    take(db, said(1))
    before = counts(db)
    wanted = [
        said(1, planned_release=dt.date(2027, 4, 1), notified_at=later(hours=1)),
        said(2),
        said(2, notified_at=later(hours=1), planned_release=dt.date(2027, 5, 1)),
        said(1, birth_date=dt.date(1980, 1, 1)),
        said(2),
    ]
    shown = take(db, *wanted, dry_run=True, at=later(hours=2))
    assert counts(db) == before
    assert [outcome for outcome, _ in outcomes(shown)] == ["moved", "accepted", "moved", "refused", "known"]
    assert take(db, *wanted, at=later(hours=2)) == shown


def test_who_may_not_announce_is_refused_row_by_row(db: Database) -> None:
    reports = receive(db, [Row(1, said(1), ())], "file", OMAR, at=T0)
    assert [report["outcome"] for report in reports] == ["refused"]
    assert rows(db, "SELECT count(*) FROM release_case") == [(0,)]


def test_of_a_file_only_its_digest_is_kept(db: Database) -> None:
    for _ in range(2):
        remember_file(db, b"Canaryname1;Robin", "file", PIET, 1, T0)
    assert rows(db, "SELECT source, rows FROM import_file") == [("file", 1)]
