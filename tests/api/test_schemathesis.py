"""The interface keeps to its own document, whatever is sent to it, and whoever sends it."""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from casework import clock
from casework.db import Database
from tests.api.conftest import NOW, new_key
from tests.casework.helpers import rows
from tests.personas import settle_in
from web.app import create_app

EXAMPLES = 40
"""of each mode, for each kind of client"""


class Kind(NamedTuple):
    """A kind of client: its key, what its requests may be answered, and whether it may change anything."""

    key: Callable[[Database], str]
    answers: set[int]
    writes: bool = False


KINDS = {
    "of a prison": Kind(new_key, {200, 422}, writes=True),
    "of one prison only": Kind(lambda db: new_key(db, prison="Brugge"), {200, 422}, writes=True),
    "of another scope": Kind(lambda db: new_key(db, scopes=[]), {403}),
    "of somebody without that role": Kind(lambda db: new_key(db, acts_as="s-anna"), {200, 422}),
    "expired": Kind(lambda db: new_key(db, expires_at=NOW - dt.timedelta(days=1)), {401}),
    "revoked": Kind(lambda db: new_key(db, revoked_at=NOW - dt.timedelta(days=1)), {401}),
    "made up": Kind(lambda _: "sluis_" + "a" * 43, {401}),
    "without a key": Kind(lambda _: "", {401}),
}
MALFORMED = {400, 409, 413, 415, 422}
"""refused beside the key: the body, its kind, a key of the request that was used for another"""


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", KINDS)
def test_no_request_leads_to_a_server_error_or_an_undocumented_answer(db: Database, name: str) -> None:
    settle_in(db)
    clock.set_to(NOW)
    kind = KINDS[name]
    headers = {"Authorization": f"Bearer {kind.key(db)}"}
    document = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(db))
    operation = document["/api/v1/notifications"]["POST"]
    answers: set[int] = set()
    for mode in GenerationMode:

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck]
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            answers.add(case.call_and_validate(headers=headers).status_code)

        ask()
    assert answers & kind.answers and answers <= kind.answers | MALFORMED
    if kind.writes:
        assert answers >= kind.answers
    else:
        assert rows(db, "SELECT count(*) FROM release_case") == [(0,)]
