"""What operators run: python -m backend.manage WORD. Prints one JSON object; the exit code says whether it worked."""

import argparse
import asyncio
import json
import os
import sys
from datetime import datetime


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
    words.add_parser("migrate", help="collections and indexes of the tenant models").set_defaults(run=migrate)
    words.add_parser("unmigrate", help="takes back the indexes of migrate").set_defaults(run=unmigrate)
    describe = words.add_parser("introspect", help="what this build calls a tenant; needs no database")
    describe.add_argument("--tenant-id")
    describe.add_argument("--tenant-name")
    describe.set_defaults(run=introspect)
    words.add_parser("admin-exists", help="exit 0 when there is an active admin").set_defaults(run=admin_exists)
    words.add_parser("config-check", help="exit 0 when the environment is complete").set_defaults(run=config_check)
    for name, run, choices in (("read-only", set_read_only, ("on", "off")), ("ingestion", set_ingestion, ("pause", "resume"))):
        word = words.add_parser(name)
        word.add_argument("state", choices=(*choices, "status"))
        word.add_argument("--for", dest="seconds", type=float, help="ends by itself after so many seconds")
        word.set_defaults(run=run)
    return top


def migrate(_: argparse.Namespace) -> tuple[dict, int]:
    """The application's own user may be forbidden to create anything: MIGRATE_MONGO_URL is then who may."""
    os.environ["MONGO_URL"] = os.environ.get("MIGRATE_MONGO_URL") or os.environ.get("MONGO_URL", "")
    from .database import db

    async def run() -> dict:
        there = set(await db.list_collection_names())
        created = [name for name in ("tenants", "tenant_memberships") if name not in there]
        for name in created:
            await db.create_collection(name)
        await db.tenant_memberships.create_index([("user_id", 1)], name="memberships_of_user")
        return {"created": created, "indexes": ["tenant_memberships.memberships_of_user"]}

    return asyncio.run(run()), 0


def unmigrate(_: argparse.Namespace) -> tuple[dict, int]:
    """What migrate built on collections that stay; collections with documents are not its to drop."""
    os.environ["MONGO_URL"] = os.environ.get("MIGRATE_MONGO_URL") or os.environ.get("MONGO_URL", "")
    from .database import db

    async def run() -> dict:
        if "tenant_memberships" not in await db.list_collection_names():
            return {"dropped": []}
        names = await db.tenant_memberships.index_information()
        dropped = [name for name in ("memberships_of_user",) if name in names]
        for name in dropped:
            await db.tenant_memberships.drop_index(name)
        return {"dropped": dropped}

    return asyncio.run(run()), 0


def introspect(options: argparse.Namespace) -> tuple[dict, int]:
    from .database import prepare_for_mongo
    from .models import Tenant
    from .settings import settings
    from .tenancy import DEFAULT_TENANT_ID, DEFAULT_TENANT_NAME, TENANT_ROLE_SCOPE_MAP, TENANT_SCOPED_COLLECTIONS, membership_of

    tenant_id = options.tenant_id or DEFAULT_TENANT_ID
    tenant = Tenant(id=tenant_id, naziv=options.tenant_name or DEFAULT_TENANT_NAME)
    return {
        "collections": sorted(TENANT_SCOPED_COLLECTIONS),
        "roleScopeMap": TENANT_ROLE_SCOPE_MAP,
        "tenant": extended(prepare_for_mongo(tenant.model_dump())),
        "membership": extended(membership_of({"id": "u-sample", "role": "admin"}, tenant_id)),
        "buildId": settings.build,
    }, 0


def admin_exists(_: argparse.Namespace) -> tuple[dict, int]:
    from .admin import admin_exists as exists

    found = asyncio.run(exists())
    return {"adminExists": found}, 0 if found else 1


def config_check(_: argparse.Namespace) -> tuple[dict, int]:
    from .settings import settings

    needed = ("MONGO_URL", "DB_NAME", "DEFAULT_TENANT_ID", "DEFAULT_TENANT_NAME")
    problems = [f"{name} is not set" for name in needed if not os.environ.get(name)]
    if settings.use_in_memory_db:
        problems.append("USE_IN_MEMORY_DB is true")
    about = {"database": settings.db_name, "tenantId": settings.default_tenant_id, "tenantName": settings.default_tenant_name}
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


def extended(document: dict) -> dict:
    """Dates as MongoDB's extended JSON, so that a reader sees their type."""
    return {name: {"$date": iso(value)} if isinstance(value, datetime) else value for name, value in document.items()}


def iso(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    sys.exit(main())
