"""Prison systems send notifications: each has its effect once, and a refusal says field, rule and remedy."""

import datetime as dt
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from casework import api_clients, clock
from casework.db import Database
from casework.errors import NotAllowed
from models.people import ApiClient
from protocol.errors import Refused
from tests.api.conftest import NOW, System, new_key, notification
from tests.casework.helpers import rows
from tests.personas import LENA


def outcomes(answer: Any) -> list[str]:
    return [row["outcome"] for row in answer.json()["rows"]]


def test_one_notification_opens_one_case(db: Database, system: System) -> None:
    answer = system.send(notification())
    assert answer.status_code == 200
    expected = {"row": 1, "outcome": "accepted", "case": "2026-001", "field": None, "rule": None, "remedy": None}
    assert answer.json() == {"rows": [expected]}
    assert rows(db, "SELECT staff, relation FROM case_member") == [("s-piet", "announcer")]


def test_a_bad_row_never_blocks_a_good_one(system: System) -> None:
    answer = system.send([notification(1, birth_date=None), notification(2)])
    assert answer.status_code == 422
    assert outcomes(answer) == ["refused", "accepted"]
    assert answer.json()["problems"][0]["field"] == "birth_date"
    assert set(answer.json()["problems"][0]) == {"field", "rule", "remedy"}


def test_a_well_formed_notification_that_cannot_be_taken_is_told_in_its_row(system: System) -> None:
    system.send(notification(1))
    answer = system.send(notification(1, birth_date="1991-01-02"))
    assert answer.status_code == 200
    (row,) = answer.json()["rows"]
    assert (row["outcome"], row["field"]) == ("refused", "birth_date")


def test_the_same_request_again_gets_the_answer_of_the_first(db: Database, system: System) -> None:
    first = system.send(notification(), "key-1")
    again = system.send(notification(), "key-1")
    assert again.status_code == 200 and again.json() == first.json()
    assert rows(db, "SELECT count(*) FROM release_case") == [(1,)]


def test_the_same_notification_under_another_key_changes_nothing(system: System) -> None:
    system.send(notification(), "key-1")
    assert outcomes(system.send(notification(), "key-2")) == ["known"]


def test_a_moved_date_is_recognised(system: System) -> None:
    system.send(notification())
    moved = notification(planned_release="2027-03-08", notified_at="2026-11-10T09:45")
    assert outcomes(system.send(moved)) == ["moved"]


def test_a_key_used_for_another_request_is_a_conflict(system: System) -> None:
    system.send(notification(1), "key-1")
    answer = system.send(notification(2), "key-1")
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["field"] == "Idempotency-Key"


def test_two_at_once_under_one_key_have_one_effect(db: Database, system: System) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(system.send(notification(), "key-1"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) in ([200, 200], [200, 409])
    assert rows(db, "SELECT count(*) FROM release_case") == [(1,)]


def test_without_a_valid_key_nothing_is_taken(db: Database, http: TestClient, system: System) -> None:
    for header in ("", "Bearer", "Bearer sluis_wrong", f"Basic {system.key}"):
        answer = http.post(
            "/api/v1/notifications", json=notification(), headers={"Authorization": header, "Idempotency-Key": "k"}
        )
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert rows(db, "SELECT count(*) FROM release_case") == [(0,)]


def test_an_expired_or_revoked_key_is_no_key(db: Database, http: TestClient) -> None:
    expired = new_key(db, "old", expires_at=NOW - dt.timedelta(seconds=1))
    revoked = new_key(db, "gone", revoked_at=NOW)
    assert [System(http, key).send(notification()).status_code for key in (expired, revoked)] == [401, 401]


def test_a_key_without_the_scope_may_not_write(db: Database, http: TestClient) -> None:
    answer = System(http, new_key(db, "reader", scopes=[])).send(notification())
    assert answer.status_code == 403
    assert "notifications:write" in answer.json()["problems"][0]["rule"]


def test_every_route_of_the_interface_asks_for_a_scope(http: TestClient) -> None:
    paths = http.get("/api/v1/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert routes == set(api_clients.SCOPES)


def test_a_route_that_nobody_listed_refuses_every_key(db: Database, system: System) -> None:
    (client,) = api_clients.everybody(db)
    with pytest.raises(NotAllowed):
        api_clients.must_have_scope(client, "GET", "/api/v1/notifications")


def test_a_revoked_key_is_no_key_and_its_last_use_is_known(db: Database, system: System) -> None:
    assert api_clients.everybody(db)[0].used_at is None
    assert system.send(notification()).status_code == 200
    assert api_clients.everybody(db)[0].used_at == NOW
    api_clients.revoke(db, "prison-1", at=NOW)
    assert system.send(notification(2)).status_code == 401
    with pytest.raises(Refused, match="no client"):
        api_clients.revoke(db, "prison-1", at=NOW)


def test_clients_are_made_and_revoked_by_who_administers(db: Database, system: System) -> None:
    client = ApiClient(id="prison-2", name="x", scopes=[], added_at=NOW, key_hash=b"")
    with pytest.raises(NotAllowed):
        api_clients.add(db, client, LENA, at=NOW)
    with pytest.raises(NotAllowed):
        api_clients.revoke(db, "prison-1", LENA, at=NOW)
    for wrong in ({"id": "prison-1"}, {"id": "With Capitals"}, {"scopes": ["everything"]}):
        with pytest.raises(Refused):
            new_key(db, **{"id": "prison-3", **wrong})


def test_a_key_that_acts_for_nobody_may_not_write(db: Database, http: TestClient) -> None:
    assert System(http, new_key(db, "nobody", acts_as=None)).send(notification()).status_code == 403


def test_a_key_of_a_prison_speaks_for_that_prison_only(db: Database, http: TestClient) -> None:
    of_antwerp = System(http, new_key(db, "antwerp", prison="Antwerpen"))
    (row,) = of_antwerp.send(notification()).json()["rows"]
    assert (row["outcome"], row["field"]) == ("refused", "prison")


def test_only_a_hash_of_the_key_is_kept(db: Database, system: System) -> None:
    stored = " ".join(str(value) for row in rows(db, "SELECT * FROM api_client") for value in row)
    assert system.key not in stored


def test_anything_but_json_is_refused(http: TestClient, system: System) -> None:
    headers = {"Authorization": f"Bearer {system.key}", "Idempotency-Key": "k", "Content-Type": "text/csv"}
    assert http.post("/api/v1/notifications", content="a,b", headers=headers).status_code == 415


def test_broken_json_is_refused_without_repeating_it(http: TestClient, system: System) -> None:
    headers = {"Authorization": f"Bearer {system.key}", "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = http.post("/api/v1/notifications", content='{"family_name": "Canaryname', headers=headers)
    assert answer.status_code == 422
    assert "Canaryname" not in answer.text


def test_a_request_that_is_too_large_is_refused(http: TestClient, system: System) -> None:
    headers = {"Authorization": f"Bearer {system.key}", "Idempotency-Key": "k", "Content-Type": "application/json"}
    assert http.post("/api/v1/notifications", content=b" " * 3_000_000, headers=headers).status_code == 413
    chunks = (b" " * 500_000 for _ in range(6))
    assert http.post("/api/v1/notifications", content=chunks, headers=headers).status_code == 413


def test_every_request_needs_a_key_of_its_own(http: TestClient, system: System) -> None:
    answer = http.post("/api/v1/notifications", json=notification(), headers={"Authorization": f"Bearer {system.key}"})
    assert answer.status_code == 422
    assert set(answer.json()["problems"][0]) == {"field", "rule", "remedy"}


def test_a_request_whose_handling_died_can_be_sent_again(db: Database, system: System) -> None:
    system.send(notification(), "key-1")
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE api_request SET status = 0")
    assert system.send(notification(), "key-1").status_code == 409
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE api_request SET received_at = '2020-01-01 00:00:00+00:00'")
    assert outcomes(system.send(notification(), "key-1")) == ["known"]


def test_the_document_describes_the_interface_and_nothing_is_loaded_from_elsewhere(http: TestClient) -> None:
    document = http.get("/api/v1/openapi.json").json()
    assert list(document["paths"]) == ["/api/v1/notifications"]
    assert set(document["paths"]["/api/v1/notifications"]["post"]["responses"]) == {
        "200", "401", "403", "409", "413", "415", "422",
    }  # fmt: skip
    assert http.get("/docs").status_code == 404 and http.get("/redoc").status_code == 404
    clock.set_to(None)
