"""Signed tombstones: one line per erasure, in a file of its own, so that no backup of anything else takes it back."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Tombstone(NamedTuple):
    """An erasure: which key, what it sealed, when, and who acted."""

    key_id: str
    what: str
    """`case` or `person`"""
    id: int
    at: str
    by: str
    ground: str = ""
    """why, in a word of the protocol or of the data manager: never about the person"""

    def words(self) -> bytes:
        return json.dumps(self._asdict(), sort_keys=True, separators=(",", ":")).encode()


class Signatures:
    """The partnership's own Ed25519 key."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether the message was signed with this key."""
        try:
            self._key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True


def line(stone: Tombstone, signatures: Signatures) -> str:
    """A tombstone as it is kept: with its signature."""
    return json.dumps({**stone._asdict(), "signature": signatures.sign(stone.words()).hex()})


def add(file: Path, stones: Iterable[Tombstone], signatures: Signatures) -> None:
    """Append what is not there yet, durably."""
    known = {stone.key_id for stone in signed(lines(file), signatures)}
    added = [line(stone, signatures) + "\n" for stone in stones if stone.key_id not in known]
    if file.exists() and not file.read_bytes().endswith(b"\n"):
        added.insert(0, "\n")  # a line that was never finished must not swallow the next
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a") as out:
        out.writelines(added)
        out.flush()
        os.fsync(out.fileno())


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def signed(lines: Iterable[str], signatures: Signatures) -> list[Tombstone]:
    """The erasures that these lines tell of; a line that is not signed is left out."""
    found = []
    for each in lines:
        try:
            fields = json.loads(each)
            signature = bytes.fromhex(fields.pop("signature"))
            stone = Tombstone(**fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the last line of a machine that stopped while writing
        if signatures.holds(stone.words(), signature):
            found.append(stone)
    return found
