"""What can be wrong with keys, in words for the person who runs sluis. An erased key is no fault: it was meant."""

from casework.settings import SettingsFault


class KeyGone(Exception):
    """The key was destroyed: what it sealed is erased."""


class KeyLost(SettingsFault):
    """A key is missing and no tombstone says that it was destroyed."""

    def __init__(self, key_id: str) -> None:
        rule = (
            f"key {key_id} is missing, and it was not erased: the key store is older than the database, or another one"
        )
        super().__init__("SLUIS_KEYS", rule, "put back the newest backup of the key store; nothing was changed")


class KeyDamaged(SettingsFault):
    """A wrapped key that the right master key does not open."""

    def __init__(self, key_id: str) -> None:
        rule = f"key {key_id} is damaged: the master key does not open it"
        super().__init__("SLUIS_KEYS", rule, "put back a backup of the key store, and see `sluis keys status`")


def another_master_key() -> SettingsFault:
    rule = "this is not the master key that wrapped the keys in the key store"
    remedy = "give the master key that belongs to this key store (SLUIS_KEYS), or the key store that belongs to it"
    return SettingsFault("SLUIS_MASTER_KEY", rule, remedy)


def another_key_store() -> SettingsFault:
    rule = "this key store does not belong to this database: what is sealed there cannot be opened with these keys"
    remedy = "name the folder of the right key store, or put back its backup; nothing was changed"
    return SettingsFault("SLUIS_KEYS", rule, remedy)
