"""W as a viewflow Flow: human tasks, a split with its join, a choice by a field of the form."""

from typing import Any

from django.db import connection
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.flow.views import UpdateProcessView

from bench.peers.viewflow_cases.models import CaseProcess, CaseTask

FIELDS = ["branch", "decided_on", "note"]


def human(following: Any) -> flow.View:
    """A human task with the three-field form."""
    return flow.View(UpdateProcessView.as_view(fields=FIELDS)).Next(following)


class CaseFlow(flow.Flow):
    process_class = CaseProcess
    task_class = CaseTask
    # SQLite's transactions are IMMEDIATE here: they exclude each other, and a lock on top would only cost time.
    lock_impl = lock.select_for_update_lock if connection.vendor == "postgresql" else lock.no_lock

    start = flow.StartHandle(this.begin).Next(this.s1)
    s1 = human(this.s2)
    s2 = human(this.split)
    split = flow.Split().Next(this.s3).Next(this.s4).Next(this.s5)
    s3 = human(this.join)
    s4 = human(this.join)
    s5 = human(this.join)
    join = flow.Join().Next(this.s6)
    s6 = human(this.choice)
    choice = flow.If(lambda activation: activation.process.branch == "a").Then(this.s7a).Else(this.s7b)
    s7a = human(this.s8)
    s7b = human(this.s8)
    s8 = human(this.s9)
    s9 = human(this.s10)
    s10 = human(this.s11)
    s11 = human(this.s12)
    s12 = human(this.s13)
    s13 = human(this.s14)
    s14 = human(this.end)
    end = flow.End()

    def begin(self, activation: Any) -> CaseProcess:
        return activation.process
