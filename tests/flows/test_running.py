"""The flows on a real Prefect server and worker: scheduled, started by an event, killed, silent about people.

One server and one worker for the whole module; the tests run in the order in which they stand.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casework import clock, heartbeats
from casework.automatic import notification
from casework.db import Database
from casework.settings import settings
from casework.upgrade import open_database
from flows.prefect_events import PrefectEvents
from flows.pump import Pump
from tests.casework.helpers import T0, assigned_case, later, mandated_case, new_case, rows
from tests.flows.partnership import proposal
from tests.flows.prefect_server import ROOT, Child, PrefectServer, wait_for
from tests.personas import settle_in

CANARIES = ("Canaryname", "Robin", "REF-00", "1990-01-0", "Canary reason", "Lena Leys", "Cora Claes")
"""Names, a reference, a birth date and free text of the fictional persons; names of staff."""
SWEEPS = 240


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sluis-home")


@pytest.fixture(scope="module")
def house(home: Path) -> Iterator[Database]:
    """The database that this process, the pump and the worker share."""
    db = open_database(settings(home=home))
    settle_in(db)
    yield db
    db.close()


@pytest.fixture(scope="module")
def flows_environment(home: Path) -> dict[str, str]:
    """Business time stands at T0 plus a week for the flows: by then a lot is due."""
    return {"SLUIS_HOME": str(home), "SLUIS_NOW": later(days=7).isoformat()}


@pytest.fixture(scope="module")
def server(prefect_server: PrefectServer, house: Database) -> PrefectServer:
    prefect_server.deploy()
    return prefect_server


@pytest.fixture(scope="module")
def worker(server: PrefectServer, flows_environment: dict[str, str]) -> Iterator[Child]:
    found = server.start_worker(flows_environment)
    yield found
    for each in server.workers:
        each.stop()


@pytest.fixture
def pump(server: PrefectServer, house: Database) -> Iterator[Pump]:
    events = PrefectEvents(server.api_url, server.auth_string)
    yield Pump(house, events)
    events.close()


def run_now(server: PrefectServer, flow: str) -> str:
    """Ask for a run of a deployment, as somebody at the command line does."""
    with server.client() as client:
        deployment = client.read_deployment_by_name(f"{flow}/{flow}")
        return str(client.create_flow_run_from_deployment(deployment.id).id)


def state_of(server: PrefectServer, run: str) -> str:
    from uuid import UUID

    with server.client() as client:
        found = client.read_flow_run(UUID(run))
    return found.state_type.value if found.state_type else ""


def turn_until(pump: Pump, done: object, seconds: float) -> None:
    """Let the pump look every half second until something is true."""
    assert callable(done)
    begun = time.monotonic()

    def look() -> bool:
        pump.turn(time.monotonic() - begun)
        return bool(done())

    wait_for("the pump's work", look, seconds, every=0.5)


def waiting_preparations(db: Database) -> int:
    return int(rows(db, "SELECT count(*) FROM outbox WHERE kind = 'prepare' AND settled_at IS NULL")[0][0])


@pytest.mark.usefixtures("worker")
def test_an_event_of_the_pump_starts_the_preparation_of_a_case(
    server: PrefectServer, house: Database, pump: Pump
) -> None:
    clock.set_to(T0)
    ref = mandated_case(house).ref
    turn_until(pump, lambda: waiting_preparations(house) == 0, 90)
    run = server.completed_run("notification/notification", "AUTOMATION", 30)
    assert run.parameters == {}  # the database says what there is to do
    assert proposal(house, ref, "assign", "lead_workers")["proposed"]


@pytest.mark.usefixtures("worker")
def test_a_server_that_is_away_delays_work_and_loses_none(server: PrefectServer, house: Database, pump: Pump) -> None:
    assert server.server is not None
    clock.set_to(T0)
    server.server.kill()
    ref = new_case(house, 2).ref  # people go on working
    for second in range(3):
        pump.turn(float(second))
    beat = heartbeats.last(house, "prefect")
    assert beat is not None and beat.failing_since is not None
    assert waiting_preparations(house) > 0
    server.start()
    turn_until(pump, lambda: waiting_preparations(house) == 0, 90)
    assert proposal(house, ref, "notify", notification.CHECKS) is not None
    beat = heartbeats.last(house, "prefect")
    assert beat is not None and beat.failing_since is None


def test_the_sweep_runs_by_its_schedule(server: PrefectServer, house: Database, worker: Child) -> None:
    server.completed_run("deadlines/deadlines", "SCHEDULE", 100)
    beat = heartbeats.last(house, "sweep")
    assert beat is not None and beat.minutes_ago < 2


def test_a_worker_killed_during_a_sweep_is_caught_up_and_nothing_happens_twice(
    server: PrefectServer, house: Database, worker: Child, flows_environment: dict[str, str]
) -> None:
    clock.set_to(T0)
    for number in range(100, 100 + SWEEPS):
        new_case(house, number)
    begun = done_by_timers(house)
    run_now(server, "deadlines")
    wait_for("a sweep half-way", lambda: done_by_timers(house) > begun + 5, 60, every=0.01)
    worker.kill()
    half_way = done_by_timers(house)
    assert begun < half_way < begun + SWEEPS
    # As the group does before it starts another worker: write off what was cut off.
    subprocess.run(
        [sys.executable, "-m", "flows.install", str(ROOT / "prefect.yaml"), "--alone"],
        env=server.environment, cwd=server.home, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with house.begin() as connection:  # two minutes later
        connection.exec_driver_sql("UPDATE timer SET leased_until = NULL")
    server.start_worker(flows_environment)
    run = run_now(server, "deadlines")
    wait_for("the rest of the sweep", lambda: state_of(server, run) == "COMPLETED", 120, every=0.5)
    due = rows(house, f"SELECT count(*) FROM timer WHERE at <= '{later(days=7):%Y-%m-%d %H:%M:%S}'")[0][0]
    assert due == 0
    case, step, who, what = (f"json_extract(payload, '$.{key}')" for key in ("case", "step", "who", "what"))
    late = f"SELECT {case}, {step}, {who}, count(*) FROM outbox WHERE kind = 'tell' AND {what} = 'late'"
    told = rows(house, f"{late} GROUP BY 1, 2, 3")
    assert len(told) >= SWEEPS
    assert {count for *_, count in told} == {1}


def done_by_timers(db: Database) -> int:
    return int(rows(db, "SELECT count(*) FROM command_done WHERE command_id LIKE 'timer:%'")[0][0])


def test_flows_run_twice_change_nothing(server: PrefectServer, house: Database) -> None:
    def work() -> list[tuple[object, ...]]:
        return rows(house, "SELECT (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM message), "
                           "(SELECT count(*) FROM proposal), (SELECT count(*) FROM agenda_item)")  # fmt: skip

    for _ in range(2):
        before = work()
        for run in [run_now(server, flow) for flow in ("follow_up", "meetings", "closure", "oversight")]:
            wait_for("a run", lambda run=run: state_of(server, run) == "COMPLETED", 90, every=0.5)
        after = work()
    assert before == after


def test_prefect_never_learns_who_a_case_is_about(server: PrefectServer, house: Database) -> None:
    """Searched: Prefect's database, its logs, its results, everything else below its home."""
    assigned_case(house, 3)
    broken = "UPDATE release_case SET snapshot = 'Canaryname1 broke this row' WHERE id = 1"
    with house.begin() as connection:
        connection.exec_driver_sql(broken)
        connection.exec_driver_sql(
            "UPDATE outbox SET settled_at = NULL, attempts = 0 WHERE kind = 'prepare' AND id < 20"
        )
    run = run_now(server, "assignment")
    wait_for("a run that meets a fault", lambda: state_of(server, run) in ("COMPLETED", "FAILED"), 90, every=0.5)
    found = [
        (file.relative_to(server.home), canary)
        for file in server.home.rglob("*")
        if file.is_file()
        for canary in CANARIES
        if canary.encode() in file.read_bytes()
    ]
    assert found == []


def test_the_log_of_the_server_holds_no_fault(server: PrefectServer) -> None:
    assert server.faults() == []
    assert threading.active_count() < 50
