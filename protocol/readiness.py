"""Was a step ready when it was done? Read from the protocol's `after` and the log alone, never from the engine.

Source: protocol, "Ready after" of every step; "ready" compares with the moment of recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from protocol.deviation_words import Listed, Named, Place, Sentence
from protocol.language import After, Anchor, Milestone, Step
from protocol.lives import CaseLog, Life, Settled
from protocol.variants import in_class


def unmet(log: CaseLog, life: Life, before: int) -> Listed | None:
    """What the step waited for that had not happened before this place in the log; None: nothing."""
    if life.step is None:
        return None
    found = tuple(_what(log, after) for after in life.step.after if not _holds(log, life, after, before))
    return Listed("and", found) if found else None


def _holds(log: CaseLog, life: Life, after: After, before: int) -> bool:
    if after.any_ is not None:
        return any(_holds(log, life, part, before) for part in after.any_)
    if after.milestone is not None:
        milestone = log.protocol.milestones.get(after.milestone)
        return milestone is None or any(_holds(log, life, part, before) for part in milestone.any_)
    if after.anchor is not None:
        return any(_became_known(log, key, before) for key in _names(log, after.anchor))
    return _settled_before(log, life, after, before)


def _names(log: CaseLog, anchor: str) -> list[str]:
    """The anchor itself and what replaces it once known."""
    return [anchor, *(key for key, other in log.protocol.anchors.items() if other.stands_in_for == anchor)]


def _became_known(log: CaseLog, anchor: str, before: int) -> bool:
    """Once is enough: a date that is unknown again takes the due day away, not the step."""
    return any(
        fact.event.on is not None for fact in takewhile(lambda f: f.position < before, log.anchors.get(anchor, ()))
    )


def _settled_before(log: CaseLog, life: Life, after: After, before: int) -> bool:
    assert after.step is not None
    if not _in_variant(life.steps, after.step, life.notice):
        return True  # nothing to wait for in this variant
    lives = log.of_step.get(after.step, ())
    if any(dropped.position < before and _fits(dropped, after) for dropped in log.dropped.get(after.step, ())):
        return True
    if after.last:
        earlier = [other for other in lives if other.position < before]
        # every occurrence of it, up to the last; what was cancelled on the way is not waited for
        still_open = any(not _ended(other, before) for other in earlier)
        return not still_open and any(other.last and _ends_before(other, after, before) for other in earlier)
    return any(_ends_before(other, after, before) for other in lives)


def _ended(life: Life, before: int) -> bool:
    return life.settled is not None and life.settled.position < before


def _ends_before(life: Life, after: After, before: int) -> bool:
    endings = [*life.undone, life.settled] if life.settled else life.undone
    return any(
        ending.position < before and (ending.undone is None or ending.undone > before) and _fits(ending, after)
        for ending in endings
    )


def _fits(ending: Settled, after: After) -> bool:
    if not ending.counts:
        return False
    if after.outcome is not None and ending.outcome not in after.outcome:
        return False
    return all(ending.given.get(key) in wanted for key, wanted in (after.given or {}).items())


def _in_variant(steps: Mapping[str, Step], key: str, notice: str | None) -> bool:
    step = steps.get(key)
    if step is None:
        return False
    return step.due is None or in_class(step.due, notice) is not None or notice is None


def _what(log: CaseLog, after: After) -> Place:
    if after.any_ is not None:
        return Listed("or", tuple(_what(log, part) for part in after.any_))
    protocol = log.protocol
    parts: tuple[tuple[str | None, Mapping[str, Step | Anchor | Milestone]], ...] = (
        (after.step, protocol.steps),
        (after.anchor, protocol.anchors),
        (after.milestone, protocol.milestones),
    )
    key, named = next((key, among.get(key)) for key, among in parts if key is not None)
    title = Named(named.name if named else {"en": key})
    if not after.outcome:
        return title
    outcomes = tuple(_outcome(protocol.steps.get(key), outcome) for outcome in after.outcome)
    return Sentence("of", {"step": title, "outcomes": Listed("or", outcomes)})


def _outcome(step: Step | None, key: str) -> Place:
    named = (outcome for form in ((step.form, *step.forms.values()) if step else ()) for outcome in form.outcomes)
    return next((Named(outcome.name) for outcome in named if outcome.key == key and outcome.name), key)
