"""What a deviation says, in English, Dutch and French: steps and dates, never about a person.

A `Sentence` is a key of the table with its places; dates, steps and other sentences stand in the places as they are
until `tell` puts them into one language. Names of steps and events come from the protocol file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from protocol.because import MONTHS

LANGUAGES = ("en", "nl", "fr")
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "open": "{step} is still open", "done": "{step} was done on {on}", "waived": "{step} was waived on {on}",
        "cancelled": "{step} was cancelled on {on}",
        "late": "{what}, {amount}after its due day {due}{at}{cause}.",
        "late_before": "{what}; it had been late {amount}after its due day {due}{at} before that day changed{cause}.",
        "amount_one": "{n} working day ", "amount_many": "{n} working days ", "at": " at {hour}", "none": "",
        "told_late": "; the news came late", "date_moved": "; a date had moved", "access_refused": "; access was refused",
        "absence": "; whoever it was assigned to was absent",
        "recorded_late": "{what} and recorded only on {recorded}.",
        "news_late": "{title} of {on} was recorded only on {recorded}.", "notification": "The notification",
        "before_ready": "{what} but still had to wait for: {waiting}.",
        "no_second": "{what} without a second person.",
        "same_person": "{step} was done and decided second by the same person on {on}.",
        "same_service": "{step} was done and decided second by the same service on {on}.",
        "waived_by_nobody": "{what}, which the protocol allows to nobody.",
        "waived_twice": "{step} was waived, and so was the one before it.",
        "never_opened": "{what} although it had not opened.",
        "settled_twice": "{step} was settled already when it was recorded again on {on}.",
        "stuck": "On {on} the case is open and no step is.",
        "left_open": "{what} although the case has ended.",
        "erased_late": "The case was to be erased by {due} and was only on {on}.",
        "not_erased": "The case was to be erased by {due} and was not yet.",
        "or": " or ", "and": ", ", "of": "{step} ({outcomes})",
    },
    "nl": {
        "open": "{step}: staat nog open", "done": "{step}: gedaan op {on}", "waived": "{step}: vrijgesteld op {on}",
        "cancelled": "{step}: vervallen op {on}",
        "late": "{what}, {amount}na de uiterste datum {due}{at}{cause}.",
        "late_before": "{what}; voordien al te laat, {amount}na de uiterste datum {due}{at}, voordat die datum wijzigde{cause}.",
        "amount_one": "{n} werkdag ", "amount_many": "{n} werkdagen ", "at": " om {hour} uur", "none": "",
        "told_late": "; het bericht kwam laat", "date_moved": "; een datum was verschoven",
        "access_refused": "; de toegang werd geweigerd", "absence": "; wie de stap toegewezen kreeg, was afwezig",
        "recorded_late": "{what} en pas vastgelegd op {recorded}.",
        "news_late": "{title} van {on}: pas vastgelegd op {recorded}.", "notification": "Melding",
        "before_ready": "{what}, terwijl nog gewacht moest worden op: {waiting}.",
        "no_second": "{what} zonder tweede persoon.",
        "same_person": "{step}: op {on} gedaan en als tweede beslist door dezelfde persoon.",
        "same_service": "{step}: op {on} gedaan en als tweede beslist door dezelfde dienst.",
        "waived_by_nobody": "{what}, wat volgens het protocol niemand mag.",
        "waived_twice": "{step}: vrijgesteld, net als de keer ervoor.",
        "never_opened": "{what}, hoewel de stap nog niet klaarstond.",
        "settled_twice": "{step}: was al afgerond toen de stap op {on} opnieuw werd vastgelegd.",
        "stuck": "Op {on} is het dossier open, maar er staat geen stap open.",
        "left_open": "{what}, hoewel het dossier afgesloten is.",
        "erased_late": "Het dossier moest uiterlijk op {due} gewist worden en werd pas gewist op {on}.",
        "not_erased": "Het dossier moest uiterlijk op {due} gewist worden en is nog niet gewist.",
        "or": " of ", "and": ", ", "of": "{step} ({outcomes})",
    },
    "fr": {
        "open": "{step} : étape encore ouverte", "done": "{step} : étape réalisée le {on}",
        "waived": "{step} : étape dispensée le {on}", "cancelled": "{step} : étape devenue sans objet le {on}",
        "late": "{what}, {amount}après l’échéance du {due}{at}{cause}.",
        "late_before": "{what} ; déjà en retard auparavant, {amount}après l’échéance du {due}{at}, avant que celle-ci ne change{cause}.",
        "amount_one": "{n} jour ouvrable ", "amount_many": "{n} jours ouvrables ", "at": " à {hour}", "none": "",
        "told_late": " ; l’information est arrivée tard", "date_moved": " ; une date avait été déplacée",
        "access_refused": " ; l’accès a été refusé", "absence": " ; la personne chargée de l’étape était absente",
        "recorded_late": "{what} et enregistrée seulement le {recorded}.",
        "news_late": "{title} du {on} : enregistrement seulement le {recorded}.", "notification": "Avis",
        "before_ready": "{what}, alors qu’il fallait encore attendre : {waiting}.",
        "no_second": "{what} sans seconde personne.",
        "same_person": "{step} : étape réalisée et validée par la même personne le {on}.",
        "same_service": "{step} : étape réalisée et validée par le même service le {on}.",
        "waived_by_nobody": "{what}, ce que le protocole ne permet à personne.",
        "waived_twice": "{step} : étape dispensée, comme la fois précédente.",
        "never_opened": "{what}, alors qu’elle n’était pas encore prête.",
        "settled_twice": "{step} : étape déjà réglée lorsqu’elle a été enregistrée à nouveau le {on}.",
        "stuck": "Le {on}, le dossier est ouvert mais aucune étape ne l’est.",
        "left_open": "{what}, alors que le dossier est terminé.",
        "erased_late": "Le dossier devait être effacé au plus tard le {due} et ne l’a été que le {on}.",
        "not_erased": "Le dossier devait être effacé au plus tard le {due} et ne l’est pas encore.",
        "or": " ou ", "and": ", ", "of": "{step} ({outcomes})",
    },
}  # fmt: skip


class Named(NamedTuple):
    """Something of the protocol file by its name in every language; a repeated step with its number."""

    texts: Mapping[str, str]
    n: int | None = None


class Listed(NamedTuple):
    """Several things, joined by `or` or `and`."""

    joint: str
    parts: tuple[Place, ...]


class Sentence(NamedTuple):
    """A key of `WORDS` and what stands in its places."""

    key: str
    places: Mapping[str, Place]


Place = dt.date | int | str | Named | Listed | Sentence
"""A day, a number, an hour or key as it is, or words still to be put into a language."""


def tell(sentence: Sentence, language: str = "en") -> str:
    """The sentence in one language; a language that is not known is told in English."""
    spoken = language if language in WORDS else "en"
    return WORDS[spoken][sentence.key].format(**{key: _say(place, spoken) for key, place in sentence.places.items()})


def _say(place: Place, language: str) -> str:
    if isinstance(place, dt.date):
        return day(place, language)
    if isinstance(place, Sentence):
        return tell(place, language)
    if isinstance(place, Listed):
        return WORDS[language][place.joint].join(_say(part, language) for part in place.parts)
    if isinstance(place, Named):
        name = place.texts.get(language) or next(iter(place.texts.values()))
        return name if place.n is None else f"{name} {place.n}"
    return str(place)


def day(on: dt.date, language: str) -> str:
    """27 Nov 2026 · 27 nov. 2026 · 1er déc. 2026."""
    number = "1er" if language == "fr" and on.day == 1 else str(on.day)
    return f"{number} {MONTHS[language][on.month - 1]} {on.year}"


NOTHING = Sentence("none", {})


def amount(working_days: int) -> Sentence:
    """How much late; less than one working day says nothing."""
    if not working_days:
        return NOTHING
    return Sentence("amount_one" if working_days == 1 else "amount_many", {"n": working_days})
