"""Words of the diagram that are not in the protocol, in English, Dutch and French."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.language import Action, Event, Protocol, Variant
from protocol.rule_words import RuleWords, text_in

WORDS = {
    "en": {
        "version": "version",
        "draft": "draft",
        "informal": "not yet approved",
        "approved": "approved",
        "dates": "Dates",
        "duties": "What exceptional events and outcomes open",
        "events": "Other events, and what they do",
        "variants": "What differs for some cases",
        "four_eyes": "two people, of two services, decide",
        "repeat": "{} times",
        "owner": "accountable",
        "due": "due",
        "line": "begins when the step above is settled",
        "dashed": "opened by an event or outcome",
        "units": "wd: working days · cd: calendar days",
        "only": "only",
        "without": "without",
        "other": "otherwise",
        "more": "also",
        "closing": "closure becomes due",
        "end": "the case ends",
        "cancel_all": "open steps fall away",
        "cancel": "falls away: {}",
        "renew": "again: {}",
        "resume": "work goes on",
        "extend": "closure moves later",
        "set_type": "the variant is chosen anew",
        "unknown": "unknown again: {}",
        "known": "date recorded: {}",
        "desc": "{} steps and {} duties in {} lanes, one per accountable role.",
        "erase": "the file is erased",
        "settle": "settled: {}",
        "again": "once more",
        "redate": "counted anew: {}",
    },
    "nl": {
        "version": "versie",
        "draft": "ontwerp",
        "informal": "nog niet goedgekeurd",
        "approved": "goedgekeurd",
        "dates": "Data",
        "duties": "Wat uitzonderlijke gebeurtenissen en uitkomsten openen",
        "events": "Andere gebeurtenissen, en wat ze doen",
        "variants": "Wat voor sommige dossiers verschilt",
        "four_eyes": "twee personen, van twee diensten, beslissen",
        "repeat": "{} keer",
        "owner": "verantwoordelijk",
        "due": "uiterlijk",
        "line": "begint wanneer de stap erboven afgerond is",
        "dashed": "geopend door een gebeurtenis of uitkomst",
        "units": "wd: werkdagen · kd: kalenderdagen",
        "only": "enkel",
        "without": "zonder",
        "other": "anders",
        "more": "ook",
        "closing": "afsluiting wordt verwacht",
        "end": "het dossier eindigt",
        "cancel_all": "open stappen vervallen",
        "cancel": "vervalt: {}",
        "renew": "opnieuw: {}",
        "resume": "het werk gaat verder",
        "extend": "afsluiting schuift op",
        "set_type": "de variant wordt opnieuw gekozen",
        "unknown": "weer onbekend: {}",
        "known": "datum genoteerd: {}",
        "desc": "{} stappen en {} plichten in {} banen, één per verantwoordelijke rol.",
        "erase": "het dossier wordt gewist",
        "settle": "afgerond: {}",
        "again": "nog eens",
        "redate": "opnieuw geteld: {}",
    },
    "fr": {
        "version": "version",
        "draft": "projet",
        "informal": "pas encore approuvé",
        "approved": "approuvé",
        "dates": "Dates",
        "duties": "Ce que les événements et résultats ouvrent",
        "events": "Autres événements, et leurs effets",
        "variants": "Ce qui diffère pour certains dossiers",
        "four_eyes": "deux personnes, de deux services, décident",
        "repeat": "{} fois",
        "owner": "responsable",
        "due": "échéance",
        "line": "commence quand l’étape au-dessus est terminée",
        "dashed": "ouvert par un événement ou un résultat",
        "units": "jo : jours ouvrables · jc : jours calendrier",
        "only": "seulement",
        "without": "sans",
        "other": "autrement",
        "more": "aussi",
        "closing": "la clôture est attendue",
        "end": "le dossier se termine",
        "cancel_all": "les étapes ouvertes tombent",
        "cancel": "tombe : {}",
        "renew": "à refaire : {}",
        "resume": "le travail reprend",
        "extend": "la clôture est reportée",
        "set_type": "la variante est choisie à nouveau",
        "unknown": "de nouveau inconnu : {}",
        "known": "date notée : {}",
        "desc": "{} étapes et {} tâches en {} couloirs, un par rôle responsable.",
        "erase": "le dossier est effacé",
        "settle": "terminé : {}",
        "again": "encore une fois",
        "redate": "compté à nouveau : {}",
    },
}


class DiagramWords:
    """The texts of one diagram."""

    def __init__(self, protocol: Protocol, language: str) -> None:
        self.protocol, self.language = protocol, language
        self.own = WORDS.get(language, WORDS["en"])
        self.full, self.brief = RuleWords(protocol, language), RuleWords(protocol, language, short=True)

    def say(self, key: str, *values: object) -> str:
        return self.own[key].format(*values)

    def text(self, text: dict[str, str]) -> str:
        return text_in(text, self.language)

    def steps(self, keys: tuple[str, ...]) -> str:
        return ", ".join(map(self.full.step, keys))

    def effects(self, event: Event) -> str:
        """What an event does, beyond opening duties: those have a row of their own."""
        shown = [action for action in event.does if action.open is None or not self._duty(action.open.step)]
        return "; ".join(dict.fromkeys(filter(None, map(self.effect, shown))))

    def _duty(self, key: str) -> bool:
        return key in self.protocol.steps and self.protocol.steps[key].duty

    def effect(self, action: Action) -> str:
        """One effect in a few words."""
        if action.cancel is not None:
            everything = action.cancel.all_ or action.cancel.counted_from
            return self.say("cancel_all") if everything else self.say("cancel", self.steps(action.cancel.steps))
        if action.set_anchor is not None:
            anchor = self.text(self.protocol.anchors[action.set_anchor].name)
            return self.say("known" if action.from_ else "unknown", anchor)
        renewed = action.renew.steps if action.renew else None
        lists: dict[str, Iterable[str] | None] = {"renew": renewed, "settle": action.settle, "redate": action.redate}
        for key, steps in lists.items():
            if steps is not None:
                return self.say(key, self.steps(tuple(steps)))
        return self._leads_to(action) or next((self.say(kind) for kind in KINDS if getattr(action, kind)), "")

    def _leads_to(self, action: Action) -> str:
        if action.open is not None:
            return f"→ {self.full.step(action.open.step)}"
        if action.event is not None:
            return f"→ {self.text(self.protocol.events[action.event].name)}"
        phase = action.end or action.phase
        return f"→ {self.text(self.protocol.phases[phase].name)}" if phase else ""

    def differs(self, variant: Variant) -> str:
        """What a variant keeps, drops, changes and adds."""
        named = (
            ("only", variant.keep or ()),
            ("without", variant.drop),
            ("other", tuple(variant.change)),
            ("more", tuple(variant.add)),
        )
        return "; ".join(f"{self.say(word)}: {self.steps(keys)}" for word, keys in named if keys)


KINDS = ("closing", "resume", "extend", "set_type", "erase", "again")
