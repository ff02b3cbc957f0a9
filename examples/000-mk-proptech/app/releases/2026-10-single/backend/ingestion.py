"""What the ingestion worker and the people who pause it tell each other, by files in RUN_DIR."""

import json
import os
import time
from pathlib import Path

from .flags import ingestion_paused, write_json
from .settings import settings

STATE: Path = settings.run_dir / "ingestion-state.json"


def say(state: str) -> None:
    """`running`, `paused` (certainly between two jobs) or `stopped`."""
    write_json(STATE, {"state": state, "pid": os.getpid(), "at": time.time()})


def worker_state() -> dict:
    try:
        known = json.loads(STATE.read_text("utf8"))
    except (FileNotFoundError, ValueError):
        return {"state": "stopped", "pid": None, "at": 0}
    if known["state"] != "stopped" and not _alive(known["pid"]):
        return {**known, "state": "stopped"}
    return known


def pause(seconds: float | None, patience: float = 15.0) -> bool:
    """Sets the flag and waits until no job is under way. False when the worker did not say so in time."""
    ingestion_paused.set(seconds)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if worker_state()["state"] != "running":
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
