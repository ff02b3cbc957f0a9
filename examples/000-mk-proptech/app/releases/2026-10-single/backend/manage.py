"""What operators run: python -m backend.manage WORD. Prints one JSON object; the exit code says whether it worked."""

import argparse
import asyncio
import json
import os
import sys


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        said, code = options.run(options)
    except RuntimeError as error:
        said, code = {"error": str(error)}, 1
    except Exception as error:  # a database error may carry addresses: its name says enough
        said, code = {"error": type(error).__name__, "code": getattr(error, "code", None)}, 1
    print(json.dumps(said, ensure_ascii=False))
    return code


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m backend.manage")
    words = top.add_subparsers(required=True)
    words.add_parser("migrate", help="nothing to do in this build").set_defaults(run=migrate)
    words.add_parser("admin-exists", help="exit 0 when there is an active admin").set_defaults(run=admin_exists)
    words.add_parser("config-check", help="exit 0 when the environment is complete").set_defaults(run=config_check)
    for name, run, choices in (("read-only", set_read_only, ("on", "off")), ("ingestion", set_ingestion, ("pause", "resume"))):
        word = words.add_parser(name)
        word.add_argument("state", choices=(*choices, "status"))
        word.add_argument("--for", dest="seconds", type=float, help="ends by itself after so many seconds")
        word.set_defaults(run=run)
    return top


def migrate(_: argparse.Namespace) -> tuple[dict, int]:
    return {"created": [], "indexes": []}, 0


def admin_exists(_: argparse.Namespace) -> tuple[dict, int]:
    from .admin import admin_exists as exists

    found = asyncio.run(exists())
    return {"adminExists": found}, 0 if found else 1


def config_check(_: argparse.Namespace) -> tuple[dict, int]:
    from .settings import settings

    needed = ("MONGO_URL", "DB_NAME")
    problems = [f"{name} is not set" for name in needed if not os.environ.get(name)]
    if settings.use_in_memory_db:
        problems.append("USE_IN_MEMORY_DB is true")
    about = {"database": settings.db_name}
    return {"problems": problems, **about, "build": settings.build}, 1 if problems else 0


def set_read_only(options: argparse.Namespace) -> tuple[dict, int]:
    from .flags import read_only

    if options.state == "on":
        read_only.set(options.seconds)
    if options.state == "off":
        read_only.clear()
    state = read_only.read()
    return {"readOnly": state is not None, "until": (state or {}).get("until")}, 0


def set_ingestion(options: argparse.Namespace) -> tuple[dict, int]:
    from .flags import ingestion_paused
    from .ingestion import pause, worker_state

    quiet = True
    if options.state == "pause":
        quiet = pause(options.seconds)
    if options.state == "resume":
        ingestion_paused.clear()
    state = ingestion_paused.read()
    about = {"paused": state is not None, "until": (state or {}).get("until"), "worker": worker_state()["state"]}
    return about, 0 if quiet else 1


if __name__ == "__main__":
    sys.exit(main())
