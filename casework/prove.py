"""The soundness check in a process of its own: `python -m casework.prove < FILE`. Used by pages, which go on meanwhile.

Writes one line of JSON for each sign of progress (`{"done", "total"}`) and the report in the last.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

STEP = 50
"""states and runs between two signs of progress"""


def proved(text: str, name: str, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """The report of `protocol.check` on a text that can be read. Raises RuntimeError when the process dies."""
    process = subprocess.Popen(
        [sys.executable, "-m", "casework.prove", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        encoding="utf-8",
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(text)
    process.stdin.close()
    report: dict[str, Any] = {}
    for line in process.stdout:
        told = json.loads(line)
        if "sound" in told:
            report = told
        else:
            progress(told["done"], told["total"])
    if process.wait() != 0 or not report:
        raise RuntimeError("the check ended without a report")
    return report


def main() -> None:
    from protocol.check import check
    from protocol.parse import read

    os.nice(5)  # pages come first
    told = 0

    def say(words: object) -> None:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if done - told >= STEP:
            told = done
            say({"done": done, "total": total})

    say(check(read(sys.stdin.read(), sys.argv[1]), tell))


if __name__ == "__main__":
    main()
