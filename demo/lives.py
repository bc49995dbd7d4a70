"""The lives of the demo: what happens in each fictional case. Everything not said here goes as the protocol plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Way:
    """How one step goes when it does not go as expected."""

    outcome: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    late: int = 0
    """working days after its due day"""
    recorded_after: int = 0
    """calendar days between the day it happened and the day it was recorded"""
    never: bool = False
    waived_by: str | None = None
    moved: int = 0
    """calendar days the meeting is moved by, once"""
    disagree: str | None = None
    """the second person disagrees (with this field, or `*`)"""
    undone: bool = False
    """recorded by accident once, taken back, done again"""


@dataclass(frozen=True)
class Deed:
    """Something that happens on its own day: `on` days after the notification (or from P or A: "P-3", "A+10")."""

    on: str
    what: str
    """`event:KEY`, `date:ANCHOR`, `wrong:ANCHOR`, `notify`, `correct:STEP`"""
    to: str | None = None
    """the new date, in the same terms; None: unknown"""
    by: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Life:
    title: str
    release_type: str
    start: int
    """days after the demo's first day"""
    notice: int | None = 60
    """calendar days between notification and planned release; None: the date is unknown"""
    certainty: str = "confirmed"
    conditions: str = "unknown"
    prison: int = 0
    language: str = "nl"
    released: int = 0
    """days between the planned and the actual release"""
    already_out: bool = False
    stay: int = 2
    """days of a leave"""
    ways: Mapping[str, Way] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()


def when(text: str, notified: dt.date, planned: dt.date | None, actual: dt.date | None) -> dt.date | None:
    """The day of "14", "P-3" or "A+10"; None while the date it counts from is unknown."""
    base = {"P": planned, "A": actual}.get(text[0], notified)
    number = text[1:] if text[0] in "PA" else text
    return base + dt.timedelta(days=int(number or 0)) if base else None


LIVES: tuple[Life, ...] = (
    Life("Conditional release, all as planned", "conditional_release", 0, 110, conditions="yes"),
    Life(
        "Electronic monitoring at medium notice; help in part", "electronic_monitoring", 9, 24, conditions="yes", prison=1,
        ways={"contact": Way("partly"), "visit1": Way(late=2), "followup#2": Way(moved=3)},
    ),
    Life(
        "Limited detention at short notice; the person chooses later", "limited_detention", 17, 8, conditions="yes",
        ways={"contact": Way("later"), "contact#2": Way("yes")},
    ),
    Life(
        "End of sentence: no help wished, and later yes", "end_of_sentence", 21, 230,
        ways={"contact": Way("no"), "contact#1": Way("no")},
        deeds=(Deed("P-60", "event:accepts_help", by="lead"),),
    ),
    Life(
        "End of sentence: no help wished, to the end", "end_of_sentence", 35, 100, language="fr",
        ways={"contact": Way("no"), "contact#1": Way("no"), "releaseday": Way("offer_left")},
    ),
    Life(
        "Provisional release, the date moves twice", "provisional_release", 44, 12, prison=1,
        deeds=(Deed("4", "date:planned_release", to="45"), Deed("20", "date:planned_release", to="30")),
    ),
    Life(
        "Announced again with another date", "limited_detention", 48, 40, conditions="yes",
        deeds=(Deed("10", "notify", to="50"),),
    ),
    Life(
        "More than a year is needed: the high-level meeting agrees", "court_disposal", 56, 30, conditions="yes",
        ways={"highlevel": Way("extension_yes")},
        deeds=(
            Deed("A+120", "event:extension_question", by="coordinator"), Deed("A+150", "event:extension", by="coordinator"),
            Deed("A+200", "event:extension", by="coordinator"), Deed("A+250", "event:extension", by="coordinator"),
        ),
    ),
    Life("The prison refuses the visit", "conditional_release", 50, 75, conditions="yes", prison=1, ways={"visit1": Way("access_refused", late=2)}),
    Life(
        "The lead worker hands the case over", "removal", 52, 25, prison=1,
        deeds=(
            Deed("10", "event:conflict_of_interest", by="coordinator", given={"conflicted": "lead-1"}),
            Deed("11", "event:no_conflict_of_interest", by="coordinator", given={"cleared": "lead-1"}),
            Deed("12", "event:new_lead", by="coordinator", given={"lead": "lead-2", "deputy": "lead-3", "note": "Next appointment: Tuesday, 10:00, at the prison."}),
        ),
    ),
    Life(
        "Court's disposal: refused, waiting, then a new date", "court_disposal", 60, 70, conditions="yes",
        ways={"wait_decision": Way("wait")},
        deeds=(Deed("25", "event:withdrawn", by="liaison"), Deed("70", "date:planned_release", to="140")),
    ),
    Life("Out of remand on the day of the notification", "remand_release", 71, 0, already_out=True, prison=1),
    Life("A leave, from start to return", "leave", 80, 9, stay=2),
    Life("Outside the mandate", "conditional_release", 87, 60, ways={"mandate": Way("out")}),
    Life(
        "Outside the priorities: the high-level meeting says yes", "provisional_release", 95, 40,
        ways={"mandate": Way("ask"), "highlevel": Way("mandate_yes")},
    ),
    Life(
        "Outside the priorities: the high-level meeting says no", "conditional_release", 101, 80,
        ways={"mandate": Way("ask"), "highlevel": Way("mandate_no")},
    ),
    Life(
        "Moved to another prison", "conditional_release", 108, 90, conditions="yes",
        deeds=(Deed("14", "event:new_prison", by="liaison"),),
    ),
    Life(
        "Arrested again and free again", "conditional_release", 115, 40, conditions="yes",
        deeds=(Deed("A+20", "event:new_arrest", by="coordinator"), Deed("A+38", "event:free_again", by="coordinator")),
    ),
    Life(
        "Arrested again for good", "provisional_release", 122, 20, deeds=(Deed("A+30", "event:new_arrest", by="coordinator"),),
    ),
    Life("Death", "end_of_sentence", 130, 150, deeds=(Deed("40", "event:death", by="coordinator"),)),
    Life(
        "Moves to another municipality", "conditional_release", 138, 50, conditions="yes", language="fr",
        deeds=(Deed("A+25", "event:transfer", by="coordinator"),),
    ),
    Life(
        "Objection, rectification and access request", "conditional_release", 144, 60, conditions="yes",
        ways={"answer": Way("answered")},
        deeds=(
            Deed("12", "event:access_request", by="data_manager"), Deed("20", "event:rectification", by="data_manager"),
            Deed("30", "event:objection", by="data_manager"),
        ),
    ),
    Life(
        "A safety question, an emergency override, a second sharing, a dispute", "limited_detention", 151, 45, conditions="yes",
        deeds=(
            Deed("15", "event:immediate_safety", by="lead"), Deed("15", "event:emergency_override", by="info_officer"),
            Deed("16", "event:emergency_access", by="youth_worker"), Deed("18", "event:contact_noted", by="lead"),
            Deed("22", "event:propose_sharing", by="info_officer"),
            Deed("24", "event:propose_sharing", by="lead_worker"),
            Deed("28", "event:dispute_between_services", by="coordinator"),
        ),
    ),
    Life(
        "Refused, waited, never released", "conditional_release", 160, 45, conditions="yes",
        ways={"wait_decision": Way("wait")}, deeds=(Deed("30", "event:withdrawn", by="liaison"),),
    ),
    Life(
        "Refused and closed at once", "limited_detention", 166, 30, conditions="yes", ways={"wait_decision": Way("close")},
        deeds=(Deed("12", "event:withdrawn", by="liaison"),),
    ),
    Life(
        "Six months are not enough: an extension", "conditional_release", 172, 35, conditions="yes",
        deeds=(Deed("A+150", "event:extension", by="coordinator"),),
    ),
    Life(
        "The release type changes", "electronic_monitoring", 180, 50, conditions="yes",
        deeds=(Deed("10", "event:type_changed", by="liaison", given={"release_type": "conditional_release", "conditions": "yes"}),),
    ),
    Life(
        "A leave in an open case", "conditional_release", 187, 80, conditions="yes",
        deeds=(Deed("20", "event:leave_planned", by="liaison", given={"leave_start": "30", "leave_return": "32"}),),
    ),
    Life(
        "Late, waived, moved, mistaken and mended", "conditional_release", 195, 70, conditions="yes",
        ways={
            "visit1": Way(late=3), "visit2": Way(waived_by="lead_worker"), "infocheck": Way(undone=True),
            "followup#3": Way(late=6), "followup#5": Way(recorded_after=5), "followup#6": Way(moved=4),
            "opreview#2": Way(waived_by="coordinator"), "conference": Way(waived_by="coordinator"),
        },
        deeds=(Deed("P-4", "date:actual_release", to="P-4"), Deed("P-3", "wrong:actual_release")),
    ),
    Life(
        "No date yet; it becomes known", "court_disposal", 203, None, certainty="unconfirmed", conditions="yes",
        deeds=(Deed("50", "date:planned_release", to="120"),),
    ),
    Life(
        "Waiting, renewed once", "conditional_release", 210, 40, conditions="yes", ways={"wait_decision": Way("wait")},
        deeds=(
            Deed("20", "event:withdrawn", by="liaison"), Deed("80", "event:wait_renewed", by="coordinator"),
            Deed("110", "date:planned_release", to="150"),
        ),
    ),
    Life(
        "Closed at the second review", "provisional_release", 217, 30, ways={"review#2": Way("close")},
    ),
    Life(
        "Nothing shared; the second pair of eyes disagrees", "conditional_release", 224, 60, conditions="yes",
        ways={"share": Way("shared", disagree="*"), "close": Way(disagree="*")},
    ),
    Life(
        "Told too late, and nobody answers the phone", "provisional_release", 231, 3, prison=1,
        ways={"confirm_release": Way(never=True), "contact": Way(late=2), "plan": Way(late=1)},
        deeds=(Deed("P+9", "date:actual_release", to="P"),),
    ),
    Life(
        "Released earlier than planned", "conditional_release", 240, 60, conditions="yes", released=-10,
        deeds=(Deed("P-9", "date:actual_release", to="P-10"),),
    ),
)  # fmt: skip
