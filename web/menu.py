"""Which pages a person has, by role, and which of them comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web.visitor import Link, Visitor

RUNS = ("coordinator", "deputy_coordinator")
WATCHES = (*RUNS, "auditor", "dpo")
CALLED = (*RUNS, "mayor", "mayors_office", "manager", "chiefs_delegate")
ADMINISTERS = ("administrator", "coordinator")
READS_SHARED = (
    *RUNS, "info_officer", "lead_worker", "deputy_worker", "second_member", "second_police", "chiefs_delegate",
    "youth_worker", "liaison", "mayor",
)  # fmt: skip
DUTY = (*CALLED, "administrator")
READS_PRISONS = (*RUNS, "lead_worker", "deputy_worker", "youth_worker", "partner_worker", "administrator")
NO_TASKS = frozenset({"mayor", "mayors_office", "administrator", "auditor", "dpo", "manager"})
"""Roles that own no step: no page of tasks."""

PAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("/overview", "frame.nav_overview", RUNS),
    ("/mayor", "frame.nav_mayor", ("mayor", "mayors_office")),
    ("/announced", "frame.nav_announced", ("liaison",)),
    ("/announce", "frame.nav_announce", ("liaison", *RUNS)),
    ("/cases", "frame.nav_cases", RUNS),
    ("/releases", "frame.nav_releases", RUNS),
    ("/meetings", "frame.nav_meetings", (*RUNS, "lead_worker", "deputy_worker")),
    ("/late", "frame.nav_late", RUNS),
    ("/workload", "frame.nav_workload", RUNS),
    ("/urgent", "frame.nav_urgent", CALLED),
    ("/compliance", "frame.nav_compliance", WATCHES),
    ("/protocols", "frame.nav_protocols", (*WATCHES, "administrator")),
    ("/ledger", "frame.nav_ledger", WATCHES),
    ("/shared", "frame.nav_shared", READS_SHARED),
    ("/requests", "frame.nav_requests", ("data_manager", "dpo")),
    ("/retention", "frame.nav_retention", ("data_manager", "dpo")),
    ("/reading", "frame.nav_reading", ("dpo", "data_manager")),
    ("/duty", "frame.nav_duty", DUTY),
    ("/prisons", "frame.nav_prisons", READS_PRISONS),
    ("/priorities", "frame.nav_priorities", (*WATCHES, "administrator", "mayor")),
    ("/staff", "frame.nav_staff", ADMINISTERS),
    ("/closing-days", "frame.nav_closing_days", ADMINISTERS),
    ("/api-clients", "frame.nav_api_clients", ("administrator",)),
)
UNLISTED: dict[str, tuple[str, ...]] = {
    "/administration": ("administrator",),
    "/prisons/new": ADMINISTERS,
    "/duty/weeks": ADMINISTERS,
    "/priorities/change": ADMINISTERS,
    "/mail-test": ("administrator",),
    "/protocols/new": ADMINISTERS,
    "/outcomes": WATCHES,
}
"""what is not a page of the menu, and for whom it is"""
MOST_AT_HEAD = 6
SELDOM = (
    "/announce",
    "/urgent",
    "/shared",
    "/duty",
    "/protocols",
    "/ledger",
    "/prisons",
    "/priorities",
    "/staff",
    "/closing-days",
    "/api-clients",
)
MY_CASES = ("lead_worker", "deputy_worker")
FIRST = (
    (RUNS, "/overview"),
    (("liaison",), "/announced"),
    (("mayor", "mayors_office"), "/mayor"),
    (("administrator",), "/staff"),
    (("dpo",), "/reading"),
    (("auditor",), "/compliance"),
)


def first_page(visitor: Visitor) -> str:
    """Where a person starts: the role decides."""
    return next((path for roles, path in FIRST if visitor.has(*roles)), "/tasks")


def menus(visitor: Visitor) -> tuple[list[Link], list[Link]]:
    """The pages of a person: those at the head, and those that are seldom needed, at the foot."""
    from web.visitor import Link

    here = visitor.request.url.path
    found = [(path, word) for path, word, roles in PAGES if visitor.has(*roles)]
    if has_tasks(visitor):
        found.insert(1 if visitor.has(*RUNS) else 0, ("/tasks", "frame.nav_today"))
    if visitor.has(*MY_CASES):
        found.insert(1, ("/my-cases", "frame.nav_my_cases"))
    links = [Link(path, visitor.t(word), here == path) for path, word in found]
    if len(links) <= MOST_AT_HEAD:
        return links, []
    seldom = {*SELDOM, "/tasks"} if visitor.has(*RUNS) else set(SELDOM)
    return [link for link in links if link.href not in seldom], [link for link in links if link.href in seldom]


def has_tasks(visitor: Visitor) -> bool:
    return bool(set(visitor.me.roles) - NO_TASKS)
