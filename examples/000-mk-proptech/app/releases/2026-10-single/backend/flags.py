"""Switches that people and deployments turn by file, and that need no database: read-only, ingestion-paused."""

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .settings import settings


class Flag:
    """On while its file exists and its `until`, if any, has not passed: a forgotten switch opens by itself."""

    def __init__(self, name: str) -> None:
        self.path: Path = settings.run_dir / name

    def read(self) -> dict | None:
        try:
            state = json.loads(self.path.read_text("utf8"))
        except FileNotFoundError:
            return None
        except ValueError:
            return {"until": None}  # half a file still means what its presence means
        until = state.get("until")
        if until is not None and datetime.fromisoformat(until) <= datetime.now(timezone.utc):
            return None
        return state

    def is_on(self) -> bool:
        return self.read() is not None

    def set(self, seconds: float | None = None) -> dict:
        now = datetime.now(timezone.utc)
        until = None if seconds is None else (now + timedelta(seconds=seconds)).isoformat()
        state = {"since": now.isoformat(), "until": until}
        write_json(self.path, state)
        return state

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


def write_json(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(value), "utf8")
    os.replace(part, path)


read_only = Flag("read-only")
ingestion_paused = Flag("ingestion-paused")
