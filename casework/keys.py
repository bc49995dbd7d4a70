"""The key store: one key per case and per person, apart from the database, wrapped by the master key.

A backup of the database therefore holds no keys. Erasing is destroying a key; a signed tombstone says so, in a file
beside the keys, and every restore replays the tombstones before it opens: an old backup does not bring a person back.
"""

import datetime as dt
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from casework import master_key, tombstones
from casework.master_key import MasterKey
from casework.sealing import KEY_BYTES, Sealer, seal, unseal
from casework.settings import Settings, make_private_folder
from casework.sqlite import open_sqlite
from casework.tombstones import Signatures, Tombstone

REMEMBERED = 4096
"""keys kept unwrapped in memory"""
# The key store has no history of its own to carry, so it needs no migrations: these tables, made once.
TABLES = (
    "CREATE TABLE IF NOT EXISTS sealing_key (key_id TEXT PRIMARY KEY, wrapped BLOB NOT NULL, master INTEGER NOT NULL, "
    "made_at TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS purpose_key (purpose TEXT PRIMARY KEY, wrapped BLOB NOT NULL, master INTEGER NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS epoch (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO epoch VALUES (1, 0)",
)


class KeyGone(Exception):
    """The key was destroyed: what it sealed is erased."""


class KeyStore:
    """The keys of one partnership. Safe for threads; several processes may use the same folder."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.keys_folder
        make_private_folder(self.folder, "SLUIS_KEYS")
        self._settings = settings
        self._master: MasterKey = master_key.load(settings)
        self._lock = threading.RLock()
        self._connection = open_sqlite(self.folder / "keys.sqlite", None)
        (self.folder / "keys.sqlite").chmod(0o600)
        for statement in TABLES:
            self._connection.execute(statement)
        self._remembered: OrderedDict[str, Sealer] = OrderedDict()
        self._passing: dict[str, Sealer] = {}
        self._seen_change = self._change()
        self._epoch = self._read_epoch()
        self.index_secret = self._purpose("index")
        """for the blind indexes"""
        self._signatures = Signatures(self._purpose("signing"))
        self.finish_erasures()

    # --- keys -----------------------------------------------------------------------------------------------------

    def sealer(self, key_id: str) -> Sealer:
        """The key, ready to seal and unseal. Raises KeyGone when it was destroyed."""
        with self._lock:
            self._forget_when_another_process_erased()
            found = self._remembered.get(key_id)
            if found is not None:
                self._remembered.move_to_end(key_id)
                return found
            if key_id in self._passing:
                return self._passing[key_id]
            row = self._connection.execute(
                "SELECT wrapped, master FROM sealing_key WHERE key_id = ?", (key_id,)
            ).fetchone()
            if row is None:
                raise KeyGone(key_id)
            return self._remember(key_id, Sealer(self._unwrap(row[0], row[1], key_id)))

    def make(self, count: int, at: dt.datetime) -> list[str]:
        """Make new keys and store them durably. Done before a case commits; a key that no case took is swept."""
        made = [(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)) for _ in range(count)]
        rows = [(key_id, *self._wrap(key, key_id), at.isoformat()) for key_id, key in made]
        with self._writing() as connection:
            connection.executemany("INSERT INTO sealing_key VALUES (?, ?, ?, ?)", rows)
        with self._lock:
            for key_id, key in made:
                self._remember(key_id, Sealer(key))
        return [key_id for key_id, _ in made]

    @contextmanager
    def passing(self) -> Iterator[Callable[[int], list[str]]]:
        """Keys for a rehearsal: they are forgotten at the end and never stored."""
        lent: list[str] = []

        def lend(count: int) -> list[str]:
            made = [secrets.token_hex(16) for _ in range(count)]
            lent.extend(made)
            with self._lock:
                self._passing.update({key_id: Sealer(secrets.token_bytes(KEY_BYTES)) for key_id in made})
            return made

        try:
            yield lend
        finally:
            for key_id in lent:
                self._passing.pop(key_id)

    def destroy(self, erasures: Iterable[Tombstone]) -> None:
        """Erase: first the signed tombstones, then the keys, overwritten on the disk."""
        stones = list(erasures)
        tombstones.add(self.tombstones_file, stones, self._signatures)
        self._delete([stone.key_id for stone in stones])

    def sweep(self, in_use: Callable[[str], bool], before: dt.datetime) -> int:
        """Remove the keys made before a moment that no case and no person uses: their opening never committed."""
        with self._lock:
            old = self._connection.execute(
                "SELECT key_id FROM sealing_key WHERE made_at < ?", (before.isoformat(),)
            ).fetchall()
        orphans = [key_id for (key_id,) in old if not in_use(key_id)]
        self._delete(orphans)
        return len(orphans)

    def has(self, key_id: str) -> bool:
        with self._lock:
            query = "SELECT 1 FROM sealing_key WHERE key_id = ?"
            return self._connection.execute(query, (key_id,)).fetchone() is not None

    def _remember(self, key_id: str, sealer: Sealer) -> Sealer:
        self._remembered[key_id] = sealer
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return sealer

    def _delete(self, key_ids: Collection[str]) -> None:
        if not key_ids:
            return
        with self._writing() as connection:
            connection.executemany("DELETE FROM sealing_key WHERE key_id = ?", [(key_id,) for key_id in key_ids])
            connection.execute("UPDATE epoch SET value = value + 1")
        with self._lock:
            for key_id in key_ids:
                self._remembered.pop(key_id, None)
            # The write-ahead log still holds the pages as they were.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # --- other processes ------------------------------------------------------------------------------------------

    def _change(self) -> int:
        """A number that changes when another process wrote here: far cheaper than reading a row."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _read_epoch(self) -> int:
        return int(self._connection.execute("SELECT value FROM epoch").fetchone()[0])

    def _forget_when_another_process_erased(self) -> None:
        change = self._change()
        if change != self._seen_change:
            self._seen_change = change
            epoch = self._read_epoch()
            if epoch != self._epoch:
                self._epoch = epoch
                self._remembered.clear()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.execute("COMMIT")

    # --- wrapping -------------------------------------------------------------------------------------------------

    def _wrap(self, key: bytes, name: str) -> tuple[bytes, int]:
        version = self._master.current
        return seal(self._master.sealer(version), key, f"key:{name}".encode()), version

    def _unwrap(self, wrapped: bytes, version: int, name: str) -> bytes:
        if version not in self._master.versions:
            # Another process has changed the master key meanwhile.
            self._master = master_key.load(self._settings)
        return unseal(self._master.sealer(version), wrapped, f"key:{name}".encode())

    def _purpose(self, purpose: str) -> bytes:
        """A key of the partnership itself, made once."""
        wrapped, version = self._wrap(secrets.token_bytes(KEY_BYTES), purpose)
        self._connection.execute("INSERT OR IGNORE INTO purpose_key VALUES (?, ?, ?)", (purpose, wrapped, version))
        query = "SELECT wrapped, master FROM purpose_key WHERE purpose = ?"
        row = self._connection.execute(query, (purpose,)).fetchone()
        return self._unwrap(row[0], row[1], purpose)

    def purpose_sealer(self, purpose: str) -> Sealer:
        """A key of the partnership for one purpose, wrapped by the master key; made at first use."""
        name = f"purpose:{purpose}"
        with self._lock:
            return self._remembered.get(name) or self._remember(name, Sealer(self._purpose(purpose)))

    def change_master_key(self) -> int:
        """Make a new version of the master key and wrap every key anew; the old version is dropped from its file.

        With the key in the setting itself, give both versions there first: then the newest one wraps. Returns how
        many keys were wrapped anew.
        """
        file = master_key.master_file(self._settings)
        versions = dict(master_key.load(self._settings).versions)
        if file is not None:
            versions[max(versions) + 1] = secrets.token_bytes(KEY_BYTES)
            master_key.replace_file(file, versions)
        self._master = MasterKey(versions)
        wrapped = self._wrap_anew("sealing_key", "key_id") + self._wrap_anew("purpose_key", "purpose")
        if file is not None:
            master_key.replace_file(file, {self._master.current: versions[self._master.current]})
        return wrapped

    def _wrap_anew(self, table: str, name: str) -> int:
        with self._writing() as connection:
            rows = connection.execute(
                f"SELECT {name}, wrapped, master FROM {table} WHERE master <> ?", (self._master.current,)
            ).fetchall()
            anew = [(*self._wrap(self._unwrap(wrapped, version, key), key), key) for key, wrapped, version in rows]
            connection.executemany(f"UPDATE {table} SET wrapped = ?, master = ? WHERE {name} = ?", anew)
        return len(rows)

    # --- signatures and tombstones --------------------------------------------------------------------------------

    def sign(self, message: bytes) -> bytes:
        return self._signatures.sign(message)

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key store signed the message."""
        return self._signatures.holds(message, signature)

    @property
    def public_key(self) -> bytes:
        return self._signatures.public_key

    @property
    def tombstones_file(self) -> Path:
        return self.folder / "tombstones.jsonl"

    def tombstones(self) -> list[Tombstone]:
        """The erasures so far. A line that this key store did not sign is left out."""
        return tombstones.read(self.tombstones_file, self._signatures)

    def finish_erasures(self) -> None:
        """Destroy keys that have a tombstone: an erasure was interrupted, or an old key store was put back."""
        self._delete([stone.key_id for stone in self.tombstones() if self.has(stone.key_id)])

    def copy_to(self, folder: Path) -> None:
        """A consistent copy of the store while it is in use."""
        target = folder / "keys.sqlite"
        target.unlink(missing_ok=True)
        with self._lock:
            self._connection.execute("VACUUM INTO ?", (str(target),))
        target.chmod(0o600)
        if self.tombstones_file.exists():
            shutil.copy2(self.tombstones_file, folder / self.tombstones_file.name)

    def close(self) -> None:
        with self._lock:
            self._connection.close()
