"""Changing the master key without downtime: every key is wrapped anew in small portions, nothing is sealed anew.

1. The new version comes beside the old one in the master key's file, or stood in the setting already.
2. The store says that the new version wraps from now on; whoever makes a key asks the store, so none is missed.
3. Keys are wrapped anew, a portion per transaction. Meanwhile both versions open what they wrapped, in every process.
4. When no key needs the old versions they leave the file.

Stopped at any point, the next run goes on from there. Running it twice at once does no harm.
"""

import secrets
from collections.abc import Callable
from typing import NamedTuple

from casework import master_key
from casework.key_faults import KeyDamaged
from casework.keys import KeyStore
from casework.master_key import MasterKey
from casework.sealing import KEY_BYTES
from casework.settings import SettingsFault

PORTION = 500
TABLES = {"sealing_key": "key_id", "purpose_key": "purpose"}
Progress = Callable[[int, int], None]
"""wrapped anew, of how many"""


class Rotated(NamedTuple):
    version: int
    wrapped: int
    """how many keys this run wrapped anew"""
    resumed: bool
    """whether an earlier change was finished, and none begun"""
    damaged: int
    """keys that do not open; the old version is then kept"""


class Status(NamedTuple):
    versions: list[int]
    """of the master key that are at hand"""
    wraps_with: int
    keys: dict[int, int]
    """how many keys each version wraps"""
    damaged: int
    unfinished: bool
    erased: int
    """tombstones"""


def rotate(store: KeyStore, portion: int = PORTION, progress: Progress | None = None) -> Rotated:
    """Change the master key, or finish a change that was interrupted. Raises SettingsFault."""
    with store.writing():
        version, resumed = _begin(store)
    total = _left(store, version)
    wrapped, damaged = 0, 0
    for table, name in TABLES.items():
        after = ""
        while True:
            with store.writing():
                after, done, broken = _portion(store, table, name, version, after, portion)
            wrapped, damaged = wrapped + done, damaged + broken
            if progress is not None:
                progress(wrapped, total)
            if not after:
                break
    with store.writing():
        if not _left(store, version):
            _retire(store, version)
    return Rotated(version, wrapped, resumed, damaged)


def _begin(store: KeyStore) -> tuple[int, bool]:
    """The version that wraps from now on, and whether it did before."""
    store.master = master_key.load(store.settings, may_make=False)
    wraps, newest = store.wrapping_version(), store.master.current
    unfinished = _left(store, wraps) > 0 or (newest == wraps and len(store.master.versions) > 1)
    file = master_key.master_file(store.settings)
    if unfinished:
        return wraps, True
    if newest == wraps:
        if file is None:
            remedy = f"add {wraps + 1}:BASE64 beside the old one, for every process; {master_key.MAKE_ONE}"
            raise SettingsFault(master_key.SETTING, "there is no newer version of the master key in it", remedy)
        newest = wraps + 1
        versions = {**store.master.versions, newest: secrets.token_bytes(KEY_BYTES)}
        # First the file, durably: a key that is wrapped with a version which no file holds would be lost.
        master_key.replace_file(file, versions)
        store.master = MasterKey(versions)
    store.tables.run("UPDATE wrapping SET version = ?", (newest,))
    return newest, False


def _portion(store: KeyStore, table: str, name: str, version: int, after: str, size: int) -> tuple[str, int, int]:
    """Wrap some keys anew: up to where, how many, and how many could not be opened."""
    query = f"SELECT {name}, wrapped, master FROM {table} WHERE master <> ? AND {name} > ? ORDER BY {name} LIMIT ?"
    rows = store.tables.all(query, (version, after, size))
    anew = []
    for key, wrapped, old in rows:
        try:
            anew.append((store.wrap(store.unwrap(wrapped, old, key), key, version), version, key))
        except KeyDamaged:
            continue
    store.tables.many(f"UPDATE {table} SET wrapped = ?, master = ? WHERE {name} = ?", anew)
    return rows[-1][0] if len(rows) == size else "", len(anew), len(rows) - len(anew)


def _left(store: KeyStore, version: int) -> int:
    counts = (store.tables.one(f"SELECT count(*) FROM {table} WHERE master <> ?", (version,))[0] for table in TABLES)
    return sum(counts)


def _retire(store: KeyStore, version: int) -> None:
    """Older versions leave the file; from a setting a person takes them."""
    file = master_key.master_file(store.settings)
    if file is not None and len(store.master.versions) > 1:
        store.master = MasterKey({version: store.master.versions[version]})
        master_key.replace_file(file, store.master.versions)


def status(store: KeyStore) -> Status:
    """How the keys are wrapped, and whether each of them opens."""
    master = master_key.load(store.settings, may_make=False)
    counts: dict[int, int] = {}
    damaged = 0
    with store.writing():
        wraps = store.wrapping_version()
        for table, name in TABLES.items():
            for key, wrapped, version in store.tables.all(f"SELECT {name}, wrapped, master FROM {table}"):
                counts[version] = counts.get(version, 0) + 1
                try:
                    store.unwrap(wrapped, version, key)
                except SettingsFault:
                    damaged += 1
    unfinished = any(version != wraps for version in counts) or master.current != wraps
    return Status(sorted(master.versions), wraps, dict(sorted(counts.items())), damaged, unfinished, _erased(store))


def _erased(store: KeyStore) -> int:
    return len(store.tombstones())
