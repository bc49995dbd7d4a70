"""Where sluis keeps its data and finds its neighbours: environment variables, each with a default that works alone."""

import datetime as dt
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCAL = ZoneInfo("Europe/Brussels")
"""naive times in settings and files are Brussels time"""


class SettingsFault(Exception):
    """A setting that cannot be used: which one, what is wrong with it, what mends it."""

    def __init__(self, field: str, rule: str, remedy: str) -> None:
        super().__init__(f"{field}: {rule}. Remedy: {remedy}")
        self.field = field
        self.rule = rule
        self.remedy = remedy


def _default_home() -> Path:
    """One place for this user, whatever the current folder: two folders would be two partnerships without a warning."""
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "sluis"


def _scheme(*allowed: str) -> AfterValidator:
    def check(url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in allowed:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}:' for scheme in allowed)}")
        return url

    return AfterValidator(check)


def _psycopg(url: str | None) -> str | None:
    """`postgresql:` means psycopg 3 here, the only driver that is installed."""
    if url is None:
        return None
    scheme, _, rest = url.partition(":")
    return f"postgresql+psycopg:{rest}" if scheme in ("postgresql", "postgres") else url


def _moment(value: object) -> dt.datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        moment = value
    else:
        try:
            moment = dt.datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError("must be a date or a date-time in ISO form, like 2026-11-10T09:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(dt.UTC)


_DATABASES = _scheme("sqlite", "postgresql", "postgresql+psycopg", "postgres")
DatabaseUrl = Annotated[str | None, _DATABASES, AfterValidator(_psycopg)]
WebUrl = Annotated[str, _scheme("http", "https")]

REMEDIES = {
    "SLUIS_DATABASE_URL": "leave it out for the embedded database, or give postgresql://USER@HOST/NAME",
    "SLUIS_OWNER_URL": "give the PostgreSQL URL of the role that owns the tables; only migrations use it",
    "SLUIS_KEYS_URL": "give the PostgreSQL URL of a database of its own for the keys, or leave it out for a file",
    "SLUIS_PUBLIC_URL": "give the address that people type, like https://sluis.example.org",
    "SLUIS_SMTP_URL": "give smtp://HOST:PORT, or smtps://USER:PASSWORD@HOST:PORT; leave it out to send no mail",
    "PREFECT_API_URL": "give the address of the Prefect server's API, like http://127.0.0.1:4200/api",
    "SLUIS_CLOCK": "name a file that holds a moment like 2026-11-10T09:00, or leave it out for the real time",
    "SLUIS_OIDC_ISSUER": "give the issuer of the OpenID provider, like https://login.example.org",
    "SLUIS_OIDC_SECOND_FACTOR": "give trust (the provider asks for it), claim (its claims must say so) or own (sluis asks)",
    "SLUIS_IDLE_MINUTES": "give a whole number of minutes from 1 to 720",
    "SLUIS_CASES_AN_HOUR": "give a whole number from 5 to 1000",
    "SLUIS_SESSION_HOURS": "give a whole number of hours from 1 to 24",
    "SLUIS_NOW": "give a moment like 2026-11-10T09:00, or leave it out for the real time",
}


class Settings(BaseSettings):
    """Read from the environment by `settings()`; tests give the values themselves."""

    model_config = SettingsConfigDict(env_prefix="SLUIS_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=_default_home)
    database_url: DatabaseUrl = None
    """None: an encrypted SQLite file in `home`"""
    owner_url: DatabaseUrl = None
    keys: Path | None = None
    """the folder of the key store; None: `keys` in `home`"""
    keys_url: DatabaseUrl = None
    """a PostgreSQL database of its own for the keys, where several machines share them; None: a file in `keys`"""
    master_key: str | None = None
    """a file, or the key itself in base64; None: the file `master.key` in `home`"""
    public_url: WebUrl = "http://127.0.0.1:8000"
    smtp_url: Annotated[str | None, _scheme("smtp", "smtps", "smtp+starttls")] = None
    prefect_api_url: Annotated[WebUrl, Field(validation_alias="PREFECT_API_URL")] = "http://127.0.0.1:4200/api"
    idle_minutes: int = Field(30, ge=1, le=12 * 60)
    """a session that nobody used for so long is over"""
    session_hours: int = Field(12, ge=1, le=24)
    """a session is over after so long, however much it is used"""
    cases_an_hour: int = Field(60, ge=5, le=1000)
    """different cases that one person opens within an hour; then no further one, and the data protection officer is told"""
    argon2_time: int = Field(3, ge=1, le=20)
    argon2_memory: int = Field(65536, ge=8, le=1 << 22)
    """KiB for one hash of a password"""
    oidc_issuer: Annotated[str | None, _scheme("http", "https")] = None
    """the provider of sign-ins; None: local accounts only"""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_second_factor: Literal["trust", "claim", "own"] = "claim"
    """whether the provider's sign-in counts as a second factor: always, if its claims say so, or never"""
    now: Annotated[dt.datetime | None, PlainValidator(_moment)] = None
    """business time, in demo and tests; leases use the real clock"""
    clock: Path | None = None
    """a file with the business time, in demo and tests: every process of a group follows when it is written anew"""

    @property
    def on_postgres(self) -> bool:
        return bool(self.database_url and self.database_url.startswith("postgresql"))

    @property
    def database_file(self) -> Path:
        """The SQLite file; a relative path in the URL counts from the current folder."""
        if self.database_url is None:
            return self.home / "sluis.db"
        return Path(self.database_url.partition("///")[2])

    @property
    def database_key_file(self) -> Path:
        return self.database_file.with_suffix(".key")

    @property
    def keys_folder(self) -> Path:
        return self.keys or self.home / "keys"

    @cached_property
    def owner(self) -> str | None:
        """URL of the role that migrates; None: the database is SQLite."""
        return (self.owner_url or self.database_url) if self.on_postgres else None


def settings(**given: Any) -> Settings:
    """The settings of this process. Raises SettingsFault, which names the variable and never shows its value."""
    try:
        found = Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        name = name if name == "PREFECT_API_URL" else f"SLUIS_{name.upper()}"
        rule = first["msg"].removeprefix("Value error, ")
        raise SettingsFault(name, rule, REMEDIES.get(name, "give another value, or leave it out")) from None
    if found.database_url and not found.on_postgres and not found.database_url.partition("///")[2]:
        raise SettingsFault(
            "SLUIS_DATABASE_URL", "a SQLite URL must name a file", "write sqlite:////absolute/path/sluis.db"
        )
    if found.keys_url and not found.keys_url.startswith("postgresql"):
        raise SettingsFault(
            "SLUIS_KEYS_URL", "only PostgreSQL is shared by several machines", REMEDIES["SLUIS_KEYS_URL"]
        )
    _must_be_complete(found)
    if found.owner_url and not found.on_postgres:
        raise SettingsFault(
            "SLUIS_OWNER_URL", "only PostgreSQL has an owner apart from the user", "leave it out for SQLite"
        )
    return found


def moment_in(file: Path) -> dt.datetime:
    """The business time that a file holds. Raises SettingsFault."""
    try:
        found = _moment(file.read_text("utf-8").strip())
    except (OSError, ValueError):
        found = None
    if found is None:
        raise SettingsFault("SLUIS_CLOCK", "the file must hold one moment in ISO form", REMEDIES["SLUIS_CLOCK"])
    return found


def _must_be_complete(found: Settings) -> None:
    """A provider of sign-ins needs a client, and a safe connection unless it runs on this machine."""
    if found.oidc_issuer is None:
        return
    if not found.oidc_client_id:
        remedy = "give the id under which the provider knows sluis"
        raise SettingsFault("SLUIS_OIDC_CLIENT_ID", "a provider of sign-ins needs a client id", remedy)
    parts = urlsplit(found.oidc_issuer)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise SettingsFault("SLUIS_OIDC_ISSUER", "sign-ins over plain http could be read on the way", "give https://")


def make_private_folder(folder: Path, setting: str) -> None:
    """Make the folder, open to this user only."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        remedy = "name a folder that this user may write to"
        raise SettingsFault(setting, f"the folder cannot be made ({error.strerror})", remedy) from None


def secret_file(path: Path, setting: str, make: Any = None) -> bytes:
    """The content of a file that only its owner may read; made by `make()` where it is missing."""
    try:
        if make is not None and not path.exists():
            make_private_folder(path.parent, setting)
            _write_new(path, make())
        content = path.read_bytes()
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        remedy = "give a file that exists and that this user may read"
        raise SettingsFault(setting, f"the key file cannot be read ({error.strerror})", remedy) from None
    if mode & 0o077 and sys.platform != "win32":
        raise SettingsFault(setting, f"the key file is open to others (mode {mode:o})", f"chmod 600 {path}")
    return content


def _write_new(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; another process that was first wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
