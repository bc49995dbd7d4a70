"""Why a step is due on its day, in words that a worker can check with a calendar: in English, Dutch and French."""

from __future__ import annotations

import datetime as dt

from protocol.deadlines import Due, Ready, countdown
from protocol.language import Protocol, Rule, Step
from protocol.run import Run, Slot
from protocol.variants import in_class
from protocol.workdays import ONE_DAY

DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "nl": ("ma", "di", "wo", "do", "vr", "za", "zo"),
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
}
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "nl": ("jan.", "feb.", "mrt.", "apr.", "mei", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}
WORDS = {
    "en": {
        "working_days": "{n} working day(s) {side} {what}", "days": "{n} calendar day(s) {side} {what}",
        "months": "{n} month(s) {side} {what}", "after": "after", "before": "before", "on": "on the day: {what}",
        "due_of": "the due day of “{what}”", "meeting": "the next fixed meeting after {what}", "plus": "and {n} {unit} more",
        "earliest": "the earlier of: {what}", "latest": "the later of: {what}", "or": "; ",
        "closed": "{day} is not a working day: {why}", "closing day": "closing day of the partnership",
        "notice": "notice class: {what}", "ready": "the ready day, {day}", "event": "the event, {day}",
        "floor": "the step became ready late, on {day}: it gets its minimum time", "short": "no time left: the short form",
        "never_before": "no step is due before its ready day, {day}", "hour": "late after {hour}", "result": "→ {day}",
        "moved": "{day} is moved to the nearest working day", "working days": "working days",
        "known": "known",
        "extended": "the end after an extension", "own": "set when the step was opened",
    },
    "nl": {
        "working_days": "{n} werkdag(en) {side} {what}", "days": "{n} kalenderdag(en) {side} {what}",
        "months": "{n} maand(en) {side} {what}", "after": "na", "before": "vóór", "on": "op de dag zelf: {what}",
        "due_of": "de uiterste datum van “{what}”", "meeting": "het volgende vaste overleg na {what}", "plus": "en nog {n} {unit}",
        "earliest": "het vroegste van: {what}", "latest": "het laatste van: {what}", "or": "; ",
        "closed": "{day} is geen werkdag: {why}", "closing day": "sluitingsdag van het partnerschap",
        "notice": "termijnklasse: {what}", "ready": "de dag waarop de stap klaarstond, {day}", "event": "de gebeurtenis, {day}",
        "floor": "de stap stond pas laat klaar, op {day}: hij krijgt de minimale tijd", "short": "geen tijd meer: de korte vorm",
        "never_before": "geen stap valt vóór de dag waarop hij klaarstond, {day}", "hour": "te laat na {hour}", "result": "→ {day}",
        "moved": "{day} schuift naar de dichtstbijzijnde werkdag", "working days": "werkdagen",
        "known": "bekend",
        "extended": "het einde na een verlenging", "own": "bepaald bij het openen van de stap",
    },
    "fr": {
        "working_days": "{n} jour(s) ouvrable(s) {side} {what}", "days": "{n} jour(s) calendrier {side} {what}",
        "months": "{n} mois {side} {what}", "after": "après", "before": "avant", "on": "le jour même : {what}",
        "due_of": "l’échéance de « {what} »", "meeting": "la prochaine réunion fixe après {what}", "plus": "et encore {n} {unit}",
        "earliest": "le premier de : {what}", "latest": "le dernier de : {what}", "or": " ; ",
        "closed": "le {day} n’est pas un jour ouvrable : {why}", "closing day": "jour de fermeture du partenariat",
        "notice": "classe de préavis : {what}", "ready": "le jour où l’étape était prête, {day}", "event": "l’événement, {day}",
        "floor": "l’étape n’était prête que tard, le {day} : elle reçoit son délai minimal", "short": "plus de temps : la forme courte",
        "never_before": "aucune étape n’échoit avant le jour où elle est prête, {day}", "hour": "en retard après {hour}", "result": "→ {day}",
        "moved": "le {day} passe au jour ouvrable le plus proche", "working days": "jours ouvrables",
        "known": "connue",
        "extended": "la fin après une prolongation", "own": "fixé à l’ouverture de l’étape",
    },
}  # fmt: skip


def day_words(day: dt.date, language: str) -> str:
    """Tue 10 Nov 2026 · di 10 nov. 2026 · mar. 10 nov. 2026."""
    key = language if language in DAYS else "en"
    return f"{DAYS[key][day.weekday()]} {day.day} {MONTHS[key][day.month - 1]} {day.year}"


class Teller:
    """Words for one due day."""

    def __init__(self, run: Run, step: Step, ready: Ready, language: str):
        self.run, self.step, self.ready, self.language = run, step, ready, language
        self.words = WORDS.get(language, WORDS["en"])

    def say(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def day(self, day: dt.date) -> str:
        return day_words(day, self.language)

    def text(self, texts: dict[str, str]) -> str:
        return texts.get(self.language) or next(iter(texts.values()))

    def reference(self, name: str) -> str:
        kind, _, key = name.partition(":")
        protocol: Protocol = self.run.protocol
        on = self.run.reference(name, self.ready.on, None)
        shown = f", {self.day(on)}" if on else ""
        if name in ("ready", "event"):
            return self.say(name, day=self.day(on or self.ready.on))
        if kind == "known":
            return f"{self.text(protocol.anchors[key].name)} ({self.words['known']}){shown}"
        if kind in ("settled", "due") and key in protocol.steps:
            return f"“{self.text(protocol.steps[key].name)}”{shown}"
        if name in protocol.anchors:
            return f"{self.text(protocol.anchors[name].name)}{shown}"
        return shown.removeprefix(", ") or name

    def rule(self, rule: Rule | None) -> str:
        rule = in_class(rule, self.run.state.notice)
        if rule is None:
            return ""
        for kind in ("earliest", "latest"):
            inner = getattr(rule, kind)
            if inner is not None:
                return self.say(kind, what=self.words["or"].join(filter(None, map(self.rule, inner))))
        if rule.on:
            return self.say("on", what=self.reference(rule.on))
        if rule.due_of:
            return self.say("due_of", what=self.text(self.run.protocol.steps[rule.due_of].name))
        if rule.meeting:
            return self.say("meeting", what=self.reference("ready"))
        name = rule.after or rule.before or ""
        side = self.words["before" if rule.before else "after"]
        kind = next(k for k in ("working_days", "days", "months") if getattr(rule, k) is not None)
        words = self.say(kind, n=getattr(rule, kind), side=side, what=self.reference(name))
        if rule.plus is not None and rule.plus.working_days is not None:
            words += " " + self.say("plus", n=rule.plus.working_days, unit=self.words["working days"])
        return words

    def closed(self, rule: Rule | None, due: Due) -> list[str]:
        """The weekdays that were not counted, for distances short enough to count on one's fingers."""
        rule = in_class(rule, self.run.state.notice)
        base = (
            self.run.reference(rule.after or rule.before or "", self.ready.on, None)
            if rule and rule.working_days
            else None
        )
        if base is None:
            return []
        low, high = min(base, due.on), max(base, due.on)
        calendar = self.run.calendar
        days = (low + n * ONE_DAY for n in range(1, min((high - low).days, 60)))
        found = ((day, calendar.why_closed(day, LOCALES.get(self.language))) for day in days)
        names = ((day, self.words["closing day"] if why == "closing day" else why) for day, why in found if why)
        return [self.say("closed", day=self.day(day), why=why) for day, why in names]


LOCALES = {"en": "en_US", "nl": "nl", "fr": "fr"}


def because(run: Run, step: Step, slot: Slot, ready: Ready, due: Due, language: str = "en") -> list[str]:
    """The reasons of a due day, one short sentence each, ending with the day itself."""
    teller = Teller(run, step, ready, language)
    if slot.on is not None or slot.rule is None:
        return [teller.say("extended" if slot.on else "own"), teller.say("result", day=teller.day(due.on))]
    count = run.count(step, ready.on, n=slot.n)
    plain = countdown(slot.rule, count)
    said = [teller.rule(slot.rule)]
    notice = run.protocol.notice
    if notice is not None and slot.rule.by_notice is not None:
        name = next(teller.text(k.name) for k in notice.classes if k.key == run.state.notice)
        said.append(teller.say("notice", what=name))
    if plain is not None:
        said += teller.closed(slot.rule, plain)
        if due.form:
            said.append(teller.say("short"))
        if plain.on != due.on:
            said.append(teller.say("floor" if step.floor else "never_before", day=teller.day(ready.on)))
    if due.at:
        said.append(teller.say("hour", hour=due.at))
    return [words for words in said if words] + [teller.say("result", day=teller.day(due.on))]
