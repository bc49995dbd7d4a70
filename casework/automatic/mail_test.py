"""One test mail, now: whether the server of SLUIS_SMTP_URL takes it, or what it said, without secrets."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
import uuid
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib

from casework.automatic import mail
from casework.automatic.sending import hand_over
from casework.settings import Settings

LONGEST = 300
"""characters of a server's answer that are shown"""
SUBJECT = {"nl": "sluis: testbericht", "fr": "sluis : message d'essai", "en": "sluis: test message"}
BODY = {
    "nl": "Dit is een testbericht van sluis. De mail werkt; u hoeft niets te doen.",
    "fr": "Ceci est un message d'essai de sluis. Le courrier fonctionne; vous n'avez rien à faire.",
    "en": "This is a test message from sluis. Mail works; there is nothing for you to do.",
}


class Tried(NamedTuple):
    """How it ended: `sent`, `off`, `no_address`, `unreachable`, `slow`, `unsafe`, `sign_in`, `refused` or `failed`."""

    outcome: str
    server: str = ""
    """host and port"""
    said: str = ""
    """the server's own words, without user name and password"""

    @property
    def sent(self) -> bool:
        return self.outcome == "sent"


def server_of(smtp_url: str) -> str:
    """Host and port of the mail server: nothing else of its address may be shown."""
    parts = urlsplit(smtp_url)
    return f"{parts.hostname}:{parts.port or {'smtps': 465, 'smtp+starttls': 587}.get(parts.scheme, 25)}"


def without_secrets(words: str, smtp_url: str) -> str:
    """A server's answer on one line, without what SLUIS_SMTP_URL keeps secret, plain or as it travels."""
    parts = urlsplit(smtp_url)
    secrets = [unquote(part) for part in (parts.username, parts.password) if part]
    travels = ["\0".join(["", *secrets]), *secrets]
    hidden = {*secrets, parts.username or "", parts.password or "", smtp_url, parts.netloc if secrets else ""}
    hidden |= {base64.b64encode(one.encode()).decode() for one in travels if one}
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        words = words.replace(secret, "***")
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", words).strip()[:LONGEST]


def try_mail(settings: Settings, to: str, language: str) -> Tried:
    """Send one test mail to an address; waits for the server's answer. Never raises for what a server does."""
    url = settings.smtp_url
    if url is None:
        return Tried("off")
    try:
        message = _written(settings, url, to, language)
    except mail.BadAddress:
        return Tried("no_address", server_of(url))
    try:
        asyncio.run(hand_over(message, url))
    except Exception as error:
        return Tried(_outcome(error), server_of(url), without_secrets(_words(error), url))
    return Tried("sent", server_of(url))


def _written(settings: Settings, url: str, to: str, language: str) -> EmailMessage:
    language = language if language in SUBJECT else "nl"
    sender = mail.address(mail.sender_of(url, settings.public_url))
    message = EmailMessage(policy=SMTP)
    message["Subject"], message["From"], message["To"] = SUBJECT[language], sender, mail.address(to)
    message["Message-ID"] = f"<{uuid.uuid4()}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{BODY[language]}\n\n{settings.public_url}\n")
    return message


def _outcome(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return "sign_in"
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return "slow"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "unsafe"
    if isinstance(error, aiosmtplib.SMTPConnectError | OSError):
        return "unreachable"
    refusals = (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException)
    return "refused" if isinstance(error, refusals) else "failed"


def _words(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return "; ".join(f"{one.code} {one.message}" for one in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
