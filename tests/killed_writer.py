"""A process that works on one case for ever and says each command once it is durable. The tests kill it.

Run: `python -m tests.killed_writer HOME CASE`.
"""

import sys
import uuid
from pathlib import Path

from casework.cases import perform
from casework.settings import settings
from casework.upgrade import open_database
from protocol.commands import SYSTEM, AssignStep


def main(home: str, case: str) -> None:
    db = open_database(settings(home=Path(home)))
    people = ("lead-1", "lead-2")
    for turn in range(1_000_000):
        command = f"killed-{uuid.uuid4()}"
        done = perform(db, SYSTEM, case, AssignStep(id="notify", staff=people[turn % 2]), command)
        if done.events:  # assigned to the same person once more: nothing happened
            sys.stdout.write(command + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
