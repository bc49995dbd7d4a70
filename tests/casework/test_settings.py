"""A wrong setting is refused with its name, the rule and the remedy; its value is never shown."""

import datetime as dt
from pathlib import Path

import pytest

from casework import clock
from casework.db import database_key
from casework.settings import Settings, SettingsFault, settings


def test_without_any_setting_everything_lies_in_one_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.delenv("SLUIS_HOME", raising=False)
    found = settings()
    assert found.database_file == Path("/data/sluis/sluis.db")
    assert found.keys_folder == Path("/data/sluis/keys")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUIS_HOME", "/srv/sluis")
    monkeypatch.setenv("SLUIS_DATABASE_URL", "postgresql://app@db.example/sluis")
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect:4200/api")
    found = settings()
    assert found.database_url == "postgresql+psycopg://app@db.example/sluis"
    assert found.keys_folder == Path("/srv/sluis/keys")
    assert found.prefect_api_url == "http://prefect:4200/api"


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"database_url": "mysql://secret@x/y"}, "SLUIS_DATABASE_URL", "postgresql"),
        ({"database_url": "sqlite://"}, "SLUIS_DATABASE_URL", "must name a file"),
        ({"owner_url": "postgresql://a@b/c"}, "SLUIS_OWNER_URL", "leave it out for SQLite"),
        ({"public_url": "sluis.example"}, "SLUIS_PUBLIC_URL", "https"),
        ({"smtp_url": "mail.example:25"}, "SLUIS_SMTP_URL", "smtp"),
        ({"now": "yesterday"}, "SLUIS_NOW", "2026-11-10T09:00"),
        ({"PREFECT_API_URL": "prefect"}, "PREFECT_API_URL", "http"),
    ],
)
def test_a_wrong_setting_names_field_rule_and_remedy(given: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(SettingsFault) as refused:
        settings(**given)
    assert refused.value.field == field
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    found = settings(home=tmp_path)
    database_key(found)
    assert found.database_key_file.stat().st_mode & 0o777 == 0o600
    found.database_key_file.chmod(0o644)
    with pytest.raises(SettingsFault, match="chmod 600"):
        database_key(found)


def test_business_time_follows_sluis_now_and_leases_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUIS_NOW", "2026-11-10T09:00")  # naive: Brussels
    assert clock.now() == dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)
    assert clock.real_now() != clock.now()
    clock.set_to(dt.datetime(2027, 1, 4, tzinfo=dt.UTC))
    assert clock.now().year == 2027
    monkeypatch.delenv("SLUIS_NOW")
    clock.set_to(None)
    assert abs(clock.now() - clock.real_now()) < dt.timedelta(seconds=5)


def test_business_time_follows_the_clock_file_when_it_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "clock"
    file.write_text("2026-11-10T09:00\n")
    monkeypatch.setenv("SLUIS_CLOCK", str(file))
    assert clock.now() == dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)
    anew = tmp_path / "anew"
    anew.write_text("2027-01-04T12:00:00+00:00")
    anew.replace(file)
    assert clock.now() == dt.datetime(2027, 1, 4, 12, tzinfo=dt.UTC)
    file.write_text("soon, I hope")
    with pytest.raises(SettingsFault, match="SLUIS_CLOCK"):
        clock.now()


def test_settings_are_never_changed_in_place(tmp_path: Path) -> None:
    found = Settings(home=tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        found.home = tmp_path / "elsewhere"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"oidc_issuer": "https://login.example.org"}, "SLUIS_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://login.example.org", "oidc_client_id": "sluis"}, "SLUIS_OIDC_ISSUER"),
        ({"oidc_second_factor": "perhaps"}, "SLUIS_OIDC_SECOND_FACTOR"),
        ({"idle_minutes": 0}, "SLUIS_IDLE_MINUTES"),
        ({"cases_an_hour": 1}, "SLUIS_CASES_AN_HOUR"),
        ({"session_hours": 99}, "SLUIS_SESSION_HOURS"),
    ],
)
def test_settings_of_signing_in_are_checked(given: dict[str, object], field: str) -> None:
    with pytest.raises(SettingsFault, match=field):
        settings(**given)


def test_the_secret_of_the_client_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUIS_OIDC_CLIENT_SECRET", "not to be seen")
    found = settings()
    assert found.oidc_client_secret is not None and "not to be seen" not in repr(found)
