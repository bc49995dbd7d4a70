"""Sealing: AES-256-GCM under the key of a case or a person. Without the key nothing of the content is left."""

import hashlib
import hmac
import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32
PACK_FROM = 400
SMALL, LARGE = (12, 5), (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
"""Window and memory of the compressor: clearing those of the usual size takes longer than a small content does."""
Sealer = AESGCM


class SealBroken(Exception):
    """What is stored was changed, moved to another place, or sealed under another key."""


def seal(key: Sealer, content: bytes, place: bytes) -> bytes:
    """Seal `content` for one place (its stream and seq, its table and row): elsewhere it does not open."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, content, place)


def unseal(key: Sealer, sealed: bytes, place: bytes) -> bytes:
    """Open what `seal` closed for the same place. Raises SealBroken."""
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except InvalidTag:
        raise SealBroken(place.decode(errors="replace")) from None


def blind(secret: bytes, *parts: str) -> bytes:
    """An HMAC by which equal values are found without being readable. The parts cannot run into each other."""
    message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    return hmac.digest(secret, message, hashlib.sha256)


def packed(content: bytes) -> bytes:
    """Shorter, where that pays: events and states repeat themselves, and every byte is encrypted and written twice."""
    if len(content) <= PACK_FROM:
        return b"." + content
    shorter = zlib.compressobj(1, zlib.DEFLATED, *(SMALL if len(content) < 1 << SMALL[0] else LARGE))
    return b"z" + shorter.compress(content) + shorter.flush()


def unpacked(content: bytes) -> bytes:
    return zlib.decompress(content[1:]) if content[:1] == b"z" else content[1:]
