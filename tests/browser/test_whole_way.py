"""One case from the announcement to its erasure in a real browser, over the real group of processes: what each role does
by hand, and what the flows do in between. The first part is done without scripts in the browser."""

from __future__ import annotations

import datetime as dt
import re
import signal
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser, Locator, Page
from pypdf import PdfReader

from casework import clock
from casework.settings import settings
from casework.upgrade import migrate, open_database
from demo.play import establish
from tests.flows.prefect_server import TookTooLongError, wait_for
from tests.flows.running_group import RunningGroup
from tools.browser import become

ANNOUNCED = dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)
RELEASE = dt.date(2026, 12, 10)
FORM = 'form[action$="/complete"]'
TEXT = "In orde"


class City:
    """A running city with its clock: people at their browsers."""

    def __init__(self, group: RunningGroup, file: Path, chromium: Browser, *, scripts: bool) -> None:
        self.group, self.file, self.chromium, self.scripts = group, file, chromium, scripts
        self.pages: dict[str, Page] = {}
        self.ref = ""

    def set_clock(self, day: dt.date, hour: str = "09:00") -> None:
        """Local time; the file is replaced at once, so that no process reads half of it."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{day.isoformat()}T{hour}")
        new.replace(self.file)

    def of(self, staff: str) -> Page:
        if staff not in self.pages:
            context = self.chromium.new_context(java_script_enabled=self.scripts, accept_downloads=True)
            page = context.new_page()
            page.set_default_timeout(20_000)
            become(page, self.group.address, staff, "nl")
            self.pages[staff] = page
        return self.pages[staff]

    def open(self, staff: str, path: str) -> Page:
        page = self.of(staff)
        page.goto(self.group.address + path)
        return page

    def step(self, staff: str, step: str, **answers: str) -> None:
        """Complete a step with its form: what is not answered here gets the first answer there is."""
        page = self.open(staff, f"/cases/{self.ref}/steps/{self.named(staff, step)}")
        assert page.locator(FORM).count() == 1, f"{staff} has no form for {step}: {page.locator('main').inner_text()}"
        fill(page.locator(FORM), answers)
        self.send(page, FORM)

    def named(self, staff: str, step: str) -> str:
        """A step as it stands in the address: the one of this name among this person's work in the case."""
        links = self.open(staff, f"/cases/{self.ref}").locator('main a[href*="/steps/"]').all()
        paths = [urlsplit(link.get_attribute("href") or "").path.rpartition("/steps/")[2] for link in links]
        return next((path for path in paths if re.match(rf"{re.escape(step)}(\.|~|$)", path)), step)

    def second(self, staff: str, step: str) -> None:
        page = self.open(staff, f"/cases/{self.ref}/steps/{step}")
        form = 'form[action$="/decide"]'
        page.locator(form).locator('input[name="agree"][value="yes"]').check(force=True)
        self.send(page, form)

    def send(self, page: Page, form: str) -> None:
        page.locator(form).locator('button:not([name="add"], [formaction])').last.click()
        page.wait_for_load_state()
        wrong = page.locator(".govuk-error-summary, .message.stop")
        assert wrong.count() == 0, f"{page.url}: {wrong.first.inner_text()}"

    def sees(self, staff: str, path: str, words: str, seconds: float = 300) -> None:
        """Until a page says this: a flow had to do it first."""

        last = [""]

        def said() -> bool:
            last[0] = self.open(staff, path).locator("main").inner_text()
            return words in last[0]

        try:
            wait_for(f"“{words}” on {path}\n{self.group.logs()}", said, seconds, every=1.0)
        except TookTooLongError as late:
            raise AssertionError(f"{late}\n--- the page\n{last[0]}") from None


def fill(form: Locator, answers: dict[str, str]) -> None:
    """Every question of a form: `answers` by field, else the first answer; what has an answer already keeps it."""
    names = dict.fromkeys(re.findall(r'name="(f\.[^"]+)"', form.inner_html()))
    for name in names:
        key = name.removeprefix("f.")
        if re.search(r"\.\d+\.", key):
            continue  # rows of a list that may stay empty
        wanted = answers.get(key, answers.get(key.rpartition(".")[2]))
        field = form.locator(f'[name="{name}"]')
        kind = field.first.get_attribute("type") or field.first.evaluate("node => node.tagName.toLowerCase()")
        if kind in ("radio", "checkbox"):
            if wanted is not None or form.locator(f'[name="{name}"]:checked').count() == 0:
                chosen = form.locator(f'[name="{name}"][value="{wanted}"]') if wanted is not None else field.first
                chosen.check(force=True)
        elif kind == "select":
            field.select_option(wanted) if wanted is not None else field.select_option(index=1)
        elif wanted is not None:
            field.fill(wanted)
        elif kind in ("text", "textarea", "time") and not field.input_value():
            field.fill("10:00" if kind == "time" else TEXT)


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGroup]:
    """The partnership on its first day, without a case, at work on the morning of the announcement."""
    home = tmp_path_factory.mktemp("city")
    found = settings(home=home)
    migrate(found)
    db = open_database(found)
    clock.set_to(ANNOUNCED - dt.timedelta(days=1))
    establish(db, clock.now())
    db.close()
    clock.set_to(None)
    (home / "clock").write_text("2026-11-10T09:00")
    running = RunningGroup(home, SLUIS_CLOCK=str(home / "clock"))
    wait_for(f"the page\n{running.logs()}", lambda: running.page() in (200, 303), 90)
    wait_for(f"the flows\n{running.logs()}", lambda: "The flows run" in running.words(), 180)
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(60)


@pytest.fixture
def city(group: RunningGroup, chromium: Browser) -> Callable[..., City]:
    def make(*, scripts: bool) -> City:
        return City(group, group.home / "clock", chromium, scripts=scripts)

    return make


def announce(city: City, reference: str, given: str, release: dt.date) -> None:
    """The liaison's form, and what became of it."""
    page = city.open("liaison-noord", "/announce")
    typed = {
        "reference": reference, "family_name": "Verzonnen", "given_names": given, "birth_date": "1988-04-01",
        "planned_release": release.isoformat(), "source": "brief",
    }  # fmt: skip
    for name, text in typed.items():
        page.fill(f'[name="{name}"]', text)
    page.select_option('[name="release_type"]', "end_of_sentence")
    page.check('[name="conditions"][value="no"]', force=True)
    page.check('[name="certainty"][value="confirmed"]', force=True)
    city.send(page, 'form[action="/announce"]')
    assert urlsplit(page.url).path == "/announced" and "In behandeling" in page.inner_text("main")
    city.ref = page.locator("main tbody th a").first.inner_text()


def begin(city: City, lead: str) -> None:
    """From the notification to the assignment."""
    city.step("coordinator", "notify", certainty="confirmed", planned_release=RELEASE.isoformat())
    city.step("coordinator", "mandate", gate1="yes", gate2="yes")
    city.second("second-member", "mandate")
    city.sees("coordinator", "/workload", city.ref)
    city.sees("coordinator", "/workload", "Noor Verzonnen spreekt de taal")  # the flow proposed
    city.step("coordinator", "assign", lead=lead, deputy="lead-3", no_conflict="yes")
    assert "Behandeld" in city.open("liaison-noord", "/announced").inner_text("main")


def test_the_critical_path_without_scripts(city: Callable[..., City]) -> None:
    at_work = city(scripts=False)
    announce(at_work, "ZONDER-1", "Zoë", RELEASE)
    begin(at_work, "lead-2")
    at_work.step("info-officer", "infocheck")
    at_work.step("lead-2", "contact.1", leaflet="yes", choice="yes")
    page = at_work.open("lead-2", "/tasks")
    assert "Gevangenisbezoek" in page.inner_text("main") and at_work.ref in page.inner_text("main")
    page.locator("details.own > summary").click()
    page.locator('form[action="/sign-out"] button').first.click()
    assert urlsplit(page.url).path == "/signed-out"


def test_the_other_roles_do_their_work(city: Callable[..., City]) -> None:
    """Those beside liaison, worker and coordinator: each from the first page to what they came for."""
    c = city(scripts=True)
    announce(c, "ANDERE-1", "Ann", RELEASE)
    begin(c, "lead-1")
    c.step("info-officer", "infocheck")
    shares(c)
    c.step("lead-1", "contact.1", leaflet="yes", choice="yes")
    partner(c)
    mayor(c)
    rights(c)
    administrator(c)
    auditor(c)


def test_the_whole_way(city: Callable[..., City]) -> None:
    c = city(scripts=True)
    announce(c, "MET-1", "Vic", RELEASE)
    begin(c, "lead-1")
    c.step("info-officer", "infocheck")
    page = c.open("info-officer", f"/cases/{c.ref}/steps/share")
    assert page.locator(FORM).count() == 1
    c.set_clock(dt.date(2026, 11, 12))
    c.step("lead-1", "contact.1", leaflet="yes", choice="yes")
    c.set_clock(dt.date(2026, 11, 16))
    c.step("lead-1", "visit1", held="held", permission="V-2026", state="missing")
    # the flow starts the plan from what the visit found
    c.sees("lead-1", "/notices", "Re-integratieplan")
    plan = f"/cases/{c.ref}/steps/plan"

    def prefilled() -> bool:
        return bool(c.open("lead-1", plan).locator('[name="f.conditions.housing.status"][value="to_do"]').is_checked())

    wait_for(f"the prepared plan\n{c.group.logs()}", prefilled, 300, every=1.0)
    c.step("lead-1", "plan", status="to_do", owner="lead-1")
    c.set_clock(dt.date(2026, 12, 3))
    c.step("coordinator", "conference")
    # nobody did the last check: on the day after its due day the deadlines are swept, and the coordinator is told
    c.set_clock(dt.date(2026, 12, 10), "08:30")
    c.sees("coordinator", "/late", c.ref)
    c.sees("coordinator", "/notices", "Te laat")
    occurrences = [path for path in steps_of(c, "lead-1") if path.startswith("ready")]
    for path in occurrences:
        c.step("lead-1", path)
    c.step("liaison-noord", "confirm_release", answer="released", released_on=RELEASE.isoformat())
    c.step("lead-1", "releaseday", contact="made", state="under_way")
    follow_up(c)
    c.set_clock(dt.date(2027, 1, 11))
    c.step("coordinator", "review", decision="close")
    c.step("coordinator", "close")
    c.second("second-member", "close")
    assert "Afgesloten" in c.open("coordinator", f"/cases/{c.ref}").inner_text(".tags")
    reports(c)
    c.set_clock(dt.date(2028, 1, 12))
    c.step("data-manager", "retain")
    wait_for(
        f"the erasure\n{c.group.logs()}",
        lambda: "gewist" in c.open("coordinator", f"/cases/{c.ref}").inner_text("main"),
        300,
    )
    assert "Verzonnen Vic" not in c.open("lead-1", "/my-cases").inner_text("main")


def steps_of(c: City, staff: str) -> list[str]:
    """The open steps that stand on this person's page of the case."""
    links = c.open(staff, f"/cases/{c.ref}").locator("main .work a").all()
    paths = [urlsplit(link.get_attribute("href") or "").path for link in links]
    return list(dict.fromkeys(path.rpartition("/steps/")[2] for path in paths if "/steps/" in path))


def follow_up(c: City) -> None:
    """Three meetings: each is ready when the one before is due, one is moved once."""
    for n, day in enumerate((dt.date(2026, 12, 15), dt.date(2026, 12, 17)), start=1):
        c.set_clock(day)
        c.sees("lead-1", f"/cases/{c.ref}", f"Opvolggesprek {n} van 12")
        c.step("lead-1", f"followup.{n}", held="held")
    c.set_clock(dt.date(2026, 12, 23))
    page = c.open("lead-1", f"/cases/{c.ref}/steps/followup.3")
    move = 'form[action$="/move"]'
    page.locator("details", has=page.locator(move)).locator("summary").first.click()
    page.locator(move).locator('[name="to"]').fill("2026-12-28")
    c.send(page, move)
    assert "28" in c.open("lead-1", f"/cases/{c.ref}/steps/followup.3").inner_text(".due")
    c.set_clock(dt.date(2026, 12, 28))
    c.step("lead-1", "followup.3", held="held")


def reports(c: City) -> None:
    """The coordinator reads compliance, and takes it along as PDF and spreadsheet."""
    page = c.open("coordinator", "/compliance?since=2026-11-01&until=2027-01-11")
    assert "Gevangenisbezoek" in page.inner_text("main")
    with page.expect_download() as pdf:
        page.locator('a[href^="/compliance.pdf"]').click()
    text = " ".join(part.extract_text() for part in PdfReader(BytesIO(Path(pdf.value.path()).read_bytes())).pages)
    assert "Gevangenisbezoek" in text and "Verzonnen" not in text
    with page.expect_download() as sheet:
        page.locator('a[href^="/compliance.xlsx"]').click()
    book: Any = openpyxl.load_workbook(BytesIO(Path(sheet.value.path()).read_bytes()))
    names = {row[0] for row in book.worksheets[0].iter_rows(values_only=True)}
    assert "Gevangenisbezoek" in names


def report(c: City, staff: str, event: str, **answers: str) -> None:
    """News of the case, by its form."""
    page = c.open(staff, f"/cases/{c.ref}/report/{event}")
    form = f'form[action$="/report/{event}"]'
    fill(page.locator(form), answers)
    c.send(page, form)


def shares(c: City) -> None:
    """The police proposes one sentence, welfare agrees, the lead worker reads it; who read it is seen; it is recalled."""
    words = "Er is nieuws: bel mij vandaag."
    page = c.open("info-officer", f"/cases/{c.ref}/steps/share")
    form = page.locator(FORM)
    form.locator('[name="f.decision"][value="shared"]').check(force=True)
    form.locator('[name="f.recipients"][value="lead-1"]').check(force=True)
    fill(form, {"item": words, "code": "case_team", "expires_on": "2026-12-31"})
    c.send(page, FORM)
    c.second("second-member", "share")
    reads = c.open("lead-1", "/shared")
    assert c.ref in reads.inner_text("main")
    reads.locator('main a[href^="/shared/"]').first.click()
    assert words in reads.inner_text("main")
    page = c.open("info-officer", urlsplit(reads.url).path)
    assert "Noor Verzonnen" in page.inner_text("main"), "who read it"
    recall = 'form[action$="/recall"]'
    page.locator("details", has=page.locator(recall)).locator("summary").first.click()
    page.locator(recall).locator("button").click()
    page.wait_for_load_state()
    assert words not in c.open("lead-1", "/shared").inner_text("main")
    assert c.open("lead-1", urlsplit(reads.url).path).locator("h1").inner_text() != words


def partner(c: City) -> None:
    """One task, without the file around it."""
    page = c.open("coordinator", f"/cases/{c.ref}/steps/visit1")
    assign = 'form[action$="/assign"]'
    page.locator("details", has=page.locator(assign)).locator("summary").first.click()
    page.locator(assign).locator("select").select_option("welfare-worker")
    c.send(page, assign)
    page = c.open("welfare-worker", "/tasks")
    assert "Gevangenisbezoek" in page.inner_text("main") and c.ref in page.inner_text("main")
    assert "Verzonnen Ann" not in c.open("welfare-worker", f"/cases/{c.ref}").content()
    c.step("welfare-worker", "visit1", held="held", permission="V-2026")
    assert "Gevangenisbezoek" not in c.open("welfare-worker", "/tasks").inner_text("main")


def mayor(c: City) -> None:
    """A question of principle reaches the mayor by number, without a name."""
    report(c, "coordinator", "dispute_between_services", action="Wie vervoert de goederen?")
    c.sees("mayor", "/mayor", c.ref)
    page = c.open("mayor", "/mayor")
    assert "Ann" not in page.inner_text("main")
    assert c.open("mayor", f"/cases/{c.ref}").locator("h1").inner_text() != f"dossier {c.ref}"


def rights(c: City) -> None:
    """The person asks for the file: the data manager makes the copy and answers; the officer sees who read what."""
    report(c, "coordinator", "access_request")
    page = c.open("data-manager", "/tasks")
    assert c.ref in page.inner_text("main")
    page = c.open("data-manager", f"/cases/{c.ref}/copy")
    with page.expect_download() as pdf:
        page.locator('button[value="pdf"]').click()
    text = " ".join(part.extract_text() for part in PdfReader(BytesIO(Path(pdf.value.path()).read_bytes())).pages)
    assert "Verzonnen" in text and "Ann" in text
    for step in ("acknowledge", "answer"):
        c.step("data-manager", step)
    assert c.ref not in c.open("data-manager", "/tasks").inner_text("main")
    page = c.open("dpo", f"/reading?case={c.ref}")
    assert {"Noor Verzonnen", "Ilse Fictief", "Omar Fictief"} <= set(page.locator("main tbody td").all_inner_texts())
    assert "Ann" not in page.inner_text("main tbody")


def administrator(c: City) -> None:
    """A closing day: what moves is shown before it is saved. A colleague starts. No case is to be seen."""
    page = c.open("administrator", "/closing-days")
    add = 'form[action="/closing-days"]:has([name="name"])'
    page.locator(add).locator('[name="day"]').fill("2026-11-20")
    page.locator(add).locator('[name="name"]').fill("Brugdag")
    page.locator(add).locator("button").click()
    page.wait_for_load_state()
    page.locator('button[name="sure"]').click()
    page.wait_for_load_state()
    assert "Brugdag" in c.open("administrator", "/closing-days").inner_text("main")
    page = c.open("administrator", "/staff/new")
    form = 'form[action="/staff/new"]'
    typed = {"name": "Nora Verzonnen", "service": "social", "email": "nora@fictiestad.example", "hours_per_week": "38"}
    for name, text in typed.items():
        page.locator(form).locator(f'[name="{name}"]').fill(text)
    page.locator(form).locator('[name="roles"][value="lead_worker"]').check(force=True)
    page.locator(form).locator('[name="language"][value="nl"]').check(force=True)
    c.send(page, form)
    assert "Nora Verzonnen" in c.open("administrator", "/staff").inner_text("main")
    assert c.open("administrator", f"/cases/{c.ref}").locator("main a[href*='/steps/']").count() == 0


def auditor(c: City) -> None:
    """From a figure to the case behind it, by number."""
    page = c.open("auditor", "/compliance?since=2026-11-01&until=2026-11-30")
    page.locator('main a[href^="/compliance/"]').first.click()
    page.wait_for_load_state()
    assert re.search(r"2026-\d{3}", page.inner_text("main")) and "Ann" not in page.inner_text("main")
