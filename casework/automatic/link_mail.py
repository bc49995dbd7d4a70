"""The mail that brings a one-time link for signing in. No name in it; the link itself never reaches Prefect."""

import datetime as dt
import uuid
from collections import Counter
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib

from casework import account_mail, outbox
from casework.automatic import mail, sending
from casework.automatic.sending import NAMESPACE
from casework.db import Database
from casework.errors import StaffUnknown
from casework.outbox import Item
from casework.staff import find
from models.people import Staff

AT_ONCE = 20
WORDS = {
    "subject": {
        "nl": "sluis: uw link om u aan te melden",
        "fr": "sluis : votre lien de connexion",
        "en": "sluis: your link to sign in",
    },
    "body": {
        "nl": "Met deze link stelt u uw wachtwoord en tweede factor in. Hij werkt één keer, zeven dagen lang.",
        "fr": "Ce lien vous permet de définir mot de passe et second facteur. Il sert une fois, pendant sept jours.",
        "en": "With this link you set your password and second factor. It works once, for seven days.",
    },
    "foot": {
        "nl": "Verwachtte u dit niet, meld het dan aan de beheerder en open de link niet.",
        "fr": "Si vous n'attendiez pas ce message, prévenez l'administrateur et n'ouvrez pas le lien.",
        "en": "If you did not expect this, tell the administrator and do not open the link.",
    },
}


def compose(item: Item, member: Staff, path: str, smtp_url: str, public_url: str) -> EmailMessage:
    """The same row of the outbox gives the same Message-ID however often it is sent. Raises mail.BadAddress."""
    language = member.language if member.language in mail.LANGUAGES else mail.LANGUAGES[0]
    said = {key: texts[language] for key, texts in WORDS.items()}
    sender = mail.address(mail.sender_of(smtp_url, public_url))
    made = EmailMessage(policy=SMTP)
    made["Subject"] = said["subject"]
    made["From"], made["To"] = sender, mail.address(member.email)
    made["Message-ID"] = f"<{uuid.uuid5(NAMESPACE, item.dedupe_key)}@{sender.domain}>"
    made["Auto-Submitted"] = "auto-generated"
    hello = mail.word("hello", language)
    made.set_content(f"{hello}\n\n{said['body']}\n\n{public_url.rstrip('/')}{path}\n\n{said['foot']}\n")
    return made


async def send_links(db: Database, at: dt.datetime) -> dict[str, int]:
    """Send every link that waits; how that ended: `links_sent`, `links_later`, `links_refused`."""
    smtp_url = db.settings.smtp_url
    assert smtp_url is not None
    counts: Counter[str] = Counter()
    for item in outbox.claim(db, AT_ONCE, account_mail.KIND, at):
        counts[f"links_{await _send(db, item, smtp_url, at)}"] += 1
    return dict(counts)


async def _send(db: Database, item: Item, smtp_url: str, at: dt.datetime) -> str:
    try:
        member = find(db, str(item.payload["staff"]))
        made = compose(item, member, account_mail.path_of(db, item), smtp_url, db.settings.public_url)
        await sending.hand_over(made, smtp_url)
    except (mail.BadAddress, StaffUnknown):
        outbox.settle(db, [item], at)
        return "refused"
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return "refused" if outbox.fail(db, item, type(error).__name__, at) else "later"
    outbox.settle(db, [item], at)
    return "sent"
