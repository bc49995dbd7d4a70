"""One step of a case, with everything that can be done with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from casework import drafts, staff
from casework.automatic import proposals
from casework.automatic.facts import facts_of
from casework.errors import NotFound
from casework.permission import step_of
from casework.reading import CaseView, case_for, form_of
from protocol.advance import far_reaching
from protocol.advance import form_of as form_for
from protocol.commands import Actor
from protocol.errors import Problem, Refused
from protocol.language import Form, FormField, Step
from protocol.state import Occurrence
from protocol.visibility import Decision, may
from web.audience import Audience, of_step
from web.classified import confirmation
from web.dates import long_day, moment_words, short_day
from web.forms import Control, Maker, Option
from web.offers import offered, which
from web.proposal import fitted
from web.reasons import Reasons
from web.view_case import is_own, names_for, sees_own_part_only
from web.view_tasks import occurrence_id, task_path, title
from web.visitor import Visitor
from web.way import is_late, is_paused
from web.written import Written


class Said(NamedTuple):
    """A refusal at the head of a form."""

    reason: str
    remedy: str


class Completing(NamedTuple):
    controls: list[Control]
    button: str
    note: str
    command: str
    seen_by: Audience
    draft: str = ""
    """when what stands in the form was kept; empty: it is no draft"""


class Deciding(NamedTuple):
    by: str
    answers: list[tuple[str, str]]
    controls: list[Control]
    command: str


class Reasoned(NamedTuple):
    """Somebody who is proposed, and why."""

    who: str
    why: list[str]


@dataclass
class Other:
    """Something else that can be done with a step; folded away."""

    action: str
    title: str
    lead: str
    controls: list[Control]
    button: str
    command: str
    open: bool = False


@dataclass(frozen=True)
class Heading:
    """What stands at the head and at the side of the page."""

    title: str
    ref: str
    href: str
    case_href: str
    state: str
    tone: str
    person: str
    tags: list[str]
    due: str
    late: str
    because: list[str]
    facts: list[Fact]


class Fact(NamedTuple):
    label: str
    words: str
    language: str = ""
    """of the words, where it is not that of the page"""


class Typed(NamedTuple):
    """What somebody just sent, to be shown again."""

    action: str = ""
    values: Mapping[str, Any] = {}
    problems: tuple[Problem, ...] = ()
    grown: str = ""
    command: str = ""


class TaskView:
    """A step as one person sees it. Raises NotFound."""

    def __init__(self, v: Visitor, ref: str, path: str) -> None:
        self.v, self.t = v, v.t
        self.case: CaseView = case_for(v.db, v.actor, ref, v.now)
        found = self.case.state.steps.get(occurrence_id(path))
        if found is None:
            raise NotFound
        if sees_own_part_only(v, self.case) and not is_own(v, self.case, found):
            raise NotFound
        self.occurrence: Occurrence = found
        self.names = names_for(v, self.case)
        self.href = task_path(ref, found.id)

    @property
    def step(self) -> Step:
        return step_of(self.case.protocol, self.case.state, self.occurrence)

    @property
    def form(self) -> Form:
        return form_for(self.step, self.occurrence)

    @property
    def title(self) -> str:
        name = self.t.text(self.step.name)
        return title(self.t, self.case.protocol, self.occurrence.step, self.occurrence.n, name)

    def may(self, action: str) -> bool:
        return self._decision(action).allowed

    def why_not(self, action: str) -> str:
        return self._decision(action).reason

    def may_be_undone(self) -> bool:
        """Whether this outcome can be taken back by itself: it changed nothing of the case as a whole."""
        return not far_reaching(self.step, self.occurrence)

    def _decision(self, action: str) -> Decision:
        relation = set(self.case.relation)
        if self.v.actor.does_work_of(self.occurrence.assignee, self.case.relation):
            relation.add("own_task")
        elif "own_task" in relation:  # of another step of the case
            relation.discard("own_task")
        return may(self.case.protocol, self.v.actor, action, self.occurrence.step, frozenset(relation), step=self.step)

    # the head

    def heading(self) -> Heading:
        occurrence, t = self.occurrence, self.t
        late = is_late(occurrence, self.case.calendar, self.v.now) and not self._paused
        tone = "late" if late else "done" if not occurrence.open else "open"
        return Heading(
            title=self.title,
            ref=self.case.ref,
            href=self.href,
            case_href=f"/cases/{self.case.ref}",
            state=t.of("status", "late" if late else occurrence.status),
            tone=tone,
            person=person_name(self.case),
            tags=[t.text(self.case.protocol.release_types[self.case.state.release_type].name)],
            due=self._due(),
            late=self._late() if late else "",
            because=self._because(),
            facts=self._facts(),
        )

    @property
    def _paused(self) -> bool:
        return is_paused(self.case.protocol, self.case.state, self.occurrence)

    def _because(self) -> list[str]:
        if not self.occurrence.open:
            return []
        known = (self.case.protocol, self.case.state, self.case.calendar, self.v.now, self.t.language)
        return Reasons(*known).all(self.occurrence)

    def _due(self) -> str:
        occurrence, t = self.occurrence, self.t
        if not occurrence.open and occurrence.settled_on is not None:
            return t("task.settled", day=long_day(occurrence.settled_on, t.language, year=True))
        if occurrence.due is None:
            return t("task.no_due")
        day = long_day(occurrence.due, t.language, year=True)
        return t("task.due_at", day=day, hour=occurrence.at) if occurrence.at else t("task.due", day=day)

    def _late(self) -> str:
        assert self.occurrence.due is not None
        days = self.case.calendar.between(self.occurrence.due, self.v.today)
        return self.t.count("today.days_late", days) if days else self.t("today.late_today")

    def _facts(self) -> list[Fact]:
        occurrence, step, t = self.occurrence, self.step, self.t
        protocol, names = self.case.protocol, self.names
        found = [Fact(t("task.owner"), t.text(protocol.roles[step.owner].name))]
        who = occurrence.assignee or {"lead_worker": self.case.lead, "deputy_worker": self.case.deputy}.get(step.owner)
        if who:
            found.append(Fact(t("task.assignee"), names.get(who, t.of("who", "unknown"))))
        if occurrence.appointment is not None:
            found.append(Fact(t("task.appointment"), moment_words(occurrence.appointment, t.language, self.v.zone)))
        found.append(Fact(t("task.ready"), short_day(occurrence.ready_on, t.language, self.v.today)))
        if step.legal_basis:
            basis = protocol.legal_basis.get(step.legal_basis, step.legal_basis)
            found.append(Fact(t("task.legal_basis"), basis, "en"))
        found.append(Fact(t("task.source"), step.source, "en"))
        return found

    # doing it

    def people(self) -> list[tuple[str, str]]:
        return sorted(self.v.names.items(), key=lambda pair: pair[1])

    def maker(self, typed: Typed) -> Maker:
        return Maker(self.t, self.case.protocol.tracks, self.people(), typed.values, typed.problems, typed.grown)

    def completing(self, typed: Typed) -> Completing | None:
        if self.occurrence.status != "open" or not self.may("complete"):
            return None
        draft = None if typed.action == "complete" else drafts.read(self.v.db, *self._mine, self.v.now)
        start = draft.values if draft else self._prefill()
        mine = typed if typed.action == "complete" else Typed(values=start)
        made = offered(self.v, self.form.fields, self.maker(mine).controls(self.form.fields))
        asked = fitted(self, made, mine)
        controls = [*asked, self.day_control(mine), *confirmation(self.t, mine.problems)]
        seconds = self.step.four_eyes
        note = ""
        if seconds is not None:
            note = self.t("task.four_eyes", who=self.v.role_names(list(seconds.role)))
        button = self.t("task.propose") if seconds is not None else self.t("task.complete")
        kept = self.draft_words(draft.saved_at) if draft else ""
        seen_by = of_step(self.v, self.case, self.step, self.occurrence)
        return Completing(controls, button, note, mine.command or self.v.new_command(), seen_by, kept)

    @property
    def _mine(self) -> tuple[Actor, str, str]:
        return self.v.actor, self.case.ref, self.occurrence.id

    def draft_words(self, saved_at: dt.datetime) -> str:
        return self.t("task.draft_kept", when=moment_words(saved_at, self.t.language, self.v.zone))

    def _prefill(self) -> dict[str, Any]:
        """What the automatic half of the step prepared: a start, never a decision."""
        found = proposals.read(self.v.db, facts_of(self.v.db, self.case.ref), self.occurrence.id, "prefill")
        return found if isinstance(found, dict) else {}

    def day_control(self, typed: Typed) -> Control:
        """The day it happened, apart from now."""
        return day_control(self.v, typed, self.t("form.occurred_on_hint"))

    def deciding(self, typed: Typed) -> Deciding | None:
        if self.occurrence.status != "proposed" or not self.may("second") or not self._other_service():
            return None
        mine = typed if typed.action == "decide" else Typed()
        by = self.t(
            "task.proposed_by",
            who=self.v.names.get(self.occurrence.proposed_by or "", self.t.of("who", "unknown")),
            on=long_day(self.occurrence.settled_on or self.v.today, self.t.language),
        )
        written = form_of(self.v.db, self.v.actor, self.case.ref, self.occurrence.id, self.v.now)
        answers = Written(self.t, self.case.protocol, self.names).answers(self.form.fields, written)
        counted = which(self.v, self.form.fields, str(mine.values.get("priority", "")))
        controls = [*self._narrowing(written, mine), *self._decision_controls(mine), *counted]
        controls += confirmation(self.t, mine.problems)
        return Deciding(by, answers, controls, mine.command or self.v.new_command())

    def narrowing_fields(self) -> list[FormField]:
        """What a second person may share less of: text, recipients, end."""
        shares = self.step.shares
        names = (shares.text, shares.to, shares.until) if shares is not None else ()
        return [field for field in self.form.fields if field.key in names]

    def _narrowing(self, written: Mapping[str, Any], typed: Typed) -> list[Control]:
        """The proposal itself, to be shared as it is or with less in it; only the people who were proposed."""
        shares = self.step.shares
        if shares is None or not written.get(shares.text):
            return []
        values = dict(typed.values) if typed.values else dict(written)
        proposed = [(who, self.names.get(who, who)) for who in written.get(shares.to) or ()]
        maker = Maker(self.t, self.case.protocol.tracks, proposed, values, typed.problems)
        found = list(maker.controls(self.narrowing_fields()))
        found[0] = replace(found[0], hint=self.t("shared.narrow_hint"))
        return found

    def _other_service(self) -> bool:
        same = self.occurrence.proposed_service == self.v.actor.service
        return self.occurrence.proposed_by != self.v.actor.id and not same

    def _decision_controls(self, typed: Typed) -> list[Control]:
        t, problems = self.t, {problem.field: problem for problem in typed.problems}
        chosen = str(typed.values.get("agree", ""))
        words = {"yes": t("task.agree_yes"), "no": t("task.agree_no")}
        agree = Control(
            "agree", "agree", "radios", t("task.agree"),
            options=tuple(Option(key, label, key == chosen) for key, label in words.items()),
            problem=t.of("problem", "form_required") if "agree" in problems else "",
        )  # fmt: skip
        sets = self.step.four_eyes.disagree_sets if self.step.four_eyes else None
        if not sets or len(sets) < 2:
            return [agree]
        labels = {field.key: t.text(field.label) for field in self.form.fields}
        which = str(typed.values.get("field", ""))
        field = Control(
            "field", "field", "radios", t("task.disagree_with"), hint=t("task.disagree_hint"), required=False,
            sometimes=True,
            options=tuple(Option(key, labels.get(key, key), key == which) for key in sets),
            problem=t("refusal.step_disagree_remedy") if "field" in problems else "",
        )  # fmt: skip
        return [agree, field]


def day_control(v: Visitor, typed: Typed, hint: str = "") -> Control:
    problems = {problem.field: problem for problem in typed.problems}
    problem = problems.get("occurred_on")
    words = ""
    if problem is not None:
        key = problem.rule.replace(".", "_").replace("-", "_")
        words = v.t.of("problem", key) if v.t.known("problem", key) else v.t.of("refusal", f"{key}_reason")
    return Control(
        "occurred_on",
        "occurred-on",
        "date",
        v.t("form.occurred_on"),
        hint=hint,
        value=str(typed.values.get("occurred_on", v.today.isoformat())),
        problem=words,
    )


def person_name(case: CaseView) -> str:
    """The name of the person concerned, where this person may see it."""
    return f"{case.person.given_names} {case.person.family_name}" if case.person else ""


def problems_of(refusal: Refused) -> tuple[Problem, ...]:
    """The fields that a refusal is about."""
    if refusal.problems:
        return refusal.problems
    return (Problem(refusal.field, refusal.rule, refusal.remedy),) if refusal.field else ()


def staff_of_role(v: Visitor, step: Step) -> list[tuple[str, str]]:
    """Those who hold the role that owns a step, then everybody else."""
    people = staff.everybody(v.db)
    first = sorted((each.name, each.id) for each in people if step.owner in each.roles)
    rest = sorted((each.name, each.id) for each in people if step.owner not in each.roles)
    return [(id, name) for name, id in (*first, *rest)]
