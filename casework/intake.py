"""How notifications and running cases come in: files, the drop folder, a prison's interface."""

from casework.intake_files import FileReport, read_file, take_notifications, take_running_cases
from casework.intake_folder import Swept, sweep_drop_folder, sweep_folder
from casework.intake_pull import Pulled, pull_source
from casework.notification_files import FileProblem
from casework.puller import PullSource
from casework.row_by_row import RowReport

__all__ = [
    "FileProblem",
    "FileReport",
    "PullSource",
    "Pulled",
    "RowReport",
    "Swept",
    "pull_source",
    "read_file",
    "sweep_drop_folder",
    "sweep_folder",
    "take_notifications",
    "take_running_cases",
]
