"""Proxies have no table; Django wants to know of them all the same."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = [("viewflow", "0015_task_scheduled")]
    operations: ClassVar = [
        migrations.CreateModel("CaseProcess", fields=[], options={"proxy": True}, bases=("viewflow.process",)),
        migrations.CreateModel("CaseTask", fields=[], options={"proxy": True}, bases=("viewflow.task",)),
    ]
