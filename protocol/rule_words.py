"""A due rule in words: “10 working days after the notification”; short for a diagram: “10 wd after notification”."""

from __future__ import annotations

from typing import NamedTuple

from protocol.language import Protocol, Rule, Text
from protocol.variants import in_class

LANGUAGES = ("en", "nl", "fr")
UNITS = {
    "en": {
        "working_days": ("working day", "working days", "wd"),
        "days": ("calendar day", "calendar days", "cd"),
        "months": ("month", "months", "months"),
    },
    "nl": {
        "working_days": ("werkdag", "werkdagen", "wd"),
        "days": ("kalenderdag", "kalenderdagen", "kd"),
        "months": ("maand", "maanden", "maanden"),
    },
    "fr": {
        "working_days": ("jour ouvrable", "jours ouvrables", "jo"),
        "days": ("jour calendrier", "jours calendrier", "jc"),
        "months": ("mois", "mois", "mois"),
    },
}
PHRASES = {
    "en": {
        "after": "after",
        "before": "before",
        "on": "on the day of",
        "on_short": "on",
        "ready": "the ready day",
        "event": "the event",
        "known": "the day that {} was known",
        "settled": "“{}” is settled",
        "settled_short": "“{}”",
        "due": "the due day of “{}”",
        "given": "the date in “{}”",
        "earliest": "the earlier of {}",
        "latest": "the later of {}",
        "join": " and ",
        "meeting": "at the next {}",
        "at": "{} until {}",
        "later": "{} (ready later: {})",
        "plus": "{} plus {}",
        "none": "no step",
        "short": "{}, in short form",
        "stays": "{}, working day or not",
    },
    "nl": {
        "after": "na",
        "before": "vóór",
        "on": "op de dag van",
        "on_short": "op",
        "ready": "de dag waarop ze klaarstaat",
        "event": "de gebeurtenis",
        "known": "de dag waarop {} gekend was",
        "settled": "het einde van “{}”",
        "settled_short": "“{}”",
        "due": "de uiterste datum van “{}”",
        "given": "de datum in “{}”",
        "earliest": "het vroegste van {}",
        "latest": "het laatste van {}",
        "join": " en ",
        "meeting": "op het volgende {}",
        "at": "{} tot {}",
        "later": "{} (later klaar: {})",
        "plus": "{} plus {}",
        "none": "geen stap",
        "short": "{}, in korte vorm",
        "stays": "{}, werkdag of niet",
    },
    "fr": {
        "after": "après",
        "before": "avant",
        "on": "le jour de",
        "on_short": "jour de",
        "ready": "le jour où l’étape est prête",
        "event": "l’événement",
        "known": "le jour où {} était connu",
        "settled": "la fin de « {} »",
        "settled_short": "« {} »",
        "due": "l’échéance de « {} »",
        "given": "la date dans « {} »",
        "earliest": "le premier de {}",
        "latest": "le dernier de {}",
        "join": " et ",
        "meeting": "à la prochaine {}",
        "at": "{} jusqu’à {}",
        "later": "{} (prête plus tard : {})",
        "plus": "{} plus {}",
        "none": "pas d’étape",
        "short": "{}, sous forme courte",
        "stays": "{}, jour ouvrable ou non",
    },
}


def text_in(text: Text, language: str) -> str:
    """The text in this language, else in the first there is."""
    return text.get(language) or next(iter(text.values()), "")


def lowered(text: str) -> str:
    """A name inside a sentence: `Notification` → `notification`, but `LIVC` stays."""
    return text[:1].lower() + text[1:] if not text[1:2].isupper() else text


class RuleWords(NamedTuple):
    """Tells the rules of one protocol in one language."""

    protocol: Protocol
    language: str = "en"
    short: bool = False

    @property
    def phrases(self) -> dict[str, str]:
        return PHRASES.get(self.language, PHRASES["en"])

    def unit(self, rule: Rule, n: int) -> str:
        name = next(name for name in ("working_days", "days", "months") if getattr(rule, name) is not None)
        one, many, abbreviated = UNITS.get(self.language, UNITS["en"])[name]
        return abbreviated if self.short and name != "months" else one if n == 1 else many

    def of(self, rule: Rule | None, notice: str | None = None) -> str:
        """The rule in one phrase, for one notice class where it differs by class."""
        rule = in_class(rule, notice)
        if rule is None:
            return self.phrases["none"]
        words = self._kind(rule, notice)
        if rule.plus is not None:
            words = self.phrases["plus"].format(words, self._count(rule.plus))
        if rule.at is not None:
            words = self.phrases["at"].format(words, rule.at)
        if not self.short:
            words = self.phrases["short"].format(words) if rule.short_form else words
            words = self.phrases["stays"].format(words) if rule.stays else words
            if rule.if_ready_later is not None:
                words = self.phrases["later"].format(words, self.of(rule.if_ready_later, notice))
        return words

    def _kind(self, rule: Rule, notice: str | None) -> str:
        for name, parts in (("earliest", rule.earliest), ("latest", rule.latest)):
            if parts is not None:
                return self.phrases[name].format(self.phrases["join"].join(self.of(part, notice) for part in parts))
        if rule.due_of is not None:
            return self.reference(f"due:{rule.due_of}")
        if rule.meeting is not None:
            return self.phrases["meeting"].format(
                lowered(text_in(self.protocol.meetings[rule.meeting].name, self.language))
            )
        if rule.on is not None:
            brief = self.short and rule.on in self.protocol.anchors
            return f"{self.phrases['on_short' if brief else 'on']} {self.reference(rule.on)}"
        side = "before" if rule.before else "after"
        reference = rule.before or rule.after
        return (
            f"{self._count(rule)} {self.phrases[side]} {self.reference(reference)}" if reference else self._count(rule)
        )

    def _count(self, rule: Rule) -> str:
        n = distance(rule)
        return f"{n} {self.unit(rule, n or 0)}"

    def reference(self, name: str) -> str:
        """What is counted from: an anchor by its name, a step by its name."""
        kind, _, key = name.partition(":")
        if not key:
            return self.phrases[name] if name in ("ready", "event") else self.anchor(name)
        if kind == "known":
            return self.phrases["known"].format(self.anchor(key))
        if kind == "settled" and self.short:
            kind = "settled_short"
        return self.phrases[kind].format(self.field(key) if kind == "given" else self.step(key))

    def anchor(self, key: str) -> str:
        name = text_in(self.protocol.anchors[key].name, self.language) if key in self.protocol.anchors else key
        if self.short:
            return lowered(name)
        return (
            f"the {lowered(name)}" if self.language == "en" else f"“{name}”" if self.language == "nl" else f"« {name} »"
        )

    def step(self, key: str) -> str:
        added = (variant.add[key] for variant in self.protocol.variants.values() if key in variant.add)
        step = self.protocol.steps.get(key) or next(added, None)
        return text_in(step.name, self.language) if step else key

    def field(self, key: str) -> str:
        forms = [event.form for event in self.protocol.events.values()]
        forms += [form for step in self.protocol.steps.values() for form in (step.form, *step.forms.values())]
        found = (item.label for form in forms for item in form.fields if item.key == key)
        label = next(found, None)
        return text_in(label, self.language) if label else key


def distance(rule: Rule) -> int | None:
    """How many working days, days or months a rule counts; None where it counts none."""
    return next((n for n in (rule.working_days, rule.days, rule.months) if n is not None), None)


def same_but_number(old: Rule, new: Rule) -> bool:
    """Whether two rules differ in how many days they count, and in nothing else."""
    blank = {"working_days": None, "days": None, "months": None}
    units = [name for rule in (old, new) for name in blank if getattr(rule, name) is not None]
    return len(units) == 2 and len(set(units)) == 1 and old.model_copy(update=blank) == new.model_copy(update=blank)
