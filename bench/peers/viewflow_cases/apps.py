"""Django's name for this application."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "bench.peers.viewflow_cases"
    label = "cases"
