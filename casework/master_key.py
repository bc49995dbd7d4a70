"""The master key that wraps every other key: versioned, so that it can be changed without sealing anything anew.

Written as `VERSION:BASE64`, one per line (or after a comma); the highest version wraps, the others still open.
A bare base64 key is version 1.
"""

import base64
import binascii
import os
import re
import secrets
from pathlib import Path

from casework.sealing import KEY_BYTES, Sealer
from casework.settings import Settings, SettingsFault, secret_file

SETTING = "SLUIS_MASTER_KEY"
MAKE_ONE = "make one with: openssl rand -base64 32"
_VALUE = re.compile(r"^(\d+:)?[A-Za-z0-9+/_-]{43}=?(\s*,\s*\d+:[A-Za-z0-9+/_-]{43}=?)*$")


class MasterKey:
    """All versions that are at hand."""

    def __init__(self, versions: dict[int, bytes]) -> None:
        self.versions = versions
        self.current = max(versions)
        self._sealers = {version: Sealer(key) for version, key in versions.items()}

    def sealer(self, version: int) -> Sealer:
        try:
            return self._sealers[version]
        except KeyError:
            remedy = "keep the old version beside the new one until every key is wrapped anew (`sluis keys status`)"
            raise SettingsFault(SETTING, f"version {version} of the master key is missing", remedy) from None


def master_file(settings: Settings) -> Path | None:
    """The file that holds the master key; None: the key stands in the setting itself."""
    given = settings.master_key
    if given is None:
        return settings.home / "master.key"
    return None if _VALUE.match(given.strip()) else Path(given)


def load(settings: Settings, *, may_make: bool = True) -> MasterKey:
    """The master key; its file is made at first use, but not for keys that another one wrapped. Raises SettingsFault."""
    file = master_file(settings)
    if file is None:
        assert settings.master_key is not None
        return parse(settings.master_key)
    if not may_make and not file.exists():
        rule = "the master key's file is missing, and without it no key of the key store opens"
        raise SettingsFault(
            SETTING, rule, f"put {file.name} back from where it is kept, or name the file that holds it"
        )
    make = (lambda: written({1: secrets.token_bytes(KEY_BYTES)})) if settings.master_key is None else None
    return parse(secret_file(file, SETTING, make).decode(errors="replace"))


def parse(text: str) -> MasterKey:
    versions = {}
    for line in re.split(r"[\n,]", text):
        if not line.strip():
            continue
        version, _, encoded = line.strip().rpartition(":")
        try:
            plain = encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)
            key = base64.b64decode(plain, validate=True)
            versions[int(version or 1)] = key
        except (ValueError, binascii.Error):
            key = b""
        if len(key) != KEY_BYTES:
            raise SettingsFault(SETTING, "every key must be 32 bytes in base64", MAKE_ONE)
    if not versions:
        raise SettingsFault(SETTING, "there is no key in it", MAKE_ONE)
    return MasterKey(versions)


def written(versions: dict[int, bytes]) -> bytes:
    return "".join(f"{n}:{base64.b64encode(key).decode()}\n" for n, key in sorted(versions.items())).encode()


def replace_file(file: Path, versions: dict[int, bytes]) -> None:
    """Write the master key file anew, whole or not at all."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(written(versions))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name must be durable before a key is wrapped with what it holds
    finally:
        os.close(folder)
