"""A second, independent reading of the Mechelen protocol: on which day is a step due in an on-time run?

It exists to disagree with the engine: written from the text alone, day by day, without the engine's code or its
protocol file. Slow and plain on purpose. "On time" means: every predecessor is settled on its own due day.

Words: N = the day the notification counts on, P = planned release (start of a leave), A = actual release,
WD/CD = working/calendar days. All dates are Europe/Brussels.

Where the text leaves room, this file reads it so (the text's words → the reading):

 1. "arrives after 16:00" → 16:00:00 itself is in time. A notification given as a bare date came before every hour.
 2. "this shifts N only" → P, A and the start of a step are never shifted: they are known when they really arrived.
 3. "working days" in the notice, and the shift of N → own closing days are not working days there either.
 4. "`ready` … ignore own closing days" → in every count of that step, floor and cap included.
 5. "working days after N up to and including P", P before N → 0.
 6. "Remand release: usually N=A" → a description, no rule: only the dates given count. Without P it runs as long.
 7. "keeps its rule date if …" → also where that date lies after P (`contact` N+2 WD at a notice of 0 or 1).
 8. "Floor (steps before A)" → steps whose date counts from N or P. Those counted from A have no floor, but "no step is
    ever due before its ready day": later of rule date and ready day. So has `conference` in the short class.
 9. "Ready on or after that WD: …" → belongs to "Otherwise"; a step that keeps its rule date is not touched by it.
10. "when P is past" → the ready day is later than P. On P itself a short form is still due on P, the others P + 1 WD.
11. `visit1` in the short class, "short form" → its only date is "due on P"; the cap at the WD before P does not pull it
    forward when its predecessor was late. P past: ready day + 1 WD.
12. "every predecessor was settled by its due day", `started` given → the day `started` is not after the on-time due day
    of each predecessor. A step without a predecessor step (`notify`, `confirm_release`) has nobody who was late.
13. "ready after its hour: 12:00 of the next day" → the calendar day after the ready day; this goes before the floor's
    "ready day + 1 WD" for `confirm_release`.
14. "later of P−5 WD and the due day of `conference`" → the due day after the floor.
15. "Two that fall on the same day are one; later ones dated on or before the first are dropped" → compared by the rule
    date of the later one. Numbers are those of the list: a dropped occurrence leaves a gap in the numbers.
16. "not known repeats every day" → occurrence n is n−1 days after the first. Leave: 1 = start, 2 = day after return.
17. "A+6 months+10 WD" → A + 6 months moves to a working day first, then 10 WD.
18. `retain`, "close+12 months" → from the day `close` was settled, on time its due day.
19. "`align` … release under conditions" → the four types with a justice assistant; whether a remand or provisional
    release has conditions is not among the arguments, so the step is absent there.
20. End of sentence, "information at N+10 WD as always" → as the table says for the class (N+10 WD is its long value).
    Offers count back from P; those on N+10 WD are one with the first, those before it fall away, and those not yet due
    when A becomes known fall away too.
21. Leave, "`assign` + `contact` if the coordinator chooses so" → in the variant; the date is the one when chosen.
    "`infocheck` only if due before the start" → strictly before; start unknown: it stays.
22. Leave, "`close` on return", "closing event +10 WD" → the (planned) day of return is the closing event.
    Leave "never sets A" → `released` means nothing there.
23. Removal, "`notify`, `mandate`, then `close`" → the closing event is the day `mandate` is settled.
24. `retain` and `highlevel` exist in every variant; in leave and removal no other step than those listed.
25. `highlevel` → 5 WD after `started`; without a trigger it has no date. `opreview` follows the partnership's meeting
    calendar, which is not among the arguments: no date.
26. "A becomes known … the rest is due by the short class with P = A" → every step whose on-time due day is not before
    the day A became known, `notify` too. Cancelled steps (`visit1`, `visit2`, `ready`) have no date.
27. A forecast (A not given) takes P for A, known on the later of P and the day of arrival; it does not make the class short.
28. Steps counted from A when A is known late (`review`, `close`, `conference`) → not before the day it became known.
"""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

BELGIAN_HOLIDAYS = holidays.country_holidays("BE")
BRUSSELS = ZoneInfo("Europe/Brussels")
CUT_OFF = time(16, 0)
NOON = time(12, 0)

# --- the table of steps, as the protocol prints it -------------------------------------------------------------------

LONG, MEDIUM, SHORT = 0, 1, 2

COUNTED_FROM_N_OR_P: dict[str, tuple[str | None, str | None, str | None]] = {
    "notify": ("N+1 WD", "N+1 WD", "N+0 WD"),
    "mandate": ("N+1 WD", "N+1 WD", "N+1 WD"),
    "infocheck": ("N+3 WD", "N+3 WD", "N+1 WD"),
    "share": ("N+5 WD", "N+5 WD", "N+2 WD"),
    "assign": ("N+3 WD", "N+3 WD", "N+1 WD"),
    "contact": ("N+10 WD", "N+4 WD", "N+2 WD"),
    "visit1": ("earlier of P-40 CD and N+20 WD", "N+6 WD", "P+0 CD"),
    "plan": ("P-20 CD", "P-3 WD", "P-1 WD"),
    "visit2": ("P-14 CD", None, None),
    "align": ("P-10 CD", "P-2 WD", "P-1 WD"),
    "conference": ("P-10 CD", "P-2 WD", None),  # short: A+5 WD, see below
    "ready": ("later of P-5 WD and conference", "P-1 WD", "P-1 WD"),
}
FOLLOWUPS = (
    "A+3 WD", "A+7 CD", "A+14 CD", "A+21 CD", "A+28 CD", "A+42 CD", "A+56 CD", "A+70 CD", "A+84 CD",
    "A+4 months", "A+5 months", "A+6 months",
)  # fmt: skip
REVIEWS = ("A+1 months", "A+3 months", "A+6 months")
OFFERS = {2: "P-6 months", 3: "P-3 months", 4: "P-1 months"}  # further occurrences of contact, end of sentence

PREDECESSOR = {
    "mandate": "notify", "infocheck": "mandate", "share": "infocheck", "assign": "mandate", "contact": "assign",
    "visit1": "contact", "plan": "visit1", "visit2": "plan", "align": "plan", "conference": "plan", "ready": "plan",
}  # fmt: skip
AFTER_RELEASE = {"confirm_release", "releaseday", "followup", "review", "opreview", "highlevel", "close", "retain"}
EVERY_STEP = set(COUNTED_FROM_N_OR_P) | AFTER_RELEASE
IGNORE_CLOSING_DAYS = {"ready", "confirm_release", "releaseday"}  # and the first followup
HAVE_A_SHORT_FORM = {"contact", "visit1", "visit2", "plan", "ready"}
CANCELLED_BY_RELEASE = {"visit1", "visit2", "ready"}

WITH_JUSTICE_ASSISTANT = {"conditional_release", "limited_detention", "electronic_monitoring", "court_disposal"}
WITHOUT = {"end_of_sentence", "provisional_release", "remand_release"}
STEPS_OF = {
    **dict.fromkeys(WITH_JUSTICE_ASSISTANT, EVERY_STEP),
    **dict.fromkeys(WITHOUT, EVERY_STEP - {"align"}),
    "leave": {
        "notify", "mandate", "infocheck", "assign", "contact", "confirm_release", "highlevel", "close", "retain"
    },
    "removal": {"notify", "mandate", "highlevel", "close", "retain"},
}  # fmt: skip

Due = tuple[date | None, time | None]
WAITS: Due = (None, None)  # the step is in the variant, but the date it counts from is not known


# --- counting days, one at a time ------------------------------------------------------------------------------------


def is_working_day(day: date, closing: frozenset[date] = frozenset()) -> bool:
    return day.weekday() < 5 and day not in BELGIAN_HOLIDAYS and day not in closing


def plus_working_days(day: date, count: int, closing: frozenset[date] = frozenset()) -> date:
    """`count` working days after `day` (before it, when negative). The day itself is not counted."""
    one = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += one
        while not is_working_day(day, closing):
            day += one
    return day


def working_days_between(after: date, until: date, closing: frozenset[date] = frozenset()) -> int:
    """Working days after the first day, up to and including the last."""
    days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
    return sum(is_working_day(day, closing) for day in days)


def plus_months(day: date, count: int) -> date:
    """The same day of another month, clamped to that month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def moved_to_working_day(day: date, backward: bool, closing: frozenset[date] = frozenset()) -> date:
    while not is_working_day(day, closing):
        day += timedelta(days=-1 if backward else 1)
    return day


def counted_day(notified: date, closing: frozenset[date]) -> date:
    """N: what arrives after the cut-off hour or on a non-working day counts as arrived on the next working day."""
    if isinstance(notified, datetime):
        local = in_brussels(notified)
        if local.time() > CUT_OFF:
            return plus_working_days(local.date(), 1, closing)
        notified = local.date()
    return moved_to_working_day(notified, backward=False, closing=closing)


def in_brussels(moment: datetime) -> datetime:
    return moment.astimezone(BRUSSELS) if moment.tzinfo else moment.replace(tzinfo=BRUSSELS)


def day_of(moment: date) -> date:
    return in_brussels(moment).date() if isinstance(moment, datetime) else moment


# --- one case --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    kind: str
    n: date
    told: date  # the day it really arrived: the cut-off shifts N only
    arrived: time | None  # the hour of arrival, if it is known
    planned: date | None  # P
    released: date | None  # A
    back: date | None  # planned return from leave
    closing: frozenset[date]

    @property
    def a_known(self) -> date | None:
        return max(self.released, self.told) if self.released else None


@dataclass(frozen=True)
class View:
    """The case before A became known, or after: then P = A, the class is short, nothing is ready earlier."""

    case: Case
    p: date | None
    notice: int
    not_ready_before: date
    after: bool


def before_release(case: Case) -> View:
    return View(case, case.planned, notice_class(case), case.n, after=False)


def after_release(case: Case) -> View:
    assert case.a_known
    return View(case, case.released, SHORT, max(case.a_known, case.n), after=True)


def notice_class(case: Case) -> int:
    if case.released and case.n > case.released:
        return SHORT
    if case.planned is None:
        return LONG
    days = working_days_between(case.n, case.planned, case.closing)
    return SHORT if days < 10 else MEDIUM if days < 25 else LONG


def due(
    step: str,
    release_type: str,
    notified: date,
    *,
    release: date | None = None,
    released: date | None = None,
    planned_return: date | None = None,
    started: date | None = None,
    occurrence: int = 1,
    closing_days: Iterable[date] = (),
) -> Due | None:
    """The day (and hour) on which the step is due; None where the variant lacks it; WAITS without the date it needs.

    `started` is the step's ready day. It stands for the predecessors too: they were on time only if that day is not
    after their on-time due day. For `releaseday` and the first `followup` it is the day A became known (or `assign`
    was settled), for `retain` the day `close` was settled, for `close` in leave and removal the closing event.
    """
    if step not in EVERY_STEP:
        raise ValueError(f"{step!r} is no step of this protocol")
    closing = frozenset(closing_days)
    n = counted_day(notified, closing)
    case = Case(
        kind=release_type,
        n=n,
        told=day_of(notified),
        arrived=in_brussels(notified).time() if isinstance(notified, datetime) else None,
        planned=release,
        released=None if release_type == "leave" else released,
        back=planned_return,
        closing=closing,
    )
    return due_in(case, step, occurrence, started)


def due_in(case: Case, step: str, occurrence: int = 1, started: date | None = None) -> Due | None:
    """Steps due before A became known stay as they were; the rest goes by "A becomes known"."""
    if step not in STEPS_OF[case.kind] or occurrence < 1:
        return None
    if step in ("releaseday", "followup", "review", "opreview", "highlevel", "close", "retain"):
        return due_after_release(case, step, occurrence, started)
    planned = due_in_view(before_release(case), step, occurrence, started)
    if case.a_known is None:
        return planned
    if planned and planned[0] and planned[0] < case.a_known:
        return planned
    return due_in_view(after_release(case), step, occurrence, started)


def settled(case: Case, step: str) -> date | None:
    """On time: the day a predecessor is settled is its due day."""
    answer = due_in(case, step)
    return answer[0] if answer else None


def settled_in(view: View, step: str) -> date | None:
    """Before A became known nobody could reckon with it."""
    return settled(view.case if view.after else replace(view.case, released=None), step)


# --- steps before A --------------------------------------------------------------------------------------------------


def due_in_view(view: View, step: str, occurrence: int, started: date | None) -> Due | None:
    if step == "confirm_release":
        return confirm_release(view, occurrence, started)
    if view.after and step in CANCELLED_BY_RELEASE:
        return None
    if step == "conference" and view.notice == SHORT:
        return short_conference(view, occurrence, started)
    if occurrence > 1:
        return later_occurrence(view, step, occurrence, started)
    if COUNTED_FROM_N_OR_P[step][view.notice] is None:
        return None
    rule = rule_date(view, step)
    if rule is None:
        return WAITS
    before = predecessor(view, step)
    settled_on = settled_in(view, before) if before else None
    day = floored(view, step, rule, [settled_on] if settled_on else [], started)
    if view.case.kind == "leave" and step == "infocheck" and view.p and day >= view.p:
        return None
    return day, None


def predecessor(view: View, step: str) -> str | None:
    # "P−1 WD, ready after `contact`": the short class makes its plan without waiting for the visit
    return "contact" if step == "plan" and view.notice == SHORT else PREDECESSOR.get(step)


def closing_days_of(view: View, step: str) -> frozenset[date]:
    return frozenset() if step in IGNORE_CLOSING_DAYS else view.case.closing


def rule_date(view: View, step: str) -> date | None:
    """The date in the table; None while P is unknown."""
    closing = closing_days_of(view, step)
    if step == "visit1" and view.notice == LONG:
        from_n = count("N+20 WD", view.case.n, closing)
        return min(from_n, count("P-40 CD", view.p, closing)) if view.p else from_n
    if step == "ready" and view.notice == LONG:
        conference = settled_in(view, "conference")
        return max(count("P-5 WD", view.p, closing), conference) if view.p and conference else None
    words = COUNTED_FROM_N_OR_P[step][view.notice]
    assert words
    anchor = view.case.n if words.startswith("N") else view.p
    if step == "visit1" and view.notice == SHORT:
        return anchor  # a short form stays on the day itself
    return count(words, anchor, closing) if anchor else None


def count(words: str, anchor: date, closing: frozenset[date]) -> date:
    """The rule "P-20 CD" from the day of P. Calendar-day and month dates move to a working day."""
    found = re.fullmatch(r"[NPA]([+-]\d+) (WD|CD|months)", words)
    assert found, words
    number, unit = int(found[1]), found[2]
    if unit == "WD":
        return plus_working_days(anchor, number, closing)
    day = anchor + timedelta(days=number) if unit == "CD" else plus_months(anchor, number)
    return moved_to_working_day(day, backward=number < 0, closing=closing)


def floored(view: View, step: str, rule: date, predecessors: list[date], started: date | None) -> date:
    """The floor, clause by clause."""
    ready, on_time = readiness(view, predecessors, started)
    if rule >= ready and on_time:
        return rule
    closing = closing_days_of(view, step)
    if view.p is None:
        return max(rule, plus_working_days(ready, 2, closing))
    if ready > view.p:
        return plus_working_days(ready, 1, closing)
    if step == "visit1" and view.notice == SHORT:
        return view.p
    last = plus_working_days(view.p, -1, closing)
    if ready >= last:
        return view.p if step in HAVE_A_SHORT_FORM else plus_working_days(ready, 1, closing)
    return min(max(rule, plus_working_days(ready, 2, closing)), last)


def readiness(view: View, predecessors: list[date], started: date | None) -> tuple[date, bool]:
    if started is None:
        return max([view.not_ready_before, *predecessors]), True
    start = day_of(started)
    ready = max(start, view.not_ready_before) if view.after else start
    return ready, all(start <= settled_on for settled_on in predecessors)


def later_occurrence(view: View, step: str, occurrence: int, started: date | None) -> Due | None:
    """`ready` again at P−1 WD; the further offers of `contact` before the end of a sentence."""
    if step == "ready" and view.notice == LONG and occurrence == 2:
        words = "P-1 WD"
    elif step == "contact" and view.case.kind == "end_of_sentence" and occurrence in OFFERS and not view.after:
        words = OFFERS[occurrence]
    else:
        return None
    if view.p is None:
        return WAITS
    rule = count(words, view.p, closing_days_of(view, step))
    if step == "contact" and rule < count("N+10 WD", view.case.n, view.case.closing):
        return None
    one_before = last_before(view, step, occurrence)
    if rule <= one_before:
        return None
    return floored(view, step, rule, [one_before], started), None


def last_before(view: View, step: str, occurrence: int) -> date:
    """The due day of the occurrence before this one, passing over those that fell away."""
    for number in range(occurrence - 1, 0, -1):
        answer = due_in_view(view, step, number, None)
        if answer and answer[0]:
            return answer[0]
    raise AssertionError("the first occurrence always has a date when P is known")


def confirm_release(view: View, occurrence: int, started: date | None) -> Due | None:
    """P at 12:00, on the day itself; ready after that hour: 12:00 of the next day. Not known: again every day."""
    leave = view.case.kind == "leave"
    day = view.p
    if leave and occurrence == 2:
        day = view.case.back + timedelta(days=1) if view.case.back else None
    if (leave and occurrence > 2) or (view.after and occurrence > 1):
        return None
    if day is None:
        return WAITS
    ready = view.case.told if not view.after else view.case.a_known or view.case.told
    hour = view.case.arrived if ready == view.case.told else None
    if started is not None:
        ready = day_of(started)
        hour = in_brussels(started).time() if isinstance(started, datetime) else None
    if ready > day or (ready == day and hour and hour > NOON):
        day = ready + timedelta(days=1)
    return day + timedelta(days=0 if leave else occurrence - 1), NOON


def short_conference(view: View, occurrence: int, started: date | None) -> Due | None:
    """A+5 WD: a step after A, so without the floor."""
    if occurrence > 1:
        return None
    if view.case.released and not view.after:
        return WAITS  # counted from A, which is not known yet
    if view.p is None:
        return WAITS
    plan = settled(view.case, "plan")
    known = max(view.p, view.case.n)
    ready = day_of(started) if started else max(known, plan or known)
    return max(plus_working_days(view.p, 5, view.case.closing), ready), None


# --- steps after A ---------------------------------------------------------------------------------------------------


def due_after_release(case: Case, step: str, occurrence: int, started: date | None) -> Due | None:
    if step == "opreview":
        return WAITS
    if step in ("followup", "review"):
        return repeated(case, step, occurrence, started)
    if occurrence > 1:
        return None
    if step == "highlevel":
        return (plus_working_days(day_of(started), 5, case.closing), None) if started else WAITS
    if step == "releaseday":
        return releaseday(case, started)
    return close(case, started) if step == "close" else retain(case, started)


def release_and_known(case: Case) -> tuple[date, date] | None:
    """A and the day it became known; before that, P as its forecast."""
    a = case.released or case.planned
    return (a, max(a, case.told)) if a else None


def releaseday(case: Case, started: date | None) -> Due:
    dates = release_and_known(case)
    assigned = settled(case, "assign")
    if dates is None or assigned is None:
        return WAITS
    a, known = dates
    ready = day_of(started) if started else max(known, assigned)
    return (plus_working_days(ready, 1), NOON) if ready > a else (a, None)


def repeated(case: Case, step: str, occurrence: int, started: date | None) -> Due | None:
    """Follow-ups and reviews: the later of rule date and ready day; those dated on or before the first are dropped."""
    cadence = FOLLOWUPS if step == "followup" else REVIEWS
    if occurrence > len(cadence):
        return None
    dates = release_and_known(case)
    if dates is None:
        return WAITS
    a, known = dates
    if occurrence == 1:
        known = day_of(started) if started else known
        if step == "followup":
            return max(plus_working_days(a, 3), plus_working_days(known, 2)), None
        return max(count(cadence[0], a, case.closing), known), None
    rule = count(cadence[occurrence - 1], a, case.closing)
    first = repeated(case, step, 1, None)
    assert first and first[0]
    if rule <= first[0] or rule == count(cadence[occurrence - 2], a, case.closing):
        return None
    return max(rule, day_of(started) if started else rule), None


def close(case: Case, started: date | None) -> Due:
    if case.kind in ("leave", "removal"):
        event = day_of(started) if started else case.back if case.kind == "leave" else settled(case, "mandate")
        return (plus_working_days(event, 10, case.closing), None) if event else WAITS
    dates = release_and_known(case)
    if dates is None:
        return WAITS
    a, known = dates
    day = plus_working_days(count("A+6 months", a, case.closing), 10, case.closing)
    return max(day, day_of(started) if started else known), None


def retain(case: Case, started: date | None) -> Due:
    closed = day_of(started) if started else settled(case, "close")
    return (count("A+12 months", closed, case.closing), None) if closed else WAITS
