"""The words that a notification may use: headings and values in English, Dutch and French.

The words come from the glossary and the ways out of prison of the protocol. Two spellings are the same word when they
differ only in case, accents or punctuation (`fold`), so "Libération prévue" and "liberation prevue" are one heading.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Words:
    """One notion: its label in each language, and other spellings that prisons use for it."""

    en: str
    nl: str
    fr: str
    also: str = ""  # separated by " | "

    def every(self) -> tuple[str, ...]:
        return (self.en, self.nl, self.fr, *filter(None, self.also.split(" | ")))


def fold(text: str) -> str:
    """The word without case, accents and punctuation: what two spellings of it have in common."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", plain).strip()


def _by_spelling(words: Mapping[str, Words]) -> Mapping[str, str]:
    return MappingProxyType({fold(spelling): key for key, w in words.items() for spelling in (key, *w.every())})


HEADINGS: Mapping[str, Words] = MappingProxyType(
    {
        "reference": Words(
            "reference", "referentie", "référence", "kenmerk | referentie gevangenis | référence de la prison"
        ),
        "prison": Words("prison", "gevangenis", "prison", "établissement pénitentiaire | strafinrichting"),
        "family_name": Words("family name", "familienaam", "nom de famille", "surname | achternaam | naam | nom"),
        "given_names": Words(
            "given names", "voornamen", "prénoms", "given name | first name | first names | voornaam | prénom"
        ),
        "birth_date": Words("birth date", "geboortedatum", "date de naissance", "date of birth"),
        "language": Words("language", "taal", "langue"),
        "release_type": Words(
            "release type",
            "soort vrijlating",
            "type de libération",
            "type of release | type vrijlating | vrijlatingstype | aard van de vrijlating",
        ),
        "conditions": Words("conditions", "voorwaarden", "conditions"),
        "planned_release": Words(
            "planned release date",
            "voorziene vrijlatingsdatum",
            "date de libération prévue",
            "planned release | voorziene vrijlating | geplande vrijlating | geplande vrijlatingsdatum | "
            "libération prévue | date prévue de libération",
        ),
        "certainty": Words("certainty", "zekerheid", "certitude", "degré de certitude"),
        "source": Words("source", "bron", "source"),
        "notified_at": Words(
            "notified at",
            "gemeld op",
            "communiqué le",
            "notified on | notification date | datum melding | meldingsdatum | date de communication | "
            "avisé le | date de l'avis | notifié le | date de notification",
        ),
        "actual_release": Words(
            "actual release",
            "effectieve vrijlating",
            "libération effective",
            "actual release date | datum effectieve vrijlating | effectieve vrijlatingsdatum | "
            "date de libération effective",
        ),
        "planned_return": Words(
            "planned return",
            "voorziene terugkeer",
            "retour prévu",
            "planned return date | geplande terugkeer | datum voorziene terugkeer | date de retour prévue",
        ),
    }
)

RELEASE_TYPES: Mapping[str, Words] = MappingProxyType(
    {
        "conditional_release": Words(
            "conditional release",
            "voorwaardelijke invrijheidstelling",
            "libération conditionnelle",
            "voorwaardelijke vrijlating | VI | LC",
        ),
        "electronic_monitoring": Words(
            "electronic monitoring", "elektronisch toezicht", "surveillance électronique", "ET | SE"
        ),
        "limited_detention": Words("limited detention", "beperkte detentie", "détention limitée", "BD | DL"),
        "end_of_sentence": Words(
            "end of sentence", "strafeinde", "fin de peine", "einde van de straf | einde straf | fond de peine"
        ),
        "provisional_release": Words(
            "provisional release", "voorlopige invrijheidstelling", "libération provisoire", "voorlopige vrijlating"
        ),
        "removal": Words(
            "removal or surrender",
            "verwijdering of overlevering",
            "éloignement ou remise",
            "surrender | provisional release for removal/surrender | verwijdering | overlevering | "
            "verwijdering van het grondgebied | éloignement | éloignement du territoire | "
            "voorlopige invrijheidstelling met het oog op verwijdering van het grondgebied of overlevering | "
            "libération provisoire en vue de l'éloignement du territoire ou de la remise",
        ),
        "court_disposal": Words(
            "placement at the court's disposal",
            "terbeschikkingstelling",
            "mise à la disposition du tribunal",
            "TBS | terbeschikkingstelling van de strafuitvoeringsrechtbank | mise à la disposition | "
            "mise à disposition | mise à la disposition du tribunal de l'application des peines",
        ),
        "remand_release": Words(
            "release from remand",
            "vrijlating uit voorlopige hechtenis",
            "libération de la détention préventive",
            "invrijheidstelling uit voorlopige hechtenis | einde voorlopige hechtenis | "
            "fin de la détention préventive | fin de détention préventive",
        ),
        "leave": Words(
            "leave",
            "uitgaansvergunning",
            "permission de sortie",
            "penitentiary leave | prison leave | penitentiair verlof | verlof | UV | PV | congé pénitentiaire | congé",
        ),
    }
)

CERTAINTIES: Mapping[str, Words] = MappingProxyType(
    {
        "confirmed": Words("confirmed", "bevestigd", "confirmée", "confirmé"),
        "expected": Words("expected", "verwacht", "attendue", "attendu | voorzien | prévue | prévu"),
        "unconfirmed": Words(
            "unconfirmed", "niet bevestigd", "non confirmée", "not confirmed | onbevestigd | non confirmé"
        ),
    }
)

CONDITIONS: Mapping[str, Words] = MappingProxyType(
    {
        # The last spellings are what spreadsheets write for a tick box.
        "yes": Words("yes", "ja", "oui", "true | waar | vrai"),
        "no": Words("no", "nee", "non", "neen | false | onwaar | faux"),
        "unknown": Words("unknown", "onbekend", "inconnu", "ongekend | niet gekend | inconnue | inconnues"),
    }
)

LANGUAGES: Mapping[str, Words] = MappingProxyType(
    {
        "nl": Words("Dutch", "Nederlands", "néerlandais"),
        "fr": Words("French", "Frans", "français"),
        "en": Words("English", "Engels", "anglais"),
        "de": Words("German", "Duits", "allemand", "Deutsch"),
    }
)

FIELD_BY_HEADING = _by_spelling(HEADINGS)
RELEASE_TYPE_BY_WORD = _by_spelling(RELEASE_TYPES)
CERTAINTY_BY_WORD = _by_spelling(CERTAINTIES)
CONDITIONS_BY_WORD = _by_spelling(CONDITIONS)

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss "
    "st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
ISO_639_1 = frozenset(_CODES.split())
LANGUAGE_BY_WORD: Mapping[str, str] = MappingProxyType({**{c: c for c in ISO_639_1}, **_by_spelling(LANGUAGES)})
