import asyncio
from backend.server import (
    DEFAULT_TENANT_ID,
    DEFAULT_TENANT_NAME,
    TENANT_SCOPED_COLLECTIONS,
    Tenant,
    db,
    prepare_for_mongo,
    _ensure_default_memberships,
)

async def ensure_default_tenant():
    existing = await db.tenants.find_one({"id": DEFAULT_TENANT_ID})
    if existing:
        return
    await db.tenants.insert_one(
        prepare_for_mongo(Tenant(id=DEFAULT_TENANT_ID, naziv=DEFAULT_TENANT_NAME).model_dump())
    )

async def backfill_collections():
    for name in sorted(TENANT_SCOPED_COLLECTIONS):
        collection = getattr(db, name)
        result = await collection.update_many(
            {"tenant_id": {"$exists": False}},
            {"$set": {"tenant_id": DEFAULT_TENANT_ID}},
        )
        print(f"{name}: {result.modified_count} documents updated")

async def run():
    await ensure_default_tenant()
    await _ensure_default_memberships()
    await backfill_collections()

asyncio.run(run())
