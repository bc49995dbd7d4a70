"""What can be done with cases. Each call takes the acting person, asks visibility, and is one durable transaction."""

from casework.moving import Change, migrate_case, recalculate
from casework.opening import OneOpenCase, Opening, open_case
from casework.people import Details
from casework.receiving import receive, remember_file
from casework.row_by_row import RowReport
from casework.transitions import Performed, perform

__all__ = [
    "Change",
    "Details",
    "OneOpenCase",
    "Opening",
    "Performed",
    "RowReport",
    "migrate_case",
    "open_case",
    "perform",
    "recalculate",
    "receive",
    "remember_file",
]
