"""What the coordinator plans with: files that come in, the calendar of releases, workload, meetings, search, notices."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

from casework import clock, staff
from casework.automatic import meetings
from casework.cases import perform
from casework.db import Database
from protocol.commands import DecideSecond
from tests.casework.helpers import MANDATE, NOTIFY, T0, assigned_case, complete, mandated_case, new_case, rows
from tests.flows.partnership import prepared
from tests.personas import CORA, LENA, PAUL, somebody
from tests.web.conftest import BERT, Browser

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SAMPLED = dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC)
"""after everything in the samples"""
As = Callable[..., Browser]


def send(browser: Browser, path: str, name: str, content: bytes, do: str) -> str:
    token = browser.hidden(browser.get(path).text, "token")
    files = {"file": (name, content, "application/octet-stream")}
    answer = browser.client.post(path, data={"token": token, "do": do}, files=files)
    assert answer.status_code in (200, 422), answer.status_code
    return str(answer.text)


def sheet(reference: str, born: str = "1990-04-01") -> bytes:
    heads = "reference;prison;family_name;given_names;birth_date;language;release_type;planned_release;certainty;source;notified_at"
    row = f"{reference};Mechelen;Fictief;Fien;{born};nl;end_of_sentence;2027-03-01;confirmed;mail;2026-11-09 10:00"
    return f"{heads}\n{row}\n".encode()


# --- files


def test_a_file_is_checked_without_keeping_anything_then_taken_in(db: Database, as_: As) -> None:
    page = send(as_("s-piet"), "/announce/file", "list.csv", sheet("A-1"), "check")
    assert "Checked. Nothing was kept yet." in page and "1 accepted" in page
    assert rows(db, "SELECT count(*) FROM release_case") == [(0,)]
    page = send(as_("s-piet"), "/announce/file", "list.csv", sheet("A-1"), "take")
    assert "1 accepted" in page and rows(db, "SELECT count(*) FROM release_case") == [(1,)]
    page = send(as_("s-piet"), "/announce/file", "list.csv", sheet("A-1"), "take")
    assert "1 known already" in page and rows(db, "SELECT count(*) FROM release_case") == [(1,)]


def test_a_row_with_mistakes_is_told_in_the_words_of_the_reader(db: Database, as_: As) -> None:
    clock.set_to(SAMPLED)
    page = send(as_("s-piet", "nl"), "/announce/file", "with-mistakes.csv", (SAMPLES / "with-mistakes.csv").read_bytes(), "take")  # fmt: skip
    assert "geweigerd" in page and "aanvaard" in page, "a bad row holds no good one back"
    assert "must " not in page and "write it as" not in page, "no English in a Dutch page"


def test_a_file_that_is_none_is_told_beside_the_field(db: Database, as_: As) -> None:
    assert "Choose a file first." in as_("s-piet").send("/announce/file", "/announce/file", {"do": "take"}).text
    page = send(as_("s-piet"), "/announce/file", "list.pdf", b"%PDF-1.7", "take")
    assert 'id="file-problem"' in page and "CSV" in page


def test_running_cases_are_taken_over_by_those_who_may(db: Database, as_: As) -> None:
    content = (SAMPLES / "adopt.csv").read_bytes()
    clock.set_to(SAMPLED)
    page = send(as_("s-cora"), "/adopt", "adopt.csv", content, "check")
    assert "Nothing was kept yet." in page and rows(db, "SELECT count(*) FROM release_case") == [(0,)]
    assert as_("s-lena").get("/adopt").status_code == 403


# --- the calendar of releases


def test_a_planned_release_stands_on_its_day_and_in_the_list(db: Database, as_: As) -> None:
    soon, far = dt.date(2026, 12, 18), dt.date(2027, 6, 1)
    near = new_case(db, 1, anchors={"planned_release": soon}).ref
    late = new_case(db, 2, anchors={"planned_release": far}).ref
    page = as_("s-cora").get("/releases").text
    assert near in page and late not in page, "twelve weeks"
    cell = re.search(r"<td(?:(?!</td>).)*" + near, page, re.DOTALL)
    assert cell and "Friday </span>18" in cell[0]
    assert as_("s-lena").get("/releases").status_code == 403


# --- workload and assignment


def of_lena(page: str) -> tuple[float, float]:
    """Points and capacity."""
    found = re.search(r"Lena Imaginair</a>.*?([\d.]+) of ([\d.]+)", page, re.DOTALL)
    assert found
    return float(found[1]), float(found[2])


def test_workload_counts_cases_against_hours_less_absences(db: Database, as_: As) -> None:
    assigned_case(db, 1)
    browser = as_("s-cora")
    page = browser.get("/workload").text
    assert "1 as lead, 0 as deputy" in page and "Every case has a lead worker." in page
    before = of_lena(page)
    staff.record_absence(db, LENA.id, T0.date(), T0.date() + dt.timedelta(days=13), BERT, at=T0)
    after = of_lena(as_("s-cora").get("/workload").text)
    assert before[0] == after[0] and after[1] < before[1]


def test_a_case_without_lead_worker_shows_who_is_proposed_and_why(db: Database, as_: As) -> None:
    ref = mandated_case(db).ref
    prepared(db)
    page = as_("s-cora").get("/workload").text
    assert ref in page and "Waiting for a lead worker (1)" in page
    assert "<b>Lena" in page and "speaks the language" in page


# --- meetings


def soon(db: Database, number: int, lead: str) -> str:
    """A case close enough to its release to be on the agenda of the next meeting."""
    release = dt.date(2026, 12, 18)
    ref = new_case(db, number, anchors={"planned_release": release}).ref
    complete(db, CORA, ref, "notify", {**NOTIFY, "planned_release": release.isoformat()})
    complete(db, CORA, ref, "mandate", MANDATE)
    perform(db, PAUL, ref, DecideSecond(id="mandate", agree=True, occurred_on=T0.date()), f"{ref}-second", T0)
    complete(db, CORA, ref, "assign", {"lead": lead, "deputy": "s-lars", "no_conflict": "yes"})
    return ref


def test_the_agenda_holds_the_cases_that_are_due_and_each_sees_their_own(db: Database, as_: As) -> None:
    ref, other = soon(db, 1, "s-lena"), soon(db, 2, "s-dora")
    meetings.build_all(db, T0.date())
    page = as_("s-cora").get("/meetings").text
    assert "Operational meeting" in page
    on_it = {found for (found,) in rows(db, "SELECT c.ref FROM agenda_item i JOIN release_case c ON c.id = i.case_id")}
    assert on_it == {ref, other} and ref in page and other in page
    mine = as_("s-lena").get("/meetings").text
    assert ref in mine
    assert other not in mine
    assert "Only your own cases are shown." in mine


# --- finding a case


def test_a_case_number_leads_to_the_case_for_those_who_see_it(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    assert browser.post("/search", {"q": ref}).headers["location"] == f"/cases/{ref}"
    year, number = ref.split("-")
    assert browser.post("/search", {"q": f" {year}/{int(number)} "}).headers["location"] == f"/cases/{ref}"
    unseen = as_("s-omar").post("/search", {"q": ref})
    missing = as_("s-omar").post("/search", {"q": "2026-999"})
    assert unseen.status_code == missing.status_code == 404
    assert unseen.text.replace(ref, "").count("There is no case") == missing.text.count("There is no case") == 1


def test_a_name_is_found_in_ones_own_cases_and_nowhere_else(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    name = somebody(1).family_name
    page = as_("s-lena").post("/search", {"q": name[:4].lower()}).text
    assert ref in page and name in page
    for other in ("s-cora", "s-omar", "s-anna", "s-bert"):
        page = as_(other).post("/search", {"q": name}).text
        assert ref not in page and "No case of yours has such a name." in page, other
    log = rows(db, "SELECT what, reason FROM access_entry WHERE what = 'search'")
    assert log and all(name not in str(row) for row in log), "what was typed is not kept"


def test_a_name_never_stands_in_an_address(db: Database, as_: As) -> None:
    assert 'method="post" action="/search"' in as_("s-lena").get("/search").text
    assert as_("s-lena").get("/search?q=Fictief").text.count("Fictief") == 0


# --- notices


def test_what_one_was_told_is_new_until_it_is_put_away(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    prepared(db)
    browser = as_("s-lena")
    page = browser.get("/notices").text
    assert re.search(r"Notices \(\d+\)", page) and ref in page and "New task" in page
    until = browser.hidden(page, "until")
    assert browser.post("/notices", {"until": until}).status_code == 303
    page = browser.get("/notices").text
    assert not re.search(r"Notices \(\d+\)", page) and ref in page
    assert ref not in as_("s-omar").get("/notices").text
