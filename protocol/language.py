"""The protocol language: frozen pydantic models of a protocol file.

A protocol is data: steps with an owner and a due rule, anchors the days are counted from, notice classes, variants
per release type, exceptional events and what each does, phases of a case, escalation, visibility. Nothing here names
a city. `parse.py` reads a file into `Protocol`; `check.py` proves that it is sound; `docs/language.md` is generated
from the descriptions below.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Text = dict[str, str]
"""A text in every language of the protocol: `{en: …, nl: …, fr: …}`."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A name in the protocol: small letters, digits and underscores."""

Keys = tuple[Key, ...]


def _one_or_many(value: object) -> object:
    """`outcome: yes` reads as well as `outcome: [yes, partly]`."""
    return [value] if isinstance(value, str) else value


OneOrMany = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Part(BaseModel):
    """Base of every part of the language: frozen, and an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def exactly_one(part: BaseModel, *names: str) -> None:
    """Refuse a part in which not exactly one of these fields is given."""
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) != 1:
        wanted = ", ".join(name.rstrip("_") for name in names)
        raise ValueError(f"exactly one of {wanted} must be given, found {', '.join(given) or 'none'}")


class Rule(Part):
    """When something is due.

    Either a distance (`working_days`, `days` or `months`, with `after` or `before` a reference), or `on` a reference,
    or a combination (`earliest`, `latest`), or `due_of` another step, or the next fixed `meeting`, or `by_notice`.
    A reference is an anchor, `ready` (the ready day), `event` (the day of the event that opened the step),
    `known:ANCHOR` (the day an anchor became known), `settled:STEP`, `due:STEP` or `given:FIELD` (a date in the form).
    The day of the reference itself is not counted. A day or month date on a non-working day moves to the working day
    before it when counted `before`, to the next one when counted `after`; `stays` keeps it on the day itself.
    """

    working_days: int | None = Field(None, ge=0, description="working days, after or before the reference")
    days: int | None = Field(None, ge=0, description="calendar days, after or before the reference")
    months: int | None = Field(None, ge=0, description="calendar months, clamped to the month's end")
    after: str | None = Field(None, description="the reference, counted forward")
    before: str | None = Field(None, description="the reference, counted back")
    on: str | None = Field(None, description="the day of the reference itself")
    earliest: tuple[Rule, ...] | None = Field(None, description="the earliest of these that can be counted")
    latest: tuple[Rule, ...] | None = Field(None, description="the latest of these; all must be known")
    due_of: Key | None = Field(None, description="the due day of another step")
    meeting: Key | None = Field(None, description="the next fixed meeting of this series after the ready day")
    by_notice: dict[Key, Rule | None] | None = Field(
        None, description="one rule per notice class; null: the step is not in that class"
    )
    plus: Rule | None = Field(None, description="counted on from the date found so far (its reference is left out)")
    at: Hour | None = Field(None, description="the hour of that day, local time, after which it is late")
    stays: bool = Field(False, description="the date stays on the day itself, working day or not")
    short_form: bool = Field(False, description="the step takes its short form under this rule")
    if_ready_later: Rule | None = Field(None, description="the rule to use when the ready day is after this date")

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        exactly_one(
            self, "working_days", "days", "months", "on", "earliest", "latest", "due_of", "meeting", "by_notice"
        )
        counted = self.working_days is not None or self.days is not None or self.months is not None
        if counted and self.after and self.before:
            raise ValueError("a distance is counted `after` or `before` a reference, not both")
        if not counted and (self.after or self.before):
            raise ValueError("`after` and `before` go with working_days, days or months")
        return self


class Condition(Part):
    """A structured condition; every field that is given must hold."""

    release_type: OneOrMany | None = Field(None, description="the release type is one of these")
    notice: OneOrMany | None = Field(None, description="the notice class is one of these")
    conditions: OneOrMany | None = Field(None, description="conditions attached to the release: yes, no, unknown")
    phase: OneOrMany | None = Field(None, description="the phase of the case is one of these")
    outcome: OneOrMany | None = Field(None, description="the outcome just reached is one of these")
    trigger: OneOrMany | None = Field(None, description="what opened the step is one of these")
    form: OneOrMany | None = Field(None, description="the form in use is one of these")
    given: dict[Key, OneOrMany] | None = Field(None, description="a field of the form or event has one of these values")
    known: Key | None = Field(None, description="this anchor is known")
    unknown: Key | None = Field(None, description="this anchor is not known")
    moved_by_days: int | None = Field(None, ge=1, description="the anchor moved at least this many calendar days")
    milestone: Key | None = Field(None, description="this milestone was reached")
    all_: tuple[Condition, ...] | None = Field(None, alias="all", description="all of these hold")
    any_: tuple[Condition, ...] | None = Field(None, alias="any", description="one of these holds")
    not_: Condition | None = Field(None, alias="not", description="this does not hold")


class After(Part):
    """One thing that must have happened before a step is ready."""

    step: Key | None = Field(None, description="this step is settled")
    outcome: OneOrMany | None = Field(None, description="… with one of these outcomes")
    given: dict[Key, OneOrMany] | None = Field(None, description="… with these values in its form")
    last: bool = Field(False, description="… every occurrence of it, up to the last")
    anchor: Key | None = Field(None, description="this anchor is known")
    milestone: Key | None = Field(None, description="this milestone is reached")
    any_: tuple[After, ...] | None = Field(None, alias="any", description="one of these")

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        exactly_one(self, "step", "anchor", "milestone", "any_")
        if (self.outcome or self.given or self.last) and not self.step:
            raise ValueError("`outcome`, `given` and `last` go with `step`")
        return self


FieldType = Literal[
    "choice",
    "date",
    "datetime",
    "hour",
    "text",
    "number",
    "yes_no",
    "yes_no_unknown",
    "staff",
    "staff_list",
    "tracks",
    "list",
]


class FormField(Part):
    """One typed field of a form. Text is always sealed; choices and dates may decide what happens next."""

    key: Key = Field(description="its name in conditions and outcomes")
    type: FieldType = Field(description="what can be filled in")
    label: Text = Field(description="the question")
    hint: Text | None = Field(None, description="a line of help under the question")
    options: dict[Key, Text] | None = Field(None, description="for `choice`: key and text of every option")
    required: bool = Field(True, description="cannot be left empty")
    required_when: Condition | None = Field(None, description="required only when this holds (fields of the same form)")
    max_length: int = Field(500, ge=1, le=4000, description="for `text`: characters at most")
    minimum: int | None = Field(None, description="for `number`: not lower")
    maximum: int | None = Field(None, description="for `number`: not higher")
    within: Rule | None = Field(None, description="for `date`: not later than this, counted from the day it happened")
    future: bool = Field(False, description="for `date`: may lie in the future")
    offers: Literal["priority_list"] | None = Field(
        None,
        description="for `text`: what the page offers to choose from: `priority_list`, the versions of the agreed list",
    )
    tracks: Key | None = Field(None, description="for `tracks`: the list of which every item gets one row")
    fields: tuple[FormField, ...] = Field((), description="for `tracks` and `list`: the columns of a row")
    handling: Key | None = Field(None, description="handling code of what is written here")

    @model_validator(mode="after")
    def complete(self) -> Self:
        if self.type == "choice" and not self.options:
            raise ValueError("a choice needs `options`")
        if self.type in ("tracks", "list") and not self.fields:
            raise ValueError(f"a field of type {self.type} needs `fields`")
        if self.type == "tracks" and not self.tracks:
            raise ValueError("a field of type tracks needs `tracks`, the list it follows")
        return self


class Outcome(Part):
    """An outcome of a step, reached when the form's fields match `when`; the first that matches counts."""

    key: Key = Field(description="its name in conditions")
    name: Text
    when: dict[Key, OneOrMany] = Field(default_factory=dict, description="field values of the form; empty: always")


class Form(Part):
    """What is recorded when a step is done."""

    fields: tuple[FormField, ...] = Field((), description="what is filled in, in this order")
    outcomes: tuple[Outcome, ...] = Field((), description="in order; none: the only outcome is `done`")
    expected: OneOrMany = Field(
        (),
        description="per occurrence the outcome when all goes as planned, the last goes on; none: the first",
    )
    expected_given: dict[Key, str] = Field(
        default_factory=dict, description="the field values when all goes as planned"
    )


class FourEyes(Part):
    """A second person of another service looks before the step counts as done."""

    role: OneOrMany = Field(description="roles of which one member decides second")
    disagree: Key | None = Field(None, description="the outcome when the second disagrees")
    disagree_sets: dict[Key, str] | None = Field(
        None, description="the field values when the second disagrees on a field"
    )
    returned: Rule | None = Field(None, description="or: the step goes back to its owner, due by this rule")
    then: Key | None = Field(None, description="a second disagreement opens this step")


class Shares(Part):
    """What a step releases, once it is settled, to those whom its form names: the text as decided, and nothing else."""

    item: Key = Field(description="the kind of item that is released, where the form does not say another")
    kind: Key | None = Field(
        None, description="field with the kind of item; each shares what is its own by the visibility matrix"
    )
    when: Condition | None = Field(None, description="only if this holds")
    text: Key = Field(description="field of the form with the exact text")
    to: Key = Field(description="field with the recipients")
    ground: Key = Field(description="field with the ground")
    code: Key = Field(description="field with the handling code")
    until: Key = Field(description="field with the day on which access ends")


class Skip(Part):
    """Who may waive a step, and what is left of it."""

    by: OneOrMany = Field((), description="roles that may waive; empty: nobody")
    never_twice_running: bool = Field(False, description="an occurrence after a waived one cannot be waived")
    becomes: Key | None = Field(None, description="the step stays, in this form")
    note: Text | None = Field(None, description="what to know before waiving, as text")


class Repeat(Part):
    """A step that occurs more than once. The n-th becomes ready on the due day of the one before."""

    occurrences: tuple[Rule, ...] = Field((), description="one due rule per occurrence")
    forms: dict[int, Key] = Field(default_factory=dict, description="the form of the n-th occurrence, where it differs")
    cadence: Rule | None = Field(None, description="or: every next one by this rule, inside the window")
    window_from: Rule | None = Field(None, description="no occurrence before this")
    window_until: Rule | None = Field(None, description="no occurrence after this")
    goes_on_when: dict[Key, OneOrMany] | None = Field(None, description="… or while the last form says so")
    until: After | None = Field(None, description="no further occurrences after this")
    distinct: bool = Field(
        False, description="occurrences are never taken together or dropped: each is a duty of its own"
    )
    may_move: int = Field(0, ge=0, description="each may move once, by at most this many working days")
    rota_first: bool = Field(False, description="the first occurrence ignores own closing days")


class Told(Part):
    """Who is told when a step is settled, and what."""

    who: Key = Field(
        description="a role, or `owner`, `person`, `attendees`, `recipients`, `members`, `task_owners`, `partners`"
    )
    what: Literal["settled", "handled", "date", "assigned", "content_in_case"] = Field(
        "settled", description="how much is said"
    )
    when: Condition | None = Field(None, description="only if this holds")


class HardStop(Part):
    """When another role takes the step over. An open step becomes that role's, and is nobody's in particular."""

    rule: Rule = Field(description="from this day on")
    by: Key = Field(description="the role that takes over")


class Cancel(Part):
    """Open steps that fall away."""

    steps: Keys = Field((), description="these open steps")
    counted_from: Key | None = Field(None, description="every open step counted from this anchor")
    all_: bool = Field(False, alias="all", description="every open step")
    except_: Keys = Field((), alias="except", description="but not these")
    as_settled: bool = Field(False, description="what follows treats them as settled")


class Open(Part):
    """A step or duty that is opened."""

    step: Key = Field(description="the step or duty that opens")
    due: Rule | None = Field(None, description="instead of the step's own rule")
    form: Key | None = Field(None, description="the form to fill in, where not its own")
    trigger: Key | None = Field(None, description="a word for conditions on `trigger`: why it was opened")
    theirs: bool = Field(False, description="it is the task of whoever reported this, not of the owner's role at large")


class Renew(Part):
    """Steps that are to be done again."""

    steps: Keys = Field(description="these steps open anew, done or not")
    only_in_class: bool = Field(False, description="only where the notice class has the step")


class Phase(Part):
    """A phase of a case. `only` names the steps that stay open or may open in it."""

    name: Text
    only: Keys | None = Field(None, description="none given: every step")
    ended: bool = Field(False, description="the case no longer counts as open")
    paused: bool = Field(False, description="nothing is late in this phase")
    until: Rule | None = Field(None, description="the phase ends by itself then …")
    without_consent: bool = Field(False, description="the person said no: no step that needs consent is open in it")
    then: Key | None = Field(None, description="… with this event")


class Extend(Part):
    """Closure later, by decision."""

    step: Key = Field(description="the closing step, which moves")
    by: Rule = Field(description="how much later each time")
    limit: Rule = Field(description="never beyond this")
    monthly: Key | None = Field(None, description="the step that goes on every month until the end")
    monthly_from: Rule | None = Field(None, description="the first of these months")
    before_end: dict[Key, Rule] = Field(
        default_factory=dict, description="steps added before the end, counted back from it"
    )
    needs: Key | None = Field(None, description="the milestone needed for an end after `needs_after`")
    needs_after: Rule | None = Field(None, description="ends after this need the milestone")


class Action(Part):
    """One thing that an outcome, an anchor or an event does to the case. Exactly one kind, if `when` holds."""

    when: Condition | None = Field(None, description="only if this holds")
    set_anchor: Key | None = Field(None, description="set this anchor to the date in `from` (a field)")
    from_: str | None = Field(None, alias="from", description="the field that holds the date; left out: unknown again")
    open: Open | None = Field(None, description="this step or duty opens")
    cancel: Cancel | None = Field(None, description="these open steps fall away")
    renew: Renew | None = Field(None, description="these steps are to be done again")
    phase: Key | None = Field(None, description="the case enters this phase")
    closing: Rule | None = Field(None, description="a closing event: the closing step is due by this rule")
    closing_form: Key | None = Field(None, description="the form of the closing step after a closing event")
    end: Key | None = Field(None, description="the case ends in this phase")
    event: Key | None = Field(None, description="this event happens too")
    settle: dict[Key, Key] | None = Field(None, description="open steps settled by this, with the outcome")
    again: Rule | None = Field(None, description="the step occurs once more, due by this rule")
    resume: Rule | None = Field(
        None, description="timers go on; single steps that fell due meanwhile are due by this rule"
    )
    redate: Keys | None = Field(None, description="these open steps count their ready day from now")
    set_type: bool = Field(False, description="the release type is set from the field `release_type`")
    extend: Extend | None = Field(None, description="closure moves later, with what goes on meanwhile")
    erase: bool = Field(False, description="the case key is destroyed")

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        kinds = (
            "set_anchor",
            "open",
            "cancel",
            "renew",
            "phase",
            "closing",
            "end",
            "event",
            "settle",
            "again",
            "resume",
            "redate",
            "extend",
        )
        given = [k for k in kinds if getattr(self, k) is not None] + [
            k for k in ("set_type", "erase") if getattr(self, k)
        ]
        if len(given) != 1:
            raise ValueError(f"exactly one action must be given, found {', '.join(given) or 'none'}")
        return self


class Step(Part):
    """A step or duty: one accountable owner, a start, a due rule, an output."""

    name: Text
    owner: Key = Field(description="the role that is accountable: staff, never the person concerned or the prison")
    duty: bool = Field(False, description="opened by events or outcomes only")
    after: tuple[After, ...] = Field((), description="all of these must have happened")
    due: Rule | None = Field(None, description="when it must be done")
    floor: bool = Field(False, description="the floor of steps before the release holds")
    rota: bool = Field(False, description="own closing days are ignored: there is a rota")
    repeat: Repeat | None = Field(None, description="it occurs more than once")
    form: Form = Field(Form(), description="what is recorded when it is done")
    forms: dict[Key, Form] = Field(default_factory=dict, description="other forms by key: short, minimum, leave …")
    form_in: dict[Key, Key] = Field(default_factory=dict, description="the form in use per notice class")
    short_form: Key | None = Field(None, description="the form taken when there is no time left")
    counts_only: dict[Key, Keys] = Field(
        default_factory=dict, description="what was done in this form counts only in these notice classes"
    )
    prefer_last: Key | None = Field(None, description="escalation chain of the last occurrence")
    four_eyes: FourEyes | None = Field(None, description="a second person of another service decides too")
    step_up: bool = Field(False, description="recorded only by somebody who gave the second factor in the last minutes")
    quorum: tuple[OneOrMany, ...] = Field((), description="attendance: one of each")
    shares: Shares | None = Field(None, description="what it releases to those it names")
    consent: bool = Field(False, description="only with the consent of the person concerned")
    told: tuple[Told, ...] = Field((), description="who is told when it is settled")
    escalation: Key | None = Field(None, description="the chain of who is told when it is late")
    hard_stop: HardStop | None = Field(None, description="when another role takes over")
    skip: Skip = Field(Skip(), description="who may waive it")
    may_decline: bool = Field(False, description="saying no is a normal end: never late, never a deviation")
    settled_on_due_day: bool = Field(
        False, description="from outside it shows as settled on its due day, never earlier"
    )
    runs_in_pause: bool = Field(False, description="its time runs on while the case is paused")
    stays_open_when_ended: bool = Field(False, description="the end of the case does not cancel it")
    not_decided: Key | None = Field(None, description="the outcome when the case ends before it is settled")
    opens_itself: bool = Field(True, description="false: only actions open it")
    only_if_before: Key | None = Field(None, description="only if its due day lies before this anchor")
    backup: Key | None = Field(None, description="a role that may do it when the owner cannot")
    follows: tuple[Action, ...] = Field((), description="what its outcomes do")
    legal_basis: str | None = Field(None, description="a key of the protocol's `legal_basis`")
    source: str
    in_force: dt.date | None = Field(None, description="since when this rule holds")
    flow: Key | None = Field(None, description="the flow that prepares it")
    handling: Key = Field("case_team", description="handling code of what is written here")


class Anchor(Part):
    """A date the protocol counts from."""

    name: Text
    cut_off: bool = Field(False, description="what arrives after the cut-off hour counts as the next working day")
    certainty: bool = Field(False, description="it may be confirmed, expected or unconfirmed")
    stands_in_for: Key | None = Field(None, description="once known it replaces this anchor")
    forecast: Key | None = Field(None, description="until known, forecasts use this anchor")
    notice: Key | None = Field(None, description="once known, the notice class is this one")
    when_known: tuple[Action, ...] = Field((), description="what happens when it becomes known")
    when_moved: tuple[Action, ...] = Field((), description="what happens when it changes")
    when_unknown: tuple[Action, ...] = Field((), description="what happens when it is not known any more")
    may_be_future: bool = Field(True, description="false: only a day that has come can be recorded")


class NoticeClass(Part):
    """A class of notice: how much time there is."""

    key: Key
    name: Text
    below: int | None = Field(None, ge=1, description="fewer working days than this; none: no upper limit")


class Notice(Part):
    """How much time there is: working days after `from` up to and including `to`."""

    from_: Key = Field(alias="from", description="the anchor counted from")
    to: Key = Field(description="the anchor counted to")
    unknown: Key = Field(description="the class while one of the two is unknown")
    classes: tuple[NoticeClass, ...] = Field(min_length=1, description="shortest first; the last has no upper limit")
    source: str


class Floor(Part):
    """The least time a late start leaves, for steps with `floor`."""

    working_days: int = Field(ge=0, description="due at least this many working days after the ready day")
    last: Rule = Field(description="not later than this")
    too_late: Rule = Field(description="ready on or after that day: due then")
    short_form: Rule = Field(description="steps with a short form: due then, in that form")
    source: str


class Variant(Part):
    """What is different for some release types or notice classes."""

    name: Text
    when: Condition = Field(description="which cases it is for")
    keep: Keys | None = Field(None, description="only these steps remain")
    drop: Keys = Field((), description="these steps fall away")
    change: dict[Key, dict[str, Any]] = Field(default_factory=dict, description="step: the fields that differ")
    add: dict[Key, Step] = Field(default_factory=dict, description="further steps")
    source: str


class Restricts(Part):
    """What an event is about is restricted at once, until the request is answered. Source: GDPR art. 18 and 19."""

    until: Key = Field(description="the step, opened by this event, that answers the request")
    goes_on: Condition | None = Field(None, description="it stays restricted after an answer for which this holds")
    lifts: Condition | None = Field(
        None,
        description="what nobody decided on is lifted by an answer for which this holds; else each is decided first",
    )


class Event(Part):
    """An exceptional event and what it does."""

    name: Text
    by: OneOrMany = Field(description="roles that may report it; `system`: by itself")
    in_phase: OneOrMany | None = Field(None, description="only in these phases")
    form: Form = Field(Form(), description="what is recorded with it")
    does: tuple[Action, ...] = Field((), description="what it does to the case, in order")
    tells: OneOrMany = Field((), description="roles that are told at once")
    restricts: Restricts | None = Field(None, description="what it is about is restricted at once")
    log: bool = Field(False, description="a note that is made often: it has a page of its own, and changes nothing")
    access_hours: int | None = Field(
        None,
        ge=1,
        le=72,
        description="whoever reports it, without being tied to the case, may read it for so many hours",
    )
    source: str

    @property
    def names_staff(self) -> bool:
        """Whether its form says who works on the case, or should not: that gives and takes access."""
        return any(field.type == "staff" for field in self.form.fields)

    @property
    def hands_over(self) -> bool:
        """Whether the case changes hands by it: its form names who leads the case from now on."""
        return any(field.type == "staff" and field.key == "lead" for field in self.form.fields)


class Rung(Part):
    """One rung of a chain: who is told, and how long after the due day."""

    who: OneOrMany = Field(description="roles, or `owner` or `manager` of the late step")
    working_days: int | None = Field(None, ge=0, description="this many working days after the due day")
    hours: int | None = Field(None, ge=0, description="or: this many hours after the due hour")
    until_owner: OneOrMany = Field((), description="skipped for these owners")


class Chain(Part):
    """Who is told about late work, and when. Never about the person."""

    name: Text
    remind_at_half_from: int | None = Field(
        None, description="a reminder at half of periods of this many working days or more"
    )
    rungs: tuple[Rung, ...] = Field(description="who is told, in order of time")
    for_owner: dict[Key, tuple[Rung, ...]] = Field(
        default_factory=dict, description="other rungs where this role is the owner"
    )
    acknowledged: bool = Field(False, description="each call must be acknowledged, else the next rung is called")
    calls_from: Hour | None = Field(None, description="no calls before this hour")
    calls_until: Hour | None = Field(None, description="no calls after this hour")
    needs_certainty: bool = Field(False, description="not while the date is unconfirmed")
    unacknowledged: Key | None = Field(None, description="the event when nobody acknowledges")
    source: str


class Role(Part):
    """Who takes part."""

    name: Text
    service: Key | None = Field(None, description="the service this role belongs to; for four-eyes control")
    counts_as: Key | None = Field(None, description="in four-eyes control and rights it counts as this role")
    substitutes: int = Field(0, ge=0, description="how many people must be named to stand in")
    staff: bool = Field(True, description="false: takes part, owns nothing and is never late")


class Milestone(Part):
    """A point in a case that steps can wait for."""

    name: Text
    any_: tuple[After, ...] = Field(alias="any", description="reached when one of these happened")


class May(Part):
    """One cell of the visibility matrix: a role, a kind of item, a relation; allowed or not, and why."""

    role: OneOrMany = Field(description="roles")
    item: OneOrMany = Field(description="kinds of item")
    relation: OneOrMany = Field(
        ("any",), description="what ties the person to the case or task; `any`: nothing is needed"
    )
    see: Literal[
        "yes", "no", "named", "by_decision", "own_part", "summary", "pseudonymous", "on_request", "in_meeting", "safety"
    ] = Field(description="the answer")
    why: Text = Field(description="the reason, shown with the answer")
    source: str


class Meeting(Part):
    """A series of fixed meetings."""

    name: Text
    first: dt.date = Field(description="the day of the first meeting")
    every_days: int = Field(ge=1, description="calendar days from one to the next")


class Calendar(Part):
    """Working days: public holidays, own closing days, the hour of the day."""

    country: str = Field(description="public holidays of this country, two letters")
    region: str | None = Field(None, description="and of this region")
    timezone: str = Field(description="local time, such as `Europe/Brussels`")
    cut_off: Hour = Field(description="what arrives later counts as arrived on the next working day")
    closing_days: tuple[dt.date, ...] = Field((), description="own closing days, dated")
    source: str


class Signatory(Part):
    """Who signed an approved protocol."""

    organisation: str = Field(description="who signed")
    on: dt.date = Field(description="when")


class Monitored(Part):
    """A moment of the outcome monitor: how every track stood when this step was done, counted without persons."""

    step: Key = Field(description="counted when this step is done")
    occurrence: int | None = Field(None, ge=1, description="for a repeated step: only this one")
    field: Key = Field(description="the field of its form that holds one row per track")
    column: Key = Field(description="the column of such a row that says how the track stands")
    name: Text
    source: str


class LeafletPart(Part):
    """A paragraph of the leaflet."""

    heading: Text
    words: Text


class Leaflet(Part):
    """What the person concerned is told of their rights: one printed page in plain words."""

    title: Text
    parts: tuple[LeafletPart, ...] = Field(min_length=1, description="its paragraphs, in the order of reading")
    source: str


class ReleaseType(Part):
    """A way out of prison, or a kind of activity."""

    name: Text
    decided_by: Text | None = Field(None, description="who decides on it")
    expected_notice: Text | None = Field(None, description="how much time to expect")


class Protocol(Part):
    """A whole protocol file."""

    protocol: Key = Field(description="the key of the protocol")
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.\-]+$")] = Field(
        description="a case keeps the version it was opened under"
    )
    title: Text = Field(description="the full name")
    about: Literal["person", "activity"] = Field(
        description="a case is about a person, or about an activity without persons"
    )
    languages: tuple[str, ...] = Field(min_length=1, description="every text stands in each of these")
    status: Literal["draft", "informal", "approved"] = Field(
        description="`informal`: cases open, fewer items may be shared; `approved`: signed"
    )
    signatories: tuple[Signatory, ...] = Field((), description="who signed, and when")
    informal_items: Keys = Field((), description="kinds of item that may be shared while the protocol is informal")
    source: str
    legal_basis: dict[Key, str] = Field(
        default_factory=dict, description="laws and articles by key; they get renumbered"
    )
    calendar: Calendar = Field(description="working days and the cut-off hour")
    anchors: dict[Key, Anchor] = Field(description="the dates it counts from")
    opens_with: Key = Field(description="the anchor that opens a case")
    notice: Notice | None = Field(None, description="classes of how much time there is")
    floor: Floor | None = Field(None, description="the least time a late start leaves")
    release_types: dict[Key, ReleaseType] = Field(description="ways out of prison, or kinds of activity")
    handling_codes: dict[Key, Text] = Field(description="how an item is to be treated")
    item_kinds: dict[Key, Text] = Field(description="kinds of item for the visibility matrix")
    police_items: Keys = Field(
        (), description="kinds of item under the law on police data; every other kind is under the GDPR"
    )
    classified_words: tuple[str, ...] = Field(
        (),
        description="words of classified information: a form warns of them; one in capitals counts only in capitals",
    )
    roles: dict[Key, Role] = Field(description="who takes part")
    tracks: dict[Key, dict[Key, Text]] = Field(
        default_factory=dict, description="lists of which every item has a track of its own"
    )
    priorities: tuple[Text, ...] = Field((), description="agreed priorities, for the mandate check")
    meetings: dict[Key, Meeting] = Field(default_factory=dict, description="fixed meetings")
    monitor: tuple[Monitored, ...] = Field((), description="moments at which the state of every track is counted")
    leaflet: Leaflet | None = Field(None, description="what the person concerned is told of their rights, on paper")
    phases: dict[Key, Phase] = Field(description="phases of a case")
    first_phase: Key = Field(description="the phase of a new case")
    closing_phase: Key = Field(description="the phase between a closing event and the end")
    closing_step: Key = Field(description="the step that ends a case")
    milestones: dict[Key, Milestone] = Field(default_factory=dict, description="points that steps wait for")
    steps: dict[Key, Step] = Field(description="steps and duties, in the order of reading")
    variants: dict[Key, Variant] = Field(default_factory=dict, description="what differs for some cases")
    events: dict[Key, Event] = Field(default_factory=dict, description="exceptional events")
    escalations: dict[Key, Chain] = Field(description="chains of who is told about late work")
    visibility: tuple[May, ...] = Field(description="who may see what, and why; the first line that fits counts")
    recorded_within: Rule = Field(description="recording later than this is a deviation of its own")

    @model_validator(mode="after")
    def some_steps(self) -> Self:
        if not self.steps:
            raise ValueError("a protocol needs at least one step")
        return self
