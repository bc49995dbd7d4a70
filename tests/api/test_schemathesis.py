"""The interface keeps to its own document, whatever is sent to it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from casework import clock
from casework.db import Database
from tests.api.conftest import NOW, new_key
from tests.personas import settle_in
from web.app import create_app


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_no_request_leads_to_a_server_error_or_an_undocumented_answer(db: Database) -> None:
    settle_in(db)
    clock.set_to(NOW)
    headers = {"Authorization": f"Bearer {new_key(db)}"}
    document = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(db))
    operation = document["/api/v1/notifications"]["POST"]
    answers: set[int] = set()
    for mode in GenerationMode:

        @settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck])
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            answers.add(case.call_and_validate(headers=headers).status_code)

        ask()
    assert answers >= {200, 422}
