"""A mail: case number, step and link only, in the reader's language. Never a name, never what was written."""

from collections.abc import Mapping, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

LANGUAGES = ("nl", "fr", "en")

WORDS: Mapping[str, Mapping[str, str]] = {
    "hello": {"nl": "Goedendag,", "fr": "Bonjour,", "en": "Good day,"},
    "now": {
        "nl": "sluis: dit kan niet wachten ({n})",
        "fr": "sluis : ceci ne peut pas attendre ({n})",
        "en": "sluis: this cannot wait ({n})",
    },
    "week": {"nl": "sluis: uw week ({n})", "fr": "sluis : votre semaine ({n})", "en": "sluis: your week ({n})"},
    "foot": {
        "nl": "Dit bericht bevat geen namen. Open de link om te lezen waar het over gaat.",
        "fr": "Ce message ne contient aucun nom. Ouvrez le lien pour lire de quoi il s'agit.",
        "en": "This message holds no names. Open the link to read what it is about.",
    },
    "urgent": {"nl": "NU BELLEN", "fr": "APPELER MAINTENANT", "en": "PHONE NOW"},
    "late": {"nl": "te laat", "fr": "en retard", "en": "late"},
    "reminder": {"nl": "herinnering", "fr": "rappel", "en": "reminder"},
    "opened": {"nl": "nieuwe taak", "fr": "nouvelle tâche", "en": "new task"},
    "second": {"nl": "tweede beslissing gevraagd", "fr": "seconde décision demandée", "en": "second decision asked"},
    "moved": {"nl": "nieuwe datum", "fr": "nouvelle date", "en": "new date"},
    "taken_over": {
        "nl": "nu voor u: overgenomen",
        "fr": "maintenant pour vous : repris",
        "en": "now yours: taken over",
    },
    "settled": {"nl": "afgerond", "fr": "terminé", "en": "settled"},
    "handled": {
        "nl": "uw melding is behandeld",
        "fr": "votre avis a été traité",
        "en": "your notification was handled",
    },
    "date": {"nl": "datum", "fr": "date", "en": "date"},
    "assigned": {"nl": "aan u toegewezen", "fr": "qui vous est attribué", "en": "assigned to you"},
    "urgent_news": {
        "nl": "dringend nieuws in het dossier",
        "fr": "nouvelle urgente dans le dossier",
        "en": "urgent news in the case",
    },
    "disputed": {
        "nl": "iets wat u kreeg is betwist: gebruik het niet",
        "fr": "une donnée reçue est contestée : ne l'utilisez pas",
        "en": "something you were given is disputed: do not use it",
    },
    "lifted": {
        "nl": "niet langer betwist: u mag het weer gebruiken",
        "fr": "n'est plus contesté : vous pouvez à nouveau l'utiliser",
        "en": "no longer disputed: you may use it again",
    },
    "corrected": {
        "nl": "iets wat u kreeg is rechtgezet: lees het opnieuw",
        "fr": "une donnée reçue a été rectifiée : relisez-la",
        "en": "something you were given was corrected: read it again",
    },
    "erased": {
        "nl": "iets wat u kreeg is gewist: vernietig uw afdruk",
        "fr": "une donnée reçue a été effacée : détruisez votre copie",
        "en": "something you were given was erased: destroy your copy",
    },
    "unusual_reading": {
        "nl": "ongewoon leesgedrag: iemand werd tegengehouden",
        "fr": "lecture inhabituelle : quelqu'un a été arrêté",
        "en": "unusual reading: somebody was stopped",
    },
    "content_in_case": {"nl": "nieuws in het dossier", "fr": "nouveau dans le dossier", "en": "news in the case"},
}


class Line(NamedTuple):
    """One message in a mail."""

    case: str
    step: str
    """the step's name in the reader's language; empty where even that is not told"""
    what: str
    urgent: bool


def word(key: str, language: str) -> str:
    texts = WORDS.get(key, {})
    return texts.get(language) or texts.get(LANGUAGES[0]) or key


def written(line: Line, language: str, public_url: str) -> str:
    what = word("urgent" if line.urgent else line.what, language)
    parts = [part for part in (line.case, line.step, what) if part]
    return f"- {' · '.join(parts)}\n  {public_url.rstrip('/')}/cases/{line.case}"


class BadAddress(Exception):
    """An address that no mail can be sent to. Does not carry it."""


def address(text: str) -> Address:
    """Raises BadAddress, also for anything that could end a header line."""
    try:
        found = Address(addr_spec=text.strip())
    except Exception:
        found = None
    if (
        found is None
        or not found.username
        or not found.domain
        or any(ord(c) < 33 or ord(c) > 126 for c in text.strip())
    ):
        raise BadAddress
    return found


def compose(
    lines: Sequence[Line], to: str, language: str, *, mail_id: str, sender: str, public_url: str, at_once: bool
) -> EmailMessage:
    """One mail for one person. The same `mail_id` gives the same Message-ID however often it is sent."""
    language = language if language in LANGUAGES else LANGUAGES[0]
    from_ = address(sender)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = word("now" if at_once else "week", language).format(n=len(lines))
    mail["From"], mail["To"] = from_, address(to)
    mail["Message-ID"] = f"<{mail_id}@{from_.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    body = "\n".join(written(line, language, public_url) for line in lines)
    mail.set_content(f"{word('hello', language)}\n\n{body}\n\n{word('foot', language)}\n")
    return mail


def sender_of(smtp_url: str, public_url: str) -> str:
    """`?from=…` in SLUIS_SMTP_URL, else sluis@ the host of the pages."""
    given = parse_qs(urlsplit(smtp_url).query).get("from")
    host = urlsplit(public_url).hostname or "localhost"
    return given[0] if given else f"sluis@{host if not host.replace('.', '').isdigit() else 'localhost'}"
