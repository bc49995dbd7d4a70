"""Keys live apart from the database; destroying one erases, and nothing brings it back."""

import base64
import datetime as dt
import secrets
import shutil
from pathlib import Path

import pytest

from casework.key_rotation import rotate
from casework.keys import KeyGone, KeyStore
from casework.sealing import SealBroken, blind, seal, unseal
from casework.settings import Settings, SettingsFault, settings
from casework.tombstones import Tombstone

NOW = dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)
CANARY = b"Canary Name, born 1990-01-01"


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return settings(home=tmp_path / "home")


def stone(key_id: str) -> Tombstone:
    return Tombstone(key_id, "case", 17, NOW.isoformat(), "s-data-manager")


def test_what_is_sealed_opens_only_in_its_place(given: Settings) -> None:
    store = KeyStore(given)
    (key_id,) = store.make(1, NOW)
    sealed = seal(store.sealer(key_id), CANARY, b"case:1#1")
    assert CANARY not in sealed
    assert unseal(store.sealer(key_id), sealed, b"case:1#1") == CANARY
    with pytest.raises(SealBroken):
        unseal(store.sealer(key_id), sealed, b"case:1#2")


def test_keys_outlive_the_process_and_are_never_stored_plain(given: Settings) -> None:
    store = KeyStore(given)
    (key_id,) = store.make(1, NOW)
    sealed = seal(store.sealer(key_id), CANARY, b"x")
    store.close()
    again = KeyStore(given)
    assert unseal(again.sealer(key_id), sealed, b"x") == CANARY
    assert again.index_secret not in b"".join(file.read_bytes() for file in given.keys_folder.glob("*"))


def test_a_destroyed_key_is_gone_in_every_process_at_once(given: Settings) -> None:
    store, other = KeyStore(given), KeyStore(given)
    (key_id,) = store.make(1, NOW)
    other.sealer(key_id)  # the other process holds it in memory
    store.destroy([stone(key_id)])
    for process in (store, other):
        with pytest.raises(KeyGone):
            process.sealer(key_id)


def test_an_old_key_store_that_is_put_back_does_not_bring_a_person_back(given: Settings, tmp_path: Path) -> None:
    store = KeyStore(given)
    (key_id,) = store.make(1, NOW)
    store.tables.overwrite()
    shutil.copy(given.keys_folder / "keys.sqlite", tmp_path / "old")
    store.destroy([stone(key_id)])
    store.close()
    shutil.copy(tmp_path / "old", given.keys_folder / "keys.sqlite")
    with pytest.raises(KeyGone):
        KeyStore(given).sealer(key_id)


def test_a_tombstone_that_nobody_signed_does_not_count(given: Settings) -> None:
    store = KeyStore(given)
    kept, gone = store.make(2, NOW)
    store.destroy([stone(gone)])
    lines = store.tombstones_file.read_text()
    store.tombstones_file.write_text(lines + lines.replace(gone, kept) + '{"half a li')
    assert [found.key_id for found in store.tombstones()] == [gone]
    store.finish_erasures()
    assert store.has(kept)
    store.destroy([stone(kept)])  # after a line that was never finished
    assert [found.key_id for found in store.tombstones()] == [gone, kept]


def test_keys_that_no_case_took_are_swept(given: Settings) -> None:
    store = KeyStore(given)
    used, orphan = store.make(2, NOW)
    (young,) = store.make(1, NOW + dt.timedelta(days=1))
    assert store.sweep(lambda key_id: key_id == used, before=NOW + dt.timedelta(hours=1)) == 1
    assert [store.has(key_id) for key_id in (used, orphan, young)] == [True, False, True]


def test_the_master_key_changes_without_sealing_anything_anew(given: Settings) -> None:
    store, other = KeyStore(given), KeyStore(given)
    (key_id,) = store.make(1, NOW)
    sealed = seal(store.sealer(key_id), CANARY, b"x")
    old = (given.home / "master.key").read_text()
    assert rotate(store).wrapped == 3  # the case's, the index', the signing key
    assert old not in (given.home / "master.key").read_text()
    assert (given.home / "master.key").stat().st_mode & 0o777 == 0o600
    for process in (store, other, KeyStore(given)):
        assert unseal(process.sealer(key_id), sealed, b"x") == CANARY
    assert KeyStore(given).public_key == store.public_key


def test_the_master_key_may_stand_in_the_setting_itself(tmp_path: Path) -> None:
    first, second = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    store = KeyStore(settings(home=tmp_path, master_key=first))
    (key_id,) = store.make(1, NOW)
    sealed = seal(store.sealer(key_id), CANARY, b"x")
    rotate(KeyStore(settings(home=tmp_path, master_key=f"1:{first},2:{second}")))
    assert unseal(KeyStore(settings(home=tmp_path, master_key=f"2:{second}")).sealer(key_id), sealed, b"x") == CANARY
    with pytest.raises(SettingsFault, match="version 2 of the master key is missing"):
        KeyStore(settings(home=tmp_path, master_key=first))
    assert not (tmp_path / "master.key").exists()


def test_a_master_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("1:AAAA\n")
    (tmp_path / "short").chmod(0o600)
    with pytest.raises(SettingsFault, match="SLUIS_MASTER_KEY: every key must be 32 bytes"):
        KeyStore(settings(home=tmp_path, master_key=str(tmp_path / "short")))


def test_blind_indexes_do_not_mix_up_their_parts() -> None:
    secret = bytes(32)
    assert blind(secret, "ab", "c") != blind(secret, "a", "bc")
    assert blind(secret, "ab", "c") == blind(secret, "ab", "c")
