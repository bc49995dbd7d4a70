"""A notification: what a prison tells the city when somebody is coming home.

`Notification` is the agreed form. `read_notification` makes one from whatever a file, a form or an interface brought,
and otherwise says everything that is wrong at once, each with the field, the rule and the remedy. What it says never
repeats a name or a birth date, nor any other value, because a shifted column puts one anywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from casework import notification_words as words
from casework.notification_fields import (
    Reader,
    Unfit,
    brussels_day,
    choice_of,
    clean_text,
    date_or_moment,
    day,
    is_blank,
    language_of,
    moment,
    reference_of,
    text_of,
)

ReleaseType = Literal[
    "conditional_release",
    "electronic_monitoring",
    "limited_detention",
    "end_of_sentence",
    "provisional_release",
    "removal",
    "court_disposal",
    "remand_release",
    "leave",
]
Conditions = Literal["yes", "no", "unknown"]
Certainty = Literal["confirmed", "expected", "unconfirmed"]

REFERENCE_LENGTH, PRISON_LENGTH, NAME_LENGTH, SOURCE_LENGTH = 64, 120, 120, 200
YOUNGEST, OLDEST = 12, 110
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field, in plain words: which rule it breaks and what to do about it."""

    field: str
    rule: str
    remedy: str


def _known_language(code: str) -> str:
    if code not in words.ISO_639_1:
        raise ValueError("language must be a code of two letters (ISO 639-1)")
    return code


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(microsecond=0)


def _tidy(limit: int) -> tuple[Any, Any]:
    return StringConstraints(min_length=1, max_length=limit), AfterValidator(lambda v: clean_text(v, limit))


Reference = Annotated[str, *_tidy(REFERENCE_LENGTH)]
Prison = Annotated[str, *_tidy(PRISON_LENGTH)]
Name = Annotated[str, *_tidy(NAME_LENGTH)]
Source = Annotated[str, *_tidy(SOURCE_LENGTH)]


class Notification(BaseModel):
    """The agreed form. `reference` is the prison's own; a person is known by prison and reference together.

    Days are calendar days in Europe/Brussels, `notified_at` is a moment in UTC. What identifies a person stays out of
    the printed form, so that a log or a traceback does not carry it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reference: Reference = Field(repr=False, description="the prison's own reference")
    prison: Prison
    family_name: Name = Field(repr=False)
    given_names: Name = Field(repr=False)
    birth_date: date = Field(repr=False)
    language: Annotated[str, AfterValidator(_known_language)] = Field(description="ISO 639-1 code: nl, fr, en, ar …")
    release_type: ReleaseType
    conditions: Conditions = "unknown"
    planned_release: date | None = Field(None, description="may be empty only when certainty is unconfirmed")
    certainty: Certainty
    source: Source = Field(description="who or what told the prison service, for example the court's judgment")
    notified_at: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    actual_release: date | None = Field(None, description="the day of release, when the person is already out")
    planned_return: date | None = Field(None, description="only for leave: the day of return")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for problem in contradictions(dict(self)):
            raise ValueError(problem.rule)
        return self


OPTIONAL = frozenset({"conditions", "planned_release", "actual_release", "planned_return"})
FIELDS = tuple(Notification.model_fields)
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "reference": reference_of(REFERENCE_LENGTH),
        "prison": text_of(PRISON_LENGTH),
        "family_name": text_of(NAME_LENGTH),
        "given_names": text_of(NAME_LENGTH),
        "birth_date": day,
        "language": language_of(words.LANGUAGE_BY_WORD),
        "release_type": choice_of(words.RELEASE_TYPE_BY_WORD, ", ".join(words.RELEASE_TYPES)),
        "conditions": choice_of(words.CONDITIONS_BY_WORD, ", ".join(words.CONDITIONS)),
        "planned_release": day,
        "certainty": choice_of(words.CERTAINTY_BY_WORD, ", ".join(words.CERTAINTIES)),
        "source": text_of(SOURCE_LENGTH),
        "notified_at": date_or_moment,  # a date alone is judged as a day, and becomes a moment last of all
        "actual_release": day,
        "planned_return": day,
    }
)


class DuplicateFields(dict[str, object]):
    """A JSON object that names a field twice: which of the two is meant cannot be known."""


def read_notification(raw: object, now: datetime) -> tuple[Notification | None, tuple[FieldProblem, ...]]:
    """The notification that `raw` (field → value) says, or every problem with it; `now` is aware.

    Values may be text, numbers, dates or nothing; labels in Dutch, French and English are understood.
    """
    if now.tzinfo is None:
        raise ValueError("now must know its time zone")
    if not isinstance(raw, Mapping):
        return None, (FieldProblem("notification", "must be an object with the fields of a notification", _FORM),)
    values, problems = _read_fields(raw)
    problems += [*_unknown_fields(raw), *contradictions(values), *_untimely(values, now)]
    if isinstance(raw, DuplicateFields):
        problems.append(FieldProblem("notification", "must name every field once", "remove the second one"))
    if problems:
        return None, tuple(sorted(problems, key=_in_order_of_the_form))
    return Notification(**{**values, "notified_at": moment(values["notified_at"])}), ()


_FORM = f"give {', '.join(FIELDS)}"


def _in_order_of_the_form(problem: FieldProblem) -> int:
    return FIELDS.index(problem.field) if problem.field in FIELDS else len(FIELDS)


def _read_fields(raw: Mapping[Any, object]) -> tuple[dict[str, Any], list[FieldProblem]]:
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for field, read in READERS.items():
        value = raw.get(field)
        try:
            if isinstance(value, Unfit):
                raise value
            if not is_blank(value):
                values[field] = read(value)
            elif field in OPTIONAL:
                values[field] = "unknown" if field == "conditions" else None
            else:
                raise Unfit("must not be empty", "fill it in")
        except Unfit as unfit:
            problems.append(FieldProblem(field, f"{field} {unfit.rule}", unfit.remedy))
    return values, problems


def _unknown_fields(raw: Mapping[Any, object]) -> Iterator[FieldProblem]:
    """One problem per field that the form does not have. The name is not repeated: it may be somebody's."""
    for number, name in enumerate(raw, start=1):
        if name not in FIELDS:
            near = get_close_matches(str(name)[:50].lower(), FIELDS, n=1)
            remedy = f"write {near[0]}" if near else f"remove it; the fields are {', '.join(FIELDS)}"
            yield FieldProblem("notification", f"field number {number} is not a field of a notification", remedy)


def contradictions(values: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Where fields that could be read do not fit together; a field that is not in `values` is not judged."""
    planned, returning = values.get("planned_release"), values.get("planned_return")
    certainty, on_leave = values.get("certainty"), values.get("release_type") == "leave"
    sure = certainty is not None and certainty != "unconfirmed"
    if sure and "planned_release" in values and planned is None:
        rule = "planned_release may be empty only when certainty is unconfirmed"
        yield FieldProblem("planned_release", rule, "give the date, or mark the notification as unconfirmed")
    if sure and on_leave and "planned_return" in values and returning is None:
        rule = "planned_return may be empty for leave only when certainty is unconfirmed"
        yield FieldProblem("planned_return", rule, "give the day of return, or mark the notification as unconfirmed")
    if returning is not None and "release_type" in values and not on_leave:
        remedy = "leave it empty, or correct release_type"
        yield FieldProblem("planned_return", "planned_return is only for leave", remedy)
    if returning is not None and planned is not None and returning < planned:
        rule = "planned_return must not be before planned_release"
        yield FieldProblem("planned_return", rule, "correct one of the two dates")


def _born_in_time(value: date, now: datetime) -> tuple[str, str] | None:
    today = brussels_day(now)
    age = today.year - value.year - ((today.month, today.day) < (value.month, value.day))
    if value > today:
        return "birth_date must not be in the future", "correct the year"
    if not YOUNGEST <= age <= OLDEST:
        return f"birth_date must give an age of {YOUNGEST} to {OLDEST} years", "correct the birth date"
    return None


def _already_out(value: date, now: datetime) -> tuple[str, str] | None:
    if value <= brussels_day(now):
        return None
    return "actual_release must not be in the future", "leave it empty until the person is out; use planned_release"


def _already_told(value: date, now: datetime) -> tuple[str, str] | None:
    late = value > now + CLOCK_SKEW if isinstance(value, datetime) else value > brussels_day(now)
    return ("notified_at must not be in the future", "correct the date or the clock that wrote it") if late else None


_JUDGED_BY_NOW: Mapping[str, Callable[[date, datetime], tuple[str, str] | None]] = MappingProxyType(
    {
        "birth_date": _born_in_time,
        "actual_release": _already_out,
        "notified_at": lambda v, now: _already_told(moment(v) if isinstance(v, datetime) else v, now),
    }
)


def _untimely(values: Mapping[str, Any], now: datetime) -> Iterator[FieldProblem]:
    for field, judge in _JUDGED_BY_NOW.items():
        value = values.get(field)
        if value is not None and (fault := judge(value, now)):
            yield FieldProblem(field, *fault)
