import asyncio
from backend.server import TENANT_SCOPED_COLLECTIONS, db

async def validate():
    for name in sorted(TENANT_SCOPED_COLLECTIONS):
        collection = getattr(db, name)
        missing = await collection.count_documents({"tenant_id": {"$exists": False}})
        print(f"{name}: {missing} documents missing tenant_id")

asyncio.run(validate())
