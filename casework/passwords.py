"""Passwords: argon2id, and the rules for a new one. Length counts; no rules of composition (NIST SP 800-63B)."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from casework.settings import Settings
from protocol.errors import Refused

SHORTEST, LONGEST = 12, 200
"""characters"""
OWN_REST = 6
"""what a password must have beside its owner's name"""
LANES = 2
AT_ONCE = threading.BoundedSemaphore(2)
"""a hash takes much memory by design: no flood of sign-ins may take all of it"""


@lru_cache(maxsize=8)
def _hasher(time: int, memory: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time, memory_cost=max(memory, 8 * LANES), parallelism=LANES, type=Type.ID)


@lru_cache(maxsize=8)
def _nobodys(time: int, memory: int) -> str:
    """The hash that stands for people who are not there: checking it costs the same."""
    return _hasher(time, memory).hash("nobody")


def _plain(password: str) -> str:
    """The same characters, whatever keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


def hashed(settings: Settings, password: str) -> str:
    with AT_ONCE:
        return _hasher(settings.argon2_time, settings.argon2_memory).hash(_plain(password))


def verify(settings: Settings, kept: str, password: str) -> bool:
    """Whether it is the password of this hash. With no hash the same work is done, and the answer is no."""
    hasher = _hasher(settings.argon2_time, settings.argon2_memory)
    against = kept or _nobodys(settings.argon2_time, settings.argon2_memory)
    try:
        with AT_ONCE:
            hasher.verify(against, _plain(password)[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def is_outdated(settings: Settings, kept: str) -> bool:
    """Whether the hash was made with other parameters than these settings ask for."""
    return _hasher(settings.argon2_time, settings.argon2_memory).check_needs_rehash(kept)


def check(password: str, name: str, email: str) -> None:
    """Refuse a password that is too short, too long, or its owner's own name or address."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise Refused("password.short", f"a password needs at least {SHORTEST} characters", "take a longer one", "new")
    if len(plain) > LONGEST:
        raise Refused("password.long", f"a password has at most {LONGEST} characters", "take a shorter one", "new")
    squeezed = _squeezed(plain)
    own = {_squeezed(word) for word in (name, "".join(reversed(name.split())), email, email.partition("@")[0])}
    for word in own:
        if len(word) > 3 and word in squeezed and len(squeezed.replace(word, "")) < OWN_REST:
            raise Refused("password.own", "a password may not be a name or address of its owner", "take others", "new")
    if len(set(squeezed)) < 4:
        raise Refused("password.same", "the same few characters again and again are guessed", "take others", "new")


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
