"""A small protocol and a way to write the ledger of a case by hand, for the tests of conformance."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from protocol import events as e
from protocol.conformance import conformance
from protocol.deviations import Deviation
from protocol.language import Protocol
from protocol.parse import load
from protocol.verdicts import Verdict, verdicts
from protocol.workdays import WorkCalendar

ZONE = ZoneInfo("Europe/Brussels")

SMALL = Path(__file__).parent / "small_protocol.yaml"


@cache
def small() -> Protocol:
    return load(SMALL)


@cache
def calendar() -> WorkCalendar:
    return WorkCalendar(small().calendar)


def day(text: str) -> dt.date:
    """`2026-11-10`; in these tests the year may be left out: `11-10`."""
    return dt.date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def moment(text: str) -> dt.datetime:
    """`11-10 14:30`, local time; without an hour 10:00."""
    on, _, hour = text.partition(" ")
    clock = dt.time.fromisoformat(hour or "10:00")
    return dt.datetime.combine(day(on), clock, ZONE).astimezone(dt.UTC)


class Ledger:
    """The ledger of one case, written line by line: `on("11-10")` begins an entry, the rest are its events."""

    def __init__(self, release_type: str = "conditional") -> None:
        self.entries: list[e.Entry] = []
        self.release_type = release_type

    def on(self, when: str, by: str = "ann") -> Ledger:
        self.when = moment(when)
        entry = e.Entry(seq=len(self.entries) + 1, recorded_at=self.when, by=by, command="test", events=())
        self.entries.append(entry)
        return self

    @property
    def today(self) -> dt.date:
        return calendar().local_day(self.when)

    def add(self, event: e.Event) -> Ledger:
        last = self.entries[-1]
        self.entries[-1] = last.model_copy(update={"events": (*last.events, event)})
        return self

    def case(self, notified: str | None = None) -> Ledger:
        on = day(notified) if notified else self.today
        self.add(
            e.CaseOpened(
                protocol="small",
                version="1",
                release_type=self.release_type,
                conditions="unknown",
                phase="open",
                notified_on=on,
                occurred_on=on,
            )
        )
        return self.known("notification", str(on))

    def known(self, anchor: str, on: str | None, why: str = "known") -> Ledger:
        value = day(on) if on else None
        return self.add(e.AnchorKnown(anchor=anchor, on=value, known_on=self.today, why=why))  # type: ignore[arg-type]

    def notice(self, key: str, working_days: int | None = None) -> Ledger:
        return self.add(e.NoticeChosen(notice=key, working_days=working_days))

    def opened(self, id: str, due: str | None, at: str | None = None, **more: object) -> Ledger:
        step, _, number = id.partition("~")[0].partition("#")
        fields: dict[str, object] = {"n": int(number or 1), "round": 1, "ready_on": self.today, **more}
        when = day(due) if due else None
        return self.add(e.StepOpened(id=id, step=step, opened_on=self.today, due=when, at=at, **fields))  # type: ignore[arg-type]

    def due(self, id: str, due: str | None, why: str = "date_moved", **more: object) -> Ledger:
        when = day(due) if due else None
        return self.add(e.StepDue(id=id, ready_on=self.today, due=when, why=why, **more))  # type: ignore[arg-type]

    def assigned(self, id: str, staff: str) -> Ledger:
        return self.add(e.StepAssigned(id=id, staff=staff))

    def proposed(self, id: str, by: str, service: str, happened: str | None = None) -> Ledger:
        on = day(happened) if happened else self.today
        return self.add(e.StepProposed(id=id, by=by, service=service, outcome="yes", occurred_on=on))

    def done(
        self, id: str, happened: str | None = None, outcome: str = "done", by: str = "ann", **more: object
    ) -> Ledger:
        on = day(happened) if happened else self.today
        return self.add(
            e.StepDone(id=id, outcome=outcome, occurred_on=on, recorded_on=self.today, by=by, **more)  # type: ignore[arg-type]
        )

    def waived(self, id: str, happened: str | None = None) -> Ledger:
        on = day(happened) if happened else self.today
        return self.add(e.StepWaived(id=id, by="ann", reason="enough", occurred_on=on, recorded_on=self.today))

    def cancelled(self, id: str, why: str = "variant", as_settled: bool = False) -> Ledger:
        return self.add(e.StepCancelled(id=id, why=why, on=self.today, as_settled=as_settled))

    def phase(self, key: str, until: str | None = None) -> Ledger:
        return self.add(e.PhaseEntered(phase=key, on=self.today, until=day(until) if until else None))

    def happened(self, event: str, on: str, **given: str) -> Ledger:
        return self.add(e.EventHappened(event=event, occurred_on=day(on), by="ann", given=given))


def begun(release_type: str = "conditional") -> Ledger:
    """A case on Tuesday 10 November 2026, mandate given the same day; `confirm` stays open until 1 March 2027."""
    ledger = Ledger(release_type).on("11-10").case().notice("long").known("planned_release", "2027-03-01")
    ledger.opened("notify", "11-12").opened("confirm", "2027-03-01", "12:00").done("notify")
    ledger.on("11-10 11:00").opened("mandate", "11-16").proposed("mandate", "ann", "prevention")
    return ledger.on("11-10 12:00", by="ben").done("mandate", outcome="yes", second="ben")


def found(ledger: Ledger, until: str = "12-31", **more: object) -> list[Deviation]:
    return conformance(small(), ledger.entries, calendar(), day(until), **more)  # type: ignore[arg-type]


def kinds(ledger: Ledger, until: str = "12-31", **more: object) -> list[tuple[str, str]]:
    return [(deviation.kind, deviation.id) for deviation in found(ledger, until, **more)]


def only(ledger: Ledger, until: str = "12-31", **more: object) -> Deviation:
    deviations = found(ledger, until, **more)
    assert len(deviations) == 1, deviations
    return deviations[0]


def verdict(ledger: Ledger, id: str, until: str = "12-31") -> Verdict:
    return next(v for v in verdicts(small(), ledger.entries, calendar(), day(until)) if v.id == id)
