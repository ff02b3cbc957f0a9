"""The ingestion worker: python -m backend.worker. Turns queued jobs into messages and audit entries, one at a time."""

import asyncio
import logging
import signal
from datetime import datetime, timezone

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from .database import db
from .flags import ingestion_paused
from .ingestion import say
from .tenancy import DEFAULT_TENANT_ID

log = logging.getLogger("backend.worker")
IDLE_SECONDS = 0.1
BACK_OFF_SECONDS = 1.0


async def work(stopping: asyncio.Event) -> None:
    said = ""
    while not stopping.is_set():
        paused = ingestion_paused.is_on()
        state = "paused" if paused else "running"
        if state != said:
            say(state)
            said = state
            log.info("ingestion is %s", state)
            continue  # looks at the flag again: whoever pauses us must find `running` before any job can begin
        try:
            pause = IDLE_SECONDS if paused or not await next_job() else 0
        except PyMongoError as error:
            log.warning("a job waits for the database: %s", type(error).__name__)
            pause = BACK_OFF_SECONDS
        if pause:
            await asyncio.sleep(pause)
    say("stopped")


async def next_job() -> bool:
    """A job that was cut short stays `running` and is taken again: every write below may come twice and counts once."""
    job = await db.jobs.find_one_and_update(
        {"status": {"$in": ["running", "queued"]}},
        {"$set": {"status": "running", "taken_at": datetime.now(timezone.utc)}},
        return_document=ReturnDocument.AFTER,
    )
    if job is None:
        return False
    payload = job["payload"]
    # Jobs queued by the build before this one name no tenant.
    tenant_id = payload.get("tenant_id") or DEFAULT_TENANT_ID
    now = datetime.now(timezone.utc)
    message = {
        "client_ref": job.get("client_ref"),
        "besedilo": payload["besedilo"],
        "kanal": payload["kanal"],
        "tenant_id": tenant_id,
        "created_at": now,
    }
    entry = {"action": "ingest", "user_id": payload["user_id"], "job_id": job["id"], "tenant_id": tenant_id, "created_at": now}
    await db.messages.update_one({"id": f"msg-{job['id']}"}, {"$setOnInsert": message}, upsert=True)
    await db.audit_log.update_one({"id": f"ingest-{job['id']}"}, {"$setOnInsert": entry}, upsert=True)
    await db.jobs.update_one({"_id": job["_id"]}, {"$set": {"status": "done"}})
    return True


async def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    await work(stopping)


if __name__ == "__main__":
    asyncio.run(main())
