"""A server in this process, on the database of MONGO_URL and DB_NAME, and two tenants that are gone afterwards."""

import os
from dataclasses import dataclass
from datetime import datetime, timezone
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pymongo import MongoClient

from backend.security import hash_password
from backend.server import TENANT_SCOPED_COLLECTIONS, Tenant, TenantMembership, app, prepare_for_mongo


@dataclass(frozen=True)
class Place:
    api: TestClient
    first: str
    second: str
    token: str
    member_token: str

    def headers(self, tenant: str | None, token: str | None = None) -> dict[str, str]:
        named = {} if tenant is None else {"X-Tenant-Id": tenant}
        return {"Authorization": f"Bearer {token or self.token}", **named}


@pytest.fixture(scope="session")
def place():
    """Two tenants; one user is admin in both, the other a member of the first only."""
    run = uuid4().hex[:12]
    client = MongoClient(os.environ["MONGO_URL"], w="majority")
    db = client[os.environ["DB_NAME"]]
    tenants = [f"pytest-{run}-{n}" for n in (1, 2)]
    users = [f"pytest-{run}-{role}" for role in ("admin", "member")]
    emails = [f"{user}@pytest.example" for user in users]
    try:
        for tenant in tenants:
            db.tenants.insert_one(prepare_for_mongo(Tenant(id=tenant, naziv=tenant).model_dump()))
        for user, email, role in zip(users, emails, ("admin", "member")):
            now = datetime.now(timezone.utc)
            document = {"id": user, "email": email, "role": role, "active": True, "created_at": now}
            db.users.insert_one({**document, "password_hash": hash_password(run)})
        for tenant, user in ((tenants[0], users[0]), (tenants[1], users[0]), (tenants[0], users[1])):
            membership = TenantMembership(tenant_id=tenant, user_id=user)
            db.tenant_memberships.insert_one(prepare_for_mongo(membership.model_dump()))
        with TestClient(app) as api:
            tokens = [api.post("/api/login", json={"email": email, "password": run}).json()["token"] for email in emails]
            yield Place(api, tenants[0], tenants[1], tokens[0], tokens[1])
    finally:
        created = [one["id"] for one in db.tenants.find({"client_ref": {"$in": tenants}})]
        mine = {"tenant_id": {"$in": tenants + created}}
        for name in TENANT_SCOPED_COLLECTIONS & set(db.list_collection_names()):
            db[name].delete_many(mine)
        db.tenant_memberships.delete_many(mine)
        db.tenants.delete_many({"id": {"$in": tenants + created}})
        db.sessions.delete_many({"user_id": {"$in": users}})
        db.users.delete_many({"id": {"$in": users}})
        client.close()
