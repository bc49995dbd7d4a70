"""prefect.yaml: Prefect ignores keys that it does not know without a word, so every key is checked here."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow
from prefect.cli.deploy._models import (
    ConcurrencyLimitSpec,
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from ruamel.yaml import YAML

from casework.automatic.orders import FLOWS
from flows.prefect_events import PREFIX, RESOURCE

FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(FILE.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def deployments(content: dict[str, Any]) -> list[dict[str, Any]]:
    return list(content["deployments"])


def unknown(given: dict[str, Any], model: Any) -> set[str]:
    fields = {name for key, field in model.model_fields.items() for name in (key, field.alias) if name}
    return set(given) - fields


def test_prefect_knows_every_key(content: dict[str, Any], deployments: list[dict[str, Any]]) -> None:
    assert unknown(content, PrefectYamlModel) <= {"definitions"}
    for deployment in deployments:
        assert not unknown(deployment, DeploymentConfig), deployment["name"]
        assert not unknown(deployment["work_pool"], WorkPoolConfig)
        assert not unknown(deployment["concurrency_limit"], ConcurrencyLimitSpec)
        for schedule in deployment.get("schedules", []):
            assert not unknown(schedule, RawScheduleConfig)
        for trigger in deployment.get("triggers", []):
            assert not unknown(trigger, DeploymentEventTrigger) - {"type"}


def test_every_entrypoint_is_an_async_flow_of_that_name(deployments: list[dict[str, Any]]) -> None:
    for deployment in deployments:
        module, _, function = deployment["entrypoint"].rpartition(".")
        found = getattr(importlib.import_module(module), function)
        assert isinstance(found, Flow)
        assert found.name == deployment["name"]
        assert inspect.iscoroutinefunction(found.fn)


def test_every_flow_of_the_protocol_has_a_trigger_that_the_pump_says(deployments: list[dict[str, Any]]) -> None:
    expected = {event for row in deployments for trigger in row.get("triggers", []) for event in trigger["expect"]}
    assert {f"{PREFIX}prepare.{flow}" for flow in FLOWS} <= expected
    assert {f"{PREFIX}mail", f"{PREFIX}erase"} <= expected
    for row in deployments:
        for trigger in row.get("triggers", []):
            assert trigger["match"] == {"prefect.resource.id": RESOURCE}
            assert trigger["posture"] == "Reactive" and trigger["threshold"] == 1


def test_nothing_absolute_is_stored_and_no_two_runs_share_work(
    content: dict[str, Any], deployments: list[dict[str, Any]]
) -> None:
    assert content["pull"] == []
    assert {
        (row["concurrency_limit"]["limit"], row["concurrency_limit"]["collision_strategy"]) for row in deployments
    } == {(1, "ENQUEUE")}


def test_every_schedule_has_a_slug_and_local_time(deployments: list[dict[str, Any]]) -> None:
    for row in deployments:
        for schedule in row.get("schedules", []):
            assert schedule["slug"]
            if "cron" in schedule:
                assert schedule["timezone"] == "Europe/Brussels"
    sweep = next(row for row in deployments if row["name"] == "deadlines")
    assert sweep["schedules"] == [{"slug": "every-minute", "interval": 60}]


def test_every_task_and_flow_name_is_unique() -> None:
    names: list[str] = []
    for file in sorted((FILE.parent / "flows").glob("*.py")):
        module = importlib.import_module(f"flows.{file.stem}")
        names += [
            name
            for name, found in vars(module).items()
            if isinstance(found, Flow) and found.fn.__module__ == module.__name__
        ]
    assert len(names) == len(set(names)) == 11


def test_tasks_never_cache_and_say_how_often_they_try() -> None:
    from prefect import Task
    from prefect.cache_policies import NO_CACHE

    for file in sorted((FILE.parent / "flows").glob("*.py")):
        for found in vars(importlib.import_module(f"flows.{file.stem}")).values():
            if isinstance(found, Task):
                assert found.cache_policy is NO_CACHE or found.cache_policy == NO_CACHE, found.name
                assert not found.persist_result
