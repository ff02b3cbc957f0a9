"""Starts and stops the application on its host.

    python appctl.py [--root DIR] [--port N] [--env-file FILE] start|stop|restart|status
    python appctl.py [--root DIR] [--env-file FILE] worker start|stop|restart|status
    python appctl.py [--root DIR] use RELEASE

DIR (default: APP_ROOT, else the working folder) holds `releases/`, the link `current` to one of them, `.env.production`
and `run/` (pid files, logs, flags). What is started runs with this Python, outlives its caller, and is looked up by pid
and start time, so that a reused pid is never taken for it. Prints one line of JSON; the exit code says whether it worked.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

TERM_SECONDS = 5.0


class Problem(Exception):
    pass


@dataclass(frozen=True)
class Place:
    root: Path
    env_file: Path
    port: int
    patience: float
    # The file descriptor of the lock that this call holds.
    locked: int

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def release(self) -> Path:
        link = self.root / "current"
        if not link.exists():
            raise Problem(f"{link} does not point to a release; choose one with: use RELEASE.")
        return link.resolve()

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's but PATH and HOME: what runs is told everything by its file."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"RUN_DIR": str(self.run), "BUILD": self.release.name, "PYTHONUNBUFFERED": "1"}
        return {**kept, **parse_env(self.env_file), **own}


def parse_env(path: Path) -> dict[str, str]:
    """NAME=value lines. Read, never sourced: a value may hold spaces, and no shell sees it."""
    found: dict[str, str] = {}
    try:
        lines = path.read_text("utf8").splitlines()
    except FileNotFoundError:
        raise Problem(f"There is no environment file {path}.") from None
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise Problem(f"Line {number} of {path} is not NAME=value.")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found


class Service:
    def __init__(self, place: Place, name: str) -> None:
        self.place, self.name = place, name
        self.pid_file = place.run / f"{name}.pid"
        self.log_file = place.run / f"{name}.log"

    def command(self) -> list[str]:
        if self.name == "worker":
            return [sys.executable, "-m", "backend.worker"]
        words = ["-m", "uvicorn", "backend.server:app", "--host", "127.0.0.1", "--port", str(self.place.port)]
        return [sys.executable, *words, "--timeout-graceful-shutdown", "4", "--no-access-log"]

    def running(self) -> dict | None:
        try:
            known = json.loads(self.pid_file.read_text("utf8"))
        except (FileNotFoundError, ValueError):
            return None
        return known if started_at(known["pid"]) == known["started"] else None

    def ready(self) -> bool:
        if self.name == "worker":
            try:
                state = json.loads((self.place.run / "ingestion-state.json").read_text("utf8"))
            except (FileNotFoundError, ValueError):
                return False
            known = self.running()
            return known is not None and state["pid"] == known["pid"] and state["state"] != "stopped"
        return health(self.place.port).get("build") == self.place.release.name

    def start(self) -> dict:
        known = self.running()
        if known is not None:
            if known["build"] != self.place.release.name:
                raise Problem(f"The {self.name} runs build {known['build']}; use restart to run {self.place.release.name}.")
            return self.wait(known)
        if self.name == "server" and self.place.port == 0:
            raise Problem("The server needs --port or PORT.")
        words = ["--root", str(self.place.root), "--env-file", str(self.place.env_file), "--port", str(self.place.port)]
        with open(self.log_file, "ab", opener=private) as log:
            child = subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), *words, "become", self.name, str(self.place.locked)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[self.place.locked],
            )
        known = {"pid": child.pid, "started": started_at(child.pid), "build": self.place.release.name}
        return self.wait(known, child)

    def become(self) -> None:
        """In the new process: writes its own pid file while it still holds its caller's lock, then is the service."""
        environment = self.place.environment()
        about = {"port": self.place.port} if self.name == "server" else {}
        known = {"pid": os.getpid(), "started": started_at(os.getpid()), "build": self.place.release.name, **about}
        part = self.pid_file.with_suffix(".part")
        part.write_text(json.dumps(known), "utf8")
        os.replace(part, self.pid_file)
        os.close(self.place.locked)
        os.chdir(self.place.release)  # the folder above `backend`, or it could not be imported
        command = self.command()
        os.execve(command[0], command, environment)

    def wait(self, known: dict, child: subprocess.Popen | None = None) -> dict:
        deadline = time.monotonic() + self.place.patience
        while time.monotonic() < deadline:
            if child is not None and child.poll() is not None or started_at(known["pid"]) != known["started"]:
                raise Problem(f"The {self.name} ended at once; {self.log_file} says why.")
            if self.running() is not None and self.ready():
                return {"state": "running", **(self.running() or known)}
            time.sleep(0.05)
        self.stop()
        raise Problem(f"The {self.name} was not ready after {self.place.patience:g} s; {self.log_file} says why.")

    def stop(self) -> dict:
        known = self.running()
        if known is None:
            self.pid_file.unlink(missing_ok=True)
            return {"state": "stopped", "was": None}
        pid = known["pid"]
        os.kill(pid, signal.SIGTERM)
        killed = not gone(known, TERM_SECONDS)
        if killed:
            os.killpg(pid, signal.SIGKILL)
            if not gone(known, TERM_SECONDS):
                raise Problem(f"The {self.name} (pid {pid}) does not end.")
        self.pid_file.unlink(missing_ok=True)
        return {"state": "stopped", "was": known["build"], "killed": killed}

    def status(self) -> dict:
        known = self.running()
        if known is None:
            return {"state": "stopped", "build": None}
        return {"state": "running" if self.ready() else "not ready", **known}


def started_at(pid: int) -> str | None:
    """When the process began, as the system tells it; None when there is none, or only its zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        pass
    if Path("/proc/self/stat").exists():
        return None
    said = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return None if not said or said[0] == "Z" else said.partition(" ")[2].strip()


def gone(known: dict, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if started_at(known["pid"]) != known["started"]:
            return True
        time.sleep(0.02)
    return False


def health(port: int) -> dict:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
            return json.load(reply)
    except (OSError, ValueError):
        return {}


@contextlib.contextmanager
def lock(root: Path, words: list[str]):
    """One call at a time. A process that was started keeps the lock until its pid file is there, whatever becomes of us."""
    if words[0] == "become":
        yield int(words[-1])
        return
    if words[-1] == "status":
        yield -1
        return
    (root / "run").mkdir(parents=True, exist_ok=True)
    handle = os.open(root / "run" / "appctl.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def use(place: Place, name: str) -> dict:
    release = place.root / "releases" / name
    if not (release / "backend").is_dir():
        raise Problem(f"There is no release {name} under {place.root / 'releases'}.")
    link = place.root / "current"
    before = link.resolve().name if link.exists() else None
    part = place.root / f".current.{os.getpid()}"
    part.unlink(missing_ok=True)
    part.symlink_to(Path("releases") / name)
    os.replace(part, link)
    return {"state": "chosen", "build": name, "was": before}


def run(place: Place, words: list[str]) -> tuple[dict, int]:
    match words:
        case ["become", name, _]:
            Service(place, name).become()
        case ["use", name]:
            return use(place, name), 0
        case ["worker", verb]:
            service = Service(place, "worker")
        case [verb]:
            service = Service(place, "server")
        case _:
            raise Problem(__doc__)
    match verb:
        case "start":
            return service.start(), 0
        case "stop":
            return service.stop(), 0
        case "restart":
            was = service.stop()["was"]
            return {**service.start(), "was": was}, 0
        case "status":
            said = service.status()
            return said, 0 if said["state"] == "running" else 3
    raise Problem(__doc__)


def main() -> int:
    parser = argparse.ArgumentParser(prog="appctl.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.environ.get("APP_ROOT", "."))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "0")))
    parser.add_argument("--env-file")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds until it must be ready")
    parser.add_argument("words", nargs="+")
    options = parser.parse_args()
    root = Path(options.root).resolve()
    env_file = Path(options.env_file).resolve() if options.env_file else root / ".env.production"
    try:
        with lock(root, options.words) as locked:
            said, code = run(Place(root, env_file, options.port, options.timeout, locked), options.words)
    except Problem as problem:
        said, code = {"state": "failed", "error": str(problem)}, 1
    print(json.dumps({"type": "appctl", **said}))
    return code


if __name__ == "__main__":
    sys.exit(main())
