"""Proxies only, so that no statement touches a second table.

The form's fields are JSON fields of the process, as in viewflow's own quick start. A human task has no due date in
viewflow; it stands in the stock column `scheduled`, which is indexed and which viewflow itself uses only for timers.
"""

import datetime as dt
from typing import Any

from django.utils import timezone
from viewflow import jsonstore
from viewflow.workflow import models

from bench.work import DAYS_TO_COMPLETE


class CaseProcess(models.Process):
    branch = jsonstore.CharField(max_length=1, default="a")
    decided_on = jsonstore.DateField(null=True, blank=True)
    note = jsonstore.CharField(max_length=200, blank=True, default="")

    class Meta:
        proxy = True


class CaseTask(models.Task):
    class Meta:
        proxy = True

    def save(self, *args: Any, **options: Any) -> None:
        if self.pk is None and self.flow_task.task_type == "HUMAN":
            self.scheduled = timezone.now() + dt.timedelta(days=DAYS_TO_COMPLETE)
        super().save(*args, **options)
