"""The columns and cells of a sheet of running cases: which step a heading means, and what a cell says of it.

A cell holds the day the step was done, alone or with its outcome and, where that asks for one, a second date:
`05/03/2026`, `2026-03-05 yes`, `5/3/2026 ja`, `2026-03-05 later 2026-04-20`. `n/a` says that the step was left out and
is not to be done any more. An empty cell says nothing: the step is still to be done.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from casework.notification_fields import Unfit, brussels_day, date_or_moment
from casework.notification_words import CONDITIONS_BY_WORD, FIELD_BY_HEADING, Words, fold
from protocol.commands import PastStep
from protocol.language import Form, Protocol, Step
from protocol.variants import steps_for

MOST_OCCURRENCES = 30
PEOPLE: Mapping[str, Words] = {
    "lead": Words("lead worker", "trajectbegeleider", "référent", "lead"),
    "deputy": Words("deputy of the lead worker", "vervanger", "remplaçant", "deputy | deputy worker"),
}
LEFT_OUT = frozenset(map(fold, (
    "n/a", "na", "not applicable", "left out", "skipped", "nvt", "n.v.t.", "niet van toepassing", "overgeslagen",
    "s.o.", "so", "sans objet", "omis",
)))  # fmt: skip
DASHES = frozenset("-–—")


def headings_of(protocol: Protocol) -> dict[str, str]:
    """Every heading such a sheet may have, with its field: those of a notification, lead and deputy, and the steps."""
    found = dict(FIELD_BY_HEADING)
    for name, words in PEOPLE.items():
        found |= {fold(spelling): name for spelling in words.every()}
    for key, step in protocol.steps.items():
        for spelling in _spellings(key, step):
            found.setdefault(spelling, key)
            for n in range(1, MOST_OCCURRENCES + 1):
                field = key if n == 1 else f"{key}#{n}"
                found.setdefault(f"{spelling} {n}", field)
                found.setdefault(f"{spelling}{n}", field)
    return found


def _spellings(key: str, step: Step) -> list[str]:
    """`visit1` is also written `visit 1`."""
    apart = re.sub(r"(?<=[a-z])(?=\d)", " ", fold(key))
    return [fold(key), apart, *(fold(text) for text in step.name.values())]


_DAY = r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4}"
_DATES = re.compile(_DAY, re.ASCII)
_HOUR = re.compile(r"^[T ]+\d{1,2}[:hu]\d{2}(:\d{2})?", re.ASCII | re.IGNORECASE)


def read_cell(field: str, value: object, outcomes: Mapping[str, str], today: date) -> PastStep:
    """What a cell of a step says; `outcomes`: its outcomes by every word for them. Raises Unfit."""
    key, _, n = field.partition("#")
    number = int(n or 1)
    if isinstance(value, Unfit):
        raise value
    if isinstance(value, date):
        return PastStep(step=key, n=number, on=_past(value, today))
    if not isinstance(value, str):
        raise Unfit("must be the day it was done", _REMEDY)
    text = " ".join(value.split())
    if text in DASHES or fold(text) in LEFT_OUT:
        return PastStep(step=key, n=number, on=None)
    found = list(_DATES.finditer(text))
    if not found or found[0].start() or len(found) > 2:
        raise Unfit("must begin with the day it was done", _REMEDY)
    on = _past(date_or_moment(found[0][0]), today)
    end = found[1].start() if len(found) > 1 else len(text)
    word = fold(_HOUR.sub("", text[found[0].end() : end]))
    outcome = outcomes.get(word) if word else None
    if word and outcome is None:
        known = ", ".join(dict.fromkeys(outcomes.values()))
        raise Unfit("must have an outcome that the step knows", f"write one of: {known}" if known else "the day alone")
    second = brussels_day(date_or_moment(found[1][0])) if len(found) > 1 else None
    if second is not None and text[found[1].end() :].strip():
        raise Unfit("must end with the second date", _REMEDY)
    return PastStep(step=key, n=number, on=on, outcome=outcome, second_date=second)


_REMEDY = "write the day as dd/mm/yyyy or yyyy-mm-dd, then its outcome; n/a if it was left out"


def _past(value: date | datetime, today: date) -> date:
    day = brussels_day(date_or_moment(value))
    if day > today:
        raise Unfit("must not lie in the future", "leave the cell empty until it has happened")
    return day


def outcomes_of(protocol: Protocol, key: str, release_type: str) -> dict[str, str]:
    """The outcomes of a step in a case of this release type, by their key and their name in every language."""
    found: dict[str, str] = {}
    for form in _forms(protocol, key, release_type):
        for outcome in form.outcomes:
            found |= {fold(word): outcome.key for word in (outcome.key, *outcome.name.values())}
    for word, meant in CONDITIONS_BY_WORD.items():  # yes, ja, oui …
        if meant in found.values():
            found.setdefault(word, meant)
    return found


def _forms(protocol: Protocol, key: str, release_type: str) -> Iterable[Form]:
    classes = protocol.notice.classes if protocol.notice else ()
    for notice in (*(one.key for one in classes), None):
        step = steps_for(protocol, release_type, notice, "unknown").get(key) or protocol.steps[key]
        yield from (step.form, *step.forms.values())
