"""SpiffWorkflow: W as BPMN with user tasks. After each step the workflow, specification and state, is serialised to
JSON and stored in one row, as its documentation shows first.

SpiffWorkflow has neither storage nor assignment nor a task list. As in its own product (SpiffArena) these live in a
table of human tasks beside it: the task's id, its owner, its due date and its state, with an index for "my tasks".
Each step: load and lock the row, deserialise, run the user task and what follows from it, serialise, save the row and
the human tasks; all in one transaction.

    python -m bench.peers.spiff --db sqlite --cases 20
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

from bench.peers.store import Store
from bench.work import CHOICE, DAYS_TO_COMPLETE, PARALLEL, STEPS, Place, Task, command

META = sa.MetaData()
WORKFLOW = sa.Table(
    "workflow",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
HUMAN_TASK = sa.Table(
    "human_task",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workflow_id", sa.ForeignKey(WORKFLOW.c.id), nullable=False, index=True),
    sa.Column("guid", sa.String(36), nullable=False),
    sa.Column("name", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("owner_id", sa.Integer),
    sa.Column("due", sa.DateTime(timezone=True), nullable=False),
    sa.Index("human_task_of_owner", "owner_id", "state", "due"),
)

THIS = sa.bindparam("this")
INSERT_WORKFLOW = sa.insert(WORKFLOW).returning(WORKFLOW.c.id)
LOCK_BODY = sa.select(WORKFLOW.c.body).where(WORKFLOW.c.id == THIS).with_for_update()
STATE_OF_WORKFLOW = sa.select(WORKFLOW.c.state).where(WORKFLOW.c.id == THIS)
SAVE_WORKFLOW = (
    sa.update(WORKFLOW).where(WORKFLOW.c.id == THIS).values(body=sa.bindparam("body"), state=sa.bindparam("state"))
)
INSERT_TASKS = sa.insert(HUMAN_TASK)
OPEN_TASKS = (
    sa.select(HUMAN_TASK.c.name, HUMAN_TASK.c.id, HUMAN_TASK.c.guid)
    .where(HUMAN_TASK.c.workflow_id == THIS, HUMAN_TASK.c.state != "done")
    .order_by(HUMAN_TASK.c.id)
)
ASSIGN = sa.update(HUMAN_TASK).where(HUMAN_TASK.c.id == THIS).values(state="assigned", owner_id=sa.bindparam("user"))
COMPLETE = sa.update(HUMAN_TASK).where(HUMAN_TASK.c.id == THIS).values(state="done")


def bpmn() -> str:
    """W as a BPMN 2.0 document."""
    nodes = ['<startEvent id="start"/>', '<endEvent id="end"/>', '<exclusiveGateway id="merge"/>']
    nodes += ['<parallelGateway id="split"/>', '<parallelGateway id="join"/>']
    nodes += ['<exclusiveGateway id="choice" default="to_b"/>']
    nodes += [f'<userTask id="{step}" name="{step}"/>' for step in STEPS]
    flows = [("start", "s1"), ("s1", "s2"), ("s2", "split"), ("join", "s6"), ("s6", "choice"), ("merge", "s8")]
    flows += [pair for step in PARALLEL for pair in (("split", step), (step, "join"))]
    flows += [(step, "merge") for step in CHOICE.values()]
    flows += [(f"s{n}", f"s{n + 1}") for n in range(8, 14)] + [("s14", "end")]
    nodes += [f'<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>' for n, (a, b) in enumerate(flows)]
    nodes.append(f'<sequenceFlow id="to_b" sourceRef="choice" targetRef="{CHOICE["b"]}"/>')
    condition = "<conditionExpression xsi:type=\"tFormalExpression\">branch == 'a'</conditionExpression>"
    nodes.append(f'<sequenceFlow id="to_a" sourceRef="choice" targetRef="{CHOICE["a"]}">{condition}</sequenceFlow>')
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="definitions" targetNamespace="urn:w" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<process id="W" isExecutable="true">{"".join(nodes)}</process></definitions>'
    )


class Spiff:
    """W as a BPMN workflow that lives in a row between two steps."""

    def __init__(self, where: Place) -> None:
        self.store = Store(where)
        self.durability = self.store.durability
        META.create_all(self.store.writing)
        parser = BpmnParser()
        parser.add_bpmn_str(bpmn().encode())
        self.specification = parser.get_spec("W")
        self.subprocesses = parser.get_subprocess_specs("W")
        self.serializer = BpmnWorkflowSerializer()

    def open(self, _number: int) -> int:
        workflow = BpmnWorkflow(self.specification, self.subprocesses)
        workflow.do_engine_steps()
        body = self.serializer.serialize_json(workflow)
        with self.store.writing.begin() as connection:
            case = connection.execute(INSERT_WORKFLOW, {"state": "open", "body": body}).scalar_one()
            connection.execute(INSERT_TASKS, new_tasks(case, workflow, set()))
        return case

    def ready(self, case: int) -> Sequence[Task]:
        with self.store.reading.connect() as connection:
            return [Task(name, (row, guid)) for name, row, guid in connection.execute(OPEN_TASKS, {"this": case})]

    def assign(self, _case: int, task: Task, user: int) -> None:
        with self.store.writing.begin() as connection:
            connection.execute(ASSIGN, {"this": task.key[0], "user": user})

    def complete(self, case: int, task: Task, form: dict[str, str]) -> None:
        row, guid = task.key
        with self.store.writing.begin() as connection:
            workflow = self.serializer.deserialize_json(connection.execute(LOCK_BODY, {"this": case}).scalar_one())
            before = {open_task.id for open_task in workflow.get_tasks(state=TaskState.READY, manual=True)}
            user_task = workflow.get_task_from_id(UUID(guid))
            user_task.data.update(form)
            user_task.run()
            workflow.do_engine_steps()
            saved = {"this": case, "body": self.serializer.serialize_json(workflow)}
            saved["state"] = "closed" if workflow.is_completed() else "open"
            connection.execute(SAVE_WORKFLOW, saved)
            connection.execute(COMPLETE, {"this": row})
            following = new_tasks(case, workflow, before)
            if following:
                connection.execute(INSERT_TASKS, following)

    def closed(self, case: int) -> bool:
        with self.store.reading.connect() as connection:
            return bool(connection.execute(STATE_OF_WORKFLOW, {"this": case}).scalar_one() == "closed")


def new_tasks(case: int, workflow: BpmnWorkflow, known: set[UUID]) -> list[dict[str, object]]:
    """The rows of the user tasks that are ready now and were not before."""
    due = dt.datetime.now(dt.UTC) + dt.timedelta(days=DAYS_TO_COMPLETE)
    return [
        {"workflow_id": case, "guid": str(task.id), "name": task.task_spec.name, "state": "ready", "due": due}
        for task in workflow.get_tasks(state=TaskState.READY, manual=True)
        if task.id not in known
    ]


if __name__ == "__main__":
    command("spiff", Spiff, ["SpiffWorkflow", "sqlalchemy", "psycopg"])
