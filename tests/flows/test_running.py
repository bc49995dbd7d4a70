"""The flows on a real Prefect server and worker: scheduled, started by an event, killed, silent about people.

One server and one worker for the whole module; the tests run in the order in which they stand.
"""

import asyncio
import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect import Flow

from casework import clock, heartbeats
from casework.automatic import information, notification
from casework.automatic.orders import FLOWS
from casework.db import Database
from casework.settings import settings
from casework.upgrade import open_database
from flows import batches
from flows.prefect_events import PrefectEvents
from flows.pump import Pump
from tests.casework.helpers import T0, later, new_case, rows
from tests.flows.partnership import proposal
from tests.flows.prefect_server import ROOT, Child, PrefectServer, TookTooLongError, wait_for
from tests.personas import settle_in

CANARIES = ("Canaryname", "Robin", "REF-00", "1990-01-0", "Canary reason", "Lena Imaginair", "Cora Verzonnen")
"""Names, a reference, a birth date and free text of the fictional persons; names of staff."""
SWEEPS = 300
PATIENCE = 180
"""seconds: on a machine that does nothing else each of these takes a few"""


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


def turn_until(server: PrefectServer, pump: Pump, done: Callable[[], bool]) -> None:
    """Let the pump look every half second until something is true."""
    begun = time.monotonic()

    def look() -> bool:
        pump.turn(time.monotonic() - begun)
        return done()

    try:
        wait_for("the pump's work", look, PATIENCE, every=0.5)
    except TookTooLongError as error:
        raise TookTooLongError(f"{error}\n{server.tails()}") from None


def waiting_preparations(db: Database) -> int:
    return int(rows(db, "SELECT count(*) FROM outbox WHERE kind = 'prepare' AND settled_at IS NULL")[0][0])


@pytest.mark.usefixtures("worker")
def test_an_event_of_the_pump_starts_the_preparation_of_a_case(
    server: PrefectServer, house: Database, pump: Pump
) -> None:
    clock.set_to(T0)
    ref = new_case(house).ref
    turn_until(server, pump, lambda: waiting_preparations(house) == 0)
    run = server.completed_run("notification/notification", "AUTOMATION", 30)
    assert run.parameters == {}  # the database says what there is to do
    assert proposal(house, ref, "notify", notification.CHECKS) is not None


def test_the_sweep_runs_by_its_schedule(server: PrefectServer, house: Database, worker: Child) -> None:
    server.completed_run("deadlines/deadlines", "SCHEDULE", PATIENCE)
    beat = heartbeats.last(house, "sweep")
    assert beat is not None and beat.minutes_ago < 2


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
    turn_until(server, pump, lambda: waiting_preparations(house) == 0)
    assert proposal(house, ref, "notify", notification.CHECKS) is not None
    beat = heartbeats.last(house, "prefect")
    assert beat is not None and beat.failing_since is None


@pytest.fixture
def run_here(
    server: PrefectServer, flows_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], dict[str, int]]]:
    """Run a flow in this process, against the same server and database: no engine has to start."""
    for key, value in flows_environment.items():
        monkeypatch.setenv(key, value)
    clock.set_to(None)
    batches.house.cache_clear()

    def run(flow: str) -> dict[str, int]:
        module = importlib.import_module(f"flows.{flow}")
        found = next(each for each in vars(module).values() if isinstance(each, Flow) and each.name == flow)
        counts: dict[str, int] = asyncio.run(found())
        return counts

    with server.client():
        yield run
    batches.house().close()
    batches.house.cache_clear()


def test_flows_run_twice_change_nothing(house: Database, run_here: Callable[[str], dict[str, int]]) -> None:
    def work() -> list[tuple[object, ...]]:
        tables = ("ledger_entry", "message", "proposal", "agenda_item", "outbox", "timer", "step_outcome")
        return rows(house, "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))

    def run_all() -> list[tuple[object, ...]]:
        for flow in ("deadlines", *FLOWS, "delivery", "oversight"):
            run_here(flow)
        return work()

    run_all()  # what a transition of the first round asks for is prepared in the second
    assert run_all() == run_all()
    assert {beat.part for beat in heartbeats.beats(house)} >= {"sweep", "delivery", "oversight", *FLOWS}


def test_prefect_never_learns_who_a_case_is_about(
    server: PrefectServer, house: Database, run_here: Callable[[str], dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Searched: Prefect's database, its logs, its results, everything else below its home."""
    clock.set_to(T0)
    new_case(house, 3)

    def broken(*_: object) -> None:
        try:
            raise ValueError("Canaryname3, born 1990-01-04, REF-0003")
        except ValueError as cause:
            raise RuntimeError("Canary reason in free text") from cause

    monkeypatch.setattr(notification, "missing", broken)
    monkeypatch.setattr(information, "end_sharing", broken)
    clock.set_to(None)
    assert run_here("notification")["failed"] > 0
    with pytest.raises(batches.FlowFault):
        run_here("information")
    found = [
        (file.relative_to(server.home), canary)
        for file in server.home.rglob("*")
        if file.is_file()
        for canary in CANARIES
        if canary.encode() in file.read_bytes()
    ]
    assert found == []
    states = [f"{run.state.message}" for run in server.runs("information") if run.state]
    assert states == [] or all("Canary" not in message for message in states)


def test_a_worker_killed_during_a_sweep_is_caught_up_and_nothing_happens_twice(
    server: PrefectServer, house: Database, worker: Child, flows_environment: dict[str, str]
) -> None:
    clock.set_to(T0)
    for number in range(100, 100 + SWEEPS):
        new_case(house, number)
    begun = done_by_timers(house)
    due = due_timers(house)
    run_now(server, "deadlines")
    wait_for("a sweep half-way", lambda: done_by_timers(house) > begun + 5, PATIENCE, every=0.01)
    worker.kill()
    half_way = done_by_timers(house)
    assert begun < half_way < begun + due
    # As the group does before it starts another worker: write off what was cut off.
    subprocess.run(
        [sys.executable, "-m", "flows.install", str(ROOT / "prefect.yaml"), "--alone"],
        env=server.environment, cwd=server.home, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with house.begin() as connection:  # two minutes later
        connection.exec_driver_sql("UPDATE timer SET leased_until = NULL")
    server.start_worker(flows_environment)
    run = run_now(server, "deadlines")
    wait_for("the rest of the sweep", lambda: state_of(server, run) == "COMPLETED", PATIENCE, every=0.5)
    assert due_timers(house) == 0
    case, step, who, what = (f"json_extract(payload, '$.{key}')" for key in ("case", "step", "who", "what"))
    late = f"SELECT {case}, {step}, {who}, count(*) FROM outbox WHERE kind = 'tell' AND {what} = 'late'"
    told = rows(house, f"{late} GROUP BY 1, 2, 3")
    assert len(told) >= SWEEPS
    assert {count for *_, count in told} == {1}


def due_timers(db: Database) -> int:
    """Timers that a sweep at the flows' moment finds."""
    return int(rows(db, f"SELECT count(*) FROM timer WHERE at <= '{later(days=7):%Y-%m-%d %H:%M:%S}'")[0][0])


def done_by_timers(db: Database) -> int:
    """Read without asking for the writer's lock, which the sweep needs."""
    count = "SELECT count(*) FROM command_done WHERE command_id LIKE 'timer:%'"
    with db.session() as session:
        return int(session.connection().exec_driver_sql(count).scalar_one())


def test_the_log_of_the_server_holds_no_fault(server: PrefectServer) -> None:
    assert server.faults() == []
