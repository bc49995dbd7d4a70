"""The key store: one key per case and per person, apart from the database, wrapped by the master key.

A backup of the database therefore holds no keys. Erasing is destroying a key; a signed tombstone says so, in a file
beside the keys, and every restore replays the tombstones before it opens: an old backup does not bring a person back.

Several processes of one machine share the folder. Several machines share a PostgreSQL database of its own
(`SLUIS_KEYS_URL`, casework/key_tables.py); the tombstones then stand there too.
"""

import datetime as dt
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from casework import master_key, tombstones
from casework.key_faults import KeyDamaged, KeyGone, KeyLost, another_master_key
from casework.key_tables import open_tables
from casework.master_key import MasterKey
from casework.sealing import KEY_BYTES, SealBroken, Sealer, seal, unseal
from casework.settings import Settings, make_private_folder
from casework.tombstones import Signatures, Tombstone

__all__ = ["KeyDamaged", "KeyGone", "KeyLost", "KeyStore"]

REMEMBERED = 4096
"""keys kept unwrapped in memory"""


class KeyStore:
    """The keys of one partnership. Safe for threads and for processes. Raises SettingsFault when it cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.keys_folder
        make_private_folder(self.folder, "SLUIS_KEYS")
        self.settings = settings
        self._lock = threading.RLock()
        self.tables = open_tables(settings)
        self._remembered: OrderedDict[str, Sealer] = OrderedDict()
        self._passing: dict[str, Sealer] = {}
        try:
            in_use = self.tables.one("SELECT 1 FROM purpose_key") is not None
            self.master: MasterKey = master_key.load(settings, may_make=not in_use)
            self.tables.run("INSERT INTO wrapping VALUES (1, ?) ON CONFLICT DO NOTHING", (self._first_version(),))
            self._seen_change = self.tables.change()
            self._epoch = self._read_epoch()
            self.index_secret = self._purpose("index")
            """for the blind indexes"""
            self._signatures = Signatures(self._purpose("signing"))
            self.finish_erasures()
        except BaseException:
            self.tables.close()
            raise

    def _first_version(self) -> int:
        """What wraps in a store that never said so: what its keys are wrapped with, or in a new one the newest."""
        row = self.tables.one("SELECT max(master) FROM purpose_key")
        return int(row[0]) if row and row[0] is not None else self.master.current

    # --- keys -----------------------------------------------------------------------------------------------------

    def sealer(self, key_id: str) -> Sealer:
        """The key, ready to seal and unseal. Raises KeyGone when it was destroyed, KeyLost when it is missing."""
        with self._lock:
            self._forget_when_another_process_erased()
            found = self._remembered.get(key_id)
            if found is not None:
                self._remembered.move_to_end(key_id)
                return found
            if key_id in self._passing:
                return self._passing[key_id]
            row = self.tables.one("SELECT wrapped, master FROM sealing_key WHERE key_id = ?", (key_id,))
            if row is None:
                raise self._why_missing(key_id)
            return self._remember(key_id, Sealer(self.unwrap(row[0], row[1], key_id)))

    def make(self, count: int, at: dt.datetime) -> list[str]:
        """Make new keys and store them durably. Done before a case commits; a key that no case took is swept."""
        made = [(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)) for _ in range(count)]
        with self.writing():
            version = self.wrapping_version()
            rows = [(key_id, self.wrap(key, key_id, version), version, at.isoformat()) for key_id, key in made]
            self.tables.many("INSERT INTO sealing_key VALUES (?, ?, ?, ?)", rows)
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
        with self.writing():
            lines = [(stone.key_id, tombstones.line(stone, self._signatures)) for stone in stones]
            self.tables.many("INSERT INTO stone VALUES (?, ?) ON CONFLICT DO NOTHING", lines)
        self._delete([stone.key_id for stone in stones])

    def sweep(self, in_use: Callable[[str], bool], before: dt.datetime) -> int:
        """Remove the keys made before a moment that no case and no person uses: their opening never committed."""
        with self._lock:
            old = self.tables.all("SELECT key_id FROM sealing_key WHERE made_at < ?", (before.isoformat(),))
        orphans = [key_id for (key_id,) in old if not in_use(key_id)]
        self._delete(orphans)
        return len(orphans)

    def has(self, key_id: str) -> bool:
        with self._lock:
            return self.tables.one("SELECT 1 FROM sealing_key WHERE key_id = ?", (key_id,)) is not None

    def _why_missing(self, key_id: str) -> Exception:
        erased = any(stone.key_id == key_id for stone in self.tombstones())
        return KeyGone(key_id) if erased or not key_id else KeyLost(key_id)

    def _remember(self, key_id: str, sealer: Sealer) -> Sealer:
        self._remembered[key_id] = sealer
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return sealer

    def _delete(self, key_ids: Collection[str]) -> None:
        if not key_ids:
            return
        with self.writing():
            self.tables.many("DELETE FROM sealing_key WHERE key_id = ?", [(key_id,) for key_id in key_ids])
            self.tables.run("UPDATE epoch SET value = value + 1")
        with self._lock:
            for key_id in key_ids:
                self._remembered.pop(key_id, None)
            self.tables.overwrite()

    # --- other processes ------------------------------------------------------------------------------------------

    def _read_epoch(self) -> int:
        return int(self.tables.one("SELECT value FROM epoch")[0])

    def _forget_when_another_process_erased(self) -> None:
        change = self.tables.change()
        if change != self._seen_change:
            self._seen_change = change
            epoch = self._read_epoch()
            if epoch != self._epoch:
                self._epoch = epoch
                self._remembered.clear()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction in the tables; other writers, of other processes too, wait."""
        with self._lock, self.tables.writing():
            yield

    # --- wrapping (changing the master key: casework/key_rotation.py) -----------------------------------------------

    def wrapping_version(self) -> int:
        """The version of the master key that wraps now, as the store says: not every process knows the newest. Asked
        inside `writing`, so that no key is wrapped with a version that is being retired."""
        version = int(self.tables.one("SELECT version FROM wrapping")[0])
        self.know(version)
        return version

    def know(self, version: int) -> None:
        """Read the master key again when another process has changed it meanwhile."""
        if version not in self.master.versions:
            self.master = master_key.load(self.settings, may_make=False)

    def wrap(self, key: bytes, name: str, version: int) -> bytes:
        return seal(self.master.sealer(version), key, f"key:{name}".encode())

    def unwrap(self, wrapped: bytes, version: int, name: str) -> bytes:
        """Raises KeyDamaged, and SettingsFault when the version of the master key is not at hand."""
        self.know(version)
        try:
            return unseal(self.master.sealer(version), bytes(wrapped), f"key:{name}".encode())
        except SealBroken:
            raise KeyDamaged(name) from None

    def _purpose(self, purpose: str) -> bytes:
        """A key of the partnership itself, made once. Opening it shows whether the master key is the right one."""
        query = "SELECT wrapped, master FROM purpose_key WHERE purpose = ?"
        row = self.tables.one(query, (purpose,))
        if row is None:
            with self.writing():
                version = self.wrapping_version()
                wrapped = self.wrap(secrets.token_bytes(KEY_BYTES), purpose, version)
                insert = "INSERT INTO purpose_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
                self.tables.run(insert, (purpose, wrapped, version))
            row = self.tables.one(query, (purpose,))
        try:
            return self.unwrap(row[0], row[1], purpose)
        except KeyDamaged:
            raise another_master_key() from None

    def purpose_sealer(self, purpose: str) -> Sealer:
        """A key of the partnership for one purpose, wrapped by the master key; made at first use."""
        name = f"purpose:{purpose}"
        with self._lock:
            return self._remembered.get(name) or self._remember(name, Sealer(self._purpose(purpose)))

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
        """The erasures so far, in the order in which they happened. One that was not signed here is left out."""
        with self._lock:
            kept = [line for (line,) in self.tables.all("SELECT line FROM stone")]
        lines = tombstones.lines(self.tombstones_file)
        found = {stone.key_id: stone for stone in tombstones.signed([*lines, *kept], self._signatures)}
        return sorted(found.values(), key=lambda stone: stone.at)

    def finish_erasures(self) -> None:
        """Destroy keys that have a tombstone: an erasure was interrupted, or an old key store was put back."""
        self._delete([stone.key_id for stone in self.tombstones() if self.has(stone.key_id)])

    def copy_to(self, folder: Path) -> None:
        """A consistent copy of the store while it is in use."""
        target = folder / "keys.sqlite"
        target.unlink(missing_ok=True)
        with self._lock:
            self.tables.copy_to(target)
        target.chmod(0o600)
        if self.tombstones_file.exists():
            shutil.copy2(self.tombstones_file, folder / self.tombstones_file.name)

    def close(self) -> None:
        with self._lock:
            self.tables.close()
