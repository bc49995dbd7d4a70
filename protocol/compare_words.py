"""The sentences of a comparison, in English, Dutch and French."""

from __future__ import annotations

from typing import NamedTuple

from protocol.language import Protocol, Rule, Text
from protocol.rule_words import LANGUAGES, RuleWords, distance, lowered, same_but_number, text_in

SENTENCES = {
    "en": {
        "due": "{step}: due {change}",
        "due_new": "{step}: due {new}; before, no time limit",
        "due_gone": "{step}: no time limit any more (it was {old})",
        "occurrence": "{step} {n}: due {change}",
        "instead": "{new} instead of {old}",
        "occurrences": "{step}: {new} occurrences instead of {old}",
        "added": "{step}: a new step of {owner}",
        "removed": "{step}: no longer done",
        "owner": "{step}: {new} is accountable instead of {old}",
        "after": "{step}: begins after {new} instead of after {old}",
        "asks": "{step}: the form also asks “{field}”",
        "asks_not": "{step}: the form no longer asks “{field}”",
        "field": "{step}: the question “{field}” changes",
        "outcome_new": "{step}: a new outcome, “{outcome}”",
        "outcome_gone": "{step}: no longer the outcome “{outcome}”",
        "four_eyes_new": "{step}: a second person decides too ({new})",
        "four_eyes_gone": "{step}: no second person is needed any more",
        "four_eyes": "{step}: {new} decides second instead of {old}",
        "escalation": "{step}: when late, the chain “{new}” instead of “{old}”",
        "skip": "{step}: may be waived by {new} instead of {old}",
        "told": "{step}: others are told, or otherwise",
        "follows": "{step}: what follows from it changes",
        "rule_of": "{step}: {what} changes",
        "words": "{step}: only words change ({what})",
        "source": "{step}: the source or legal basis is said otherwise",
        "thing_new": "New {kind}: {name}",
        "thing_gone": "{kind} no longer there: {name}",
        "thing": "{kind} “{name}” changes: {what}",
        "below": "{name}: fewer than {new} working days instead of {old}",
        "below_gone": "{name}: the limit changes",
        "status": "Status of the protocol: {new} instead of {old}",
        "cut_off": "The cut-off hour is {new} instead of {old}",
        "closing_days": "Own closing days: {new} added, {old} removed",
        "may": "{role} may see “{item}”: {new} instead of {old}{relation}",
        "part": "{what} changes",
        "nobody_then": "nobody",
        "nothing": "nothing",
        "outcome_of": "{step} ({outcome})",
        "nobody": "no running case: only words or reference data change",
        "everybody": "every running case",
        "until_settled": "cases in which “{step}” is not settled yet",
        "of_type": "cases of release type {types}",
        "conditions": "conditions: {answer}",
        "except": "except {names}",
        "or": " or ",
        "and": " and ",
    },
    "nl": {
        "due": "{step}: uiterlijk {change}",
        "due_new": "{step}: uiterlijk {new}; voordien geen termijn",
        "due_gone": "{step}: geen termijn meer (was {old})",
        "occurrence": "{step} {n}: uiterlijk {change}",
        "instead": "{new} in plaats van {old}",
        "occurrences": "{step}: {new} keer in plaats van {old}",
        "added": "{step}: een nieuwe stap van {owner}",
        "removed": "{step}: gebeurt niet meer",
        "owner": "{step}: {new} is verantwoordelijk in plaats van {old}",
        "after": "{step}: begint na {new} in plaats van na {old}",
        "asks": "{step}: het formulier vraagt ook “{field}”",
        "asks_not": "{step}: het formulier vraagt niet meer “{field}”",
        "field": "{step}: de vraag “{field}” verandert",
        "outcome_new": "{step}: een nieuwe uitkomst, “{outcome}”",
        "outcome_gone": "{step}: de uitkomst “{outcome}” is er niet meer",
        "four_eyes_new": "{step}: een tweede persoon beslist mee ({new})",
        "four_eyes_gone": "{step}: er is geen tweede persoon meer nodig",
        "four_eyes": "{step}: {new} beslist als tweede in plaats van {old}",
        "escalation": "{step}: indien te laat, de keten “{new}” in plaats van “{old}”",
        "skip": "{step}: vrijstelling door {new} in plaats van {old}",
        "told": "{step}: wie het te horen krijgt, of hoe, verandert",
        "follows": "{step}: wat eruit volgt, verandert",
        "rule_of": "{step}: {what} verandert",
        "words": "{step}: enkel de woorden veranderen ({what})",
        "source": "{step}: de bron of rechtsgrond is anders vermeld",
        "thing_new": "Nieuw ({kind}): {name}",
        "thing_gone": "Niet meer aanwezig ({kind}): {name}",
        "thing": "{kind} “{name}” verandert: {what}",
        "below": "{name}: minder dan {new} werkdagen in plaats van {old}",
        "below_gone": "{name}: de grens verandert",
        "status": "Status van het protocol: {new} in plaats van {old}",
        "cut_off": "Het grensuur is {new} in plaats van {old}",
        "closing_days": "Eigen sluitingsdagen: {new} erbij, {old} eraf",
        "may": "{role} mag “{item}” zien: {new} in plaats van {old}{relation}",
        "part": "{what} verandert",
        "nobody_then": "niemand",
        "nothing": "niets",
        "outcome_of": "{step} ({outcome})",
        "nobody": "geen lopend dossier: enkel woorden of referentiegegevens veranderen",
        "everybody": "elk lopend dossier",
        "until_settled": "dossiers waarin “{step}” nog niet afgerond is",
        "of_type": "dossiers van het type {types}",
        "conditions": "voorwaarden: {answer}",
        "except": "behalve {names}",
        "or": " of ",
        "and": " en ",
    },
    "fr": {
        "due": "{step} : échéance {change}",
        "due_new": "{step} : échéance {new} ; avant, aucun délai",
        "due_gone": "{step} : plus de délai (c’était {old})",
        "occurrence": "{step} {n} : échéance {change}",
        "instead": "{new} au lieu de {old}",
        "occurrences": "{step} : {new} fois au lieu de {old}",
        "added": "{step} : une nouvelle étape, {owner}",
        "removed": "{step} : n’a plus lieu",
        "owner": "{step} : {new} est responsable au lieu de {old}",
        "after": "{step} : commence après {new} au lieu d’après {old}",
        "asks": "{step} : le formulaire demande aussi « {field} »",
        "asks_not": "{step} : le formulaire ne demande plus « {field} »",
        "field": "{step} : la question « {field} » change",
        "outcome_new": "{step} : un nouveau résultat, « {outcome} »",
        "outcome_gone": "{step} : plus de résultat « {outcome} »",
        "four_eyes_new": "{step} : une deuxième personne décide aussi ({new})",
        "four_eyes_gone": "{step} : une deuxième personne n’est plus nécessaire",
        "four_eyes": "{step} : {new} décide en second au lieu de {old}",
        "escalation": "{step} : en cas de retard, la chaîne « {new} » au lieu de « {old} »",
        "skip": "{step} : dispense par {new} au lieu de {old}",
        "told": "{step} : les personnes informées, ou la manière, changent",
        "follows": "{step} : ce qui en découle change",
        "rule_of": "{step} : {what} change",
        "words": "{step} : seuls les mots changent ({what})",
        "source": "{step} : la source ou la base juridique est dite autrement",
        "thing_new": "Nouveau ({kind}) : {name}",
        "thing_gone": "Supprimé ({kind}) : {name}",
        "thing": "{kind} « {name} » change : {what}",
        "below": "{name} : moins de {new} jours ouvrables au lieu de {old}",
        "below_gone": "{name} : la limite change",
        "status": "Statut du protocole : {new} au lieu de : {old}",
        "cut_off": "L’heure limite est {new} au lieu de {old}",
        "closing_days": "Jours de fermeture propres : {new} en plus, {old} en moins",
        "may": "{role} peut voir « {item} » : {new} au lieu de {old}{relation}",
        "part": "{what} change",
        "nobody_then": "personne",
        "nothing": "rien",
        "outcome_of": "{step} ({outcome})",
        "nobody": "aucun dossier en cours : seuls des mots ou des données de référence changent",
        "everybody": "chaque dossier en cours",
        "until_settled": "les dossiers où « {step} » n’est pas encore terminé",
        "of_type": "les dossiers de type {types}",
        "conditions": "conditions : {answer}",
        "except": "sauf {names}",
        "or": " ou ",
        "and": " et ",
    },
}

WHAT = {
    "repeat": ("how often it is done", "hoe vaak het gebeurt", "la fréquence"),
    "form": ("the form", "het formulier", "le formulaire"),
    "forms": ("a form", "een formulier", "un formulaire"),
    "form_in": ("which form is used when", "welk formulier wanneer dient", "quel formulaire sert quand"),
    "floor": ("the least time it leaves", "de minimale tijd", "le délai minimal"),
    "rota": ("whether own closing days count", "of eigen sluitingsdagen tellen", "si les jours de fermeture comptent"),
    "quorum": ("who must be present", "wie aanwezig moet zijn", "qui doit être présent"),
    "step_up": (
        "whether it asks the second factor",
        "of het de tweede factor vraagt",
        "si le second facteur est demandé",
    ),
    "consent": ("whether it needs consent", "of toestemming nodig is", "si l’accord est nécessaire"),
    "hard_stop": ("when another takes over", "wanneer een ander overneemt", "quand un autre reprend"),
    "backup": ("who may do it instead", "wie het in de plaats mag doen", "qui peut le faire à la place"),
    "flow": ("how it is prepared", "hoe het voorbereid wordt", "sa préparation"),
    "handling": ("the handling code", "de behandelingscode", "le code de traitement"),
    "in_force": ("since when it is in force", "sinds wanneer het geldt", "depuis quand elle vaut"),
    "duty": ("how it is opened", "hoe het opengaat", "son ouverture"),
    "does": ("what it does", "wat het doet", "ce qu’il fait"),
    "by": ("who may report it", "wie het mag melden", "qui peut le signaler"),
    "in_phase": ("in which phases", "in welke fasen", "dans quelles phases"),
    "rungs": ("who is told, and when", "wie verwittigd wordt, en wanneer", "qui est averti, et quand"),
    "for_owner": ("who is told, and when", "wie verwittigd wordt, en wanneer", "qui est averti, et quand"),
    "name": ("the name", "de naam", "le nom"),
    "source": ("the source", "de bron", "la source"),
    "only": ("which steps stay open", "welke stappen open blijven", "quelles étapes restent ouvertes"),
    "until": ("how long it lasts", "hoe lang ze duurt", "sa durée"),
    "service": ("the service", "de dienst", "le service"),
    "anchors": ("anchor date", "ankerdatum", "date de référence"),
    "release_types": ("release type", "type vrijlating", "type de libération"),
    "handling_codes": ("handling code", "behandelingscode", "code de traitement"),
    "item_kinds": ("kind of item", "soort informatie", "type d’information"),
    "roles": ("role", "rol", "rôle"),
    "tracks": ("list", "lijst", "liste"),
    "monitor": ("the outcome monitor", "de uitkomstenmonitor", "le suivi des résultats"),
    "leaflet": ("the leaflet", "de folder", "le dépliant"),
    "meetings": ("meeting", "overleg", "réunion"),
    "phases": ("phase", "fase", "phase"),
    "milestones": ("milestone", "mijlpaal", "jalon"),
    "variants": ("variant", "variant", "variante"),
    "events": ("event", "gebeurtenis", "événement"),
    "escalations": ("escalation", "escalatie", "escalade"),
    "legal_basis": ("legal basis", "rechtsgrond", "base juridique"),
    "calendar": ("the calendar", "de kalender", "le calendrier"),
    "visibility": ("who may see what", "wie wat mag zien", "qui peut voir quoi"),
    "priorities": ("the agreed priorities", "de afgesproken prioriteiten", "les priorités convenues"),
    "notice": ("the notice classes", "de termijnklassen", "les classes de préavis"),
    "title": ("the title", "de titel", "le titre"),
    "languages": ("the languages", "de talen", "les langues"),
    "signatories": ("who signed", "wie ondertekende", "les signataires"),
    "informal_items": (
        "what may be shared meanwhile",
        "wat intussen gedeeld mag worden",
        "ce qui peut être partagé entre-temps",
    ),
    "four_eyes": (
        "how the second person decides",
        "hoe de tweede persoon beslist",
        "la décision de la deuxième personne",
    ),
    "outcomes": (
        "how its outcomes are reached",
        "hoe de uitkomsten bereikt worden",
        "la manière d’arriver aux résultats",
    ),
    "skip": ("what is left when it is waived", "wat er na vrijstelling overblijft", "ce qui reste après dispense"),
    "draft": ("draft", "ontwerp", "projet"),
    "informal": ("informal", "informeel", "informel"),
    "approved": ("approved", "goedgekeurd", "approuvé"),
    "yes": ("yes", "ja", "oui"),
    "no": ("no", "nee", "non"),
    "unknown": ("unknown", "onbekend", "inconnu"),
    "named": ("only if named", "enkel indien genoemd", "seulement si désigné"),
    "by_decision": ("by decision", "na beslissing", "sur décision"),
    "own_part": ("the own part", "het eigen deel", "sa propre partie"),
    "summary": ("a summary", "een samenvatting", "un résumé"),
    "pseudonymous": ("without names", "zonder namen", "sans noms"),
    "on_request": ("on request", "op verzoek", "sur demande"),
    "in_meeting": ("said in the meeting only", "enkel mondeling in het overleg", "oralement en réunion"),
    "own_task": ("with a task in the case", "met een taak in het dossier", "avec une tâche dans le dossier"),
    "lead": ("as lead worker of the case", "als trajectbegeleider van het dossier", "comme référent du dossier"),
    "deputy": ("as deputy in the case", "als vervanger in het dossier", "comme suppléant dans le dossier"),
    "author": ("as its author", "als auteur", "comme auteur"),
    "announcer": ("who announced the release", "die de vrijlating meldde", "qui a annoncé la libération"),
    "member": ("as a member of the meeting", "als lid van het overleg", "comme membre de la réunion"),
    "recorded_within": ("the time to record", "de tijd om te registreren", "le délai d’enregistrement"),
}
"""Fields in words: English, Dutch, French."""


class Teller(NamedTuple):
    """Tells in one language about an older protocol `a` and a newer one `b`."""

    a: Protocol
    b: Protocol
    language: str = "en"

    def say(self, sentence: str, **values: object) -> str:
        return SENTENCES.get(self.language, SENTENCES["en"])[sentence].format(**values)

    def text(self, text: Text) -> str:
        return text_in(text, self.language)

    def step(self, key: str) -> str:
        name = RuleWords(self.b, self.language).step(key)
        return name if name != key else RuleWords(self.a, self.language).step(key)

    def role(self, key: str) -> str:
        role = self.b.roles.get(key) or self.a.roles.get(key)
        return lowered(self.text(role.name)) if role else key

    def roles(self, keys: tuple[str, ...]) -> str:
        return self.say("or").join(map(self.role, keys)) or self.say("nobody_then")

    def release_type(self, key: str) -> str:
        found = self.b.release_types.get(key) or self.a.release_types.get(key)
        return lowered(self.text(found.name)) if found else key

    def notice_class(self, key: str) -> str:
        classes = [item for protocol in (self.b, self.a) if protocol.notice for item in protocol.notice.classes]
        return next((lowered(self.text(item.name)) for item in classes if item.key == key), key)

    def conditions(self, answers: tuple[str, ...]) -> str:
        return self.say("conditions", answer=self.say("or").join(map(self.what, answers)))

    def rules(self, old: Rule, new: Rule, notice: str | None) -> str:
        """One rule instead of another; where only the number differs: “8 instead of 10 working days after …”."""
        said = RuleWords(self.a, self.language).of(old, notice), RuleWords(self.b, self.language).of(new, notice)
        if same_but_number(old, new):
            n, m = str(distance(old)), str(distance(new))
            return said[1].replace(m, self.say("instead", new=m, old=n), 1)
        return self.say("instead", new=said[1], old=said[0])

    def rule(self, rule: Rule, notice: str | None, older: bool = False) -> str:
        return RuleWords(self.a if older else self.b, self.language).of(rule, notice)

    def anchor(self, key: str) -> str:
        return RuleWords(self.b if key in self.b.anchors else self.a, self.language).anchor(key)

    def milestone(self, key: str) -> str:
        found = self.b.milestones.get(key) or self.a.milestones.get(key)
        return f"“{self.text(found.name)}”" if found else key

    def outcome(self, step: str, key: str) -> str:
        """The name of an outcome, in either version."""
        steps = [protocol.steps[step] for protocol in (self.b, self.a) if step in protocol.steps]
        forms = [form for one in steps for form in (one.form, *one.forms.values())]
        return next((lowered(self.text(o.name)) for form in forms for o in form.outcomes if o.key == key), key)

    def what(self, name: str) -> str:
        """A field of the language in words; one without words of its own by its name."""
        said = WHAT.get(name)
        return said[LANGUAGES.index(self.language) if self.language in LANGUAGES else 0] if said else f"`{name}`"
