"""The HTTP API: uvicorn backend.server:app. What scripts and migrations need of this build is importable from here."""

import logging
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from fastapi import Body, Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pymongo.errors import PyMongoError

from . import failures
from .admin import ensure_first_admin
from .database import client, db, prepare_for_mongo
from .failures import Refusal
from .fields import FIELDS, known
from .flags import read_only
from .models import Ingest, Login, NewTenant, NewUser, Tenant, TenantMembership
from .security import current_user, open_session, require_admin
from .settings import RELEASE, settings
from .tenancy import (
    DEFAULT_TENANT_ID,
    DEFAULT_TENANT_NAME,
    TENANT_ROLE_SCOPE_MAP,
    TENANT_SCOPED_COLLECTIONS,
    _ensure_default_memberships,
    current_tenant,
    membership_of,
    tenant_role,
)
from .to_json import to_json

__all__ = [
    "DEFAULT_TENANT_ID",
    "DEFAULT_TENANT_NAME",
    "TENANT_ROLE_SCOPE_MAP",
    "TENANT_SCOPED_COLLECTIONS",
    "Tenant",
    "TenantMembership",
    "_ensure_default_memberships",
    "app",
    "db",
    "prepare_for_mongo",
]

log = logging.getLogger("backend")
SPA = RELEASE / "frontend" / "src"


@asynccontextmanager
async def lifespan(_: FastAPI):
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        await ensure_first_admin()
    except PyMongoError as error:
        log.warning("The first admin could not be looked after: %s", type(error).__name__)
    yield


app = FastAPI(title="MK Proptech", version=settings.build, lifespan=lifespan)
failures.install(app)


@app.middleware("http")
async def refuse_writes_when_read_only(request: Request, call_next):
    changes = request.method in ("POST", "PUT", "PATCH", "DELETE") and request.url.path != "/api/login"
    if changes and read_only.is_on():
        return failures.reply(503, "read_only", "The application is read-only for maintenance.", retry_after=5)
    return await call_next(request)


@app.get("/health")
async def health() -> Any:
    about = {"build": settings.build, "database": db.name, "in_memory": settings.use_in_memory_db, "read_only": read_only.is_on()}
    try:
        # Whoever can write this document into a database can prove that it is the one this process uses.
        marker = await db.app_settings.find_one({"_id": "marker"})
    except PyMongoError as error:
        return failures.JSONResponse({"status": "no database", "error": type(error).__name__, **about}, status_code=503)
    return {"status": "ok", **about, "marker": None if marker is None else marker.get("value")}


@app.post("/api/login")
async def login(body: Login) -> Any:
    token, user = await open_session(body.email, body.password)
    return {"token": token, "user": to_json(user)}


@app.get("/api/me")
async def me(user: dict = Depends(current_user)) -> Any:
    memberships = await db.tenant_memberships.find({"user_id": user["id"], "status": "active"}).to_list(100)
    tenants = await db.tenants.find({"id": {"$in": [one["tenant_id"] for one in memberships]}}).to_list(100)
    tenants.sort(key=lambda tenant: (tenant["id"] != DEFAULT_TENANT_ID, tenant["naziv"]))
    return {"user": to_json(user), "tenants": [to_json(tenant) for tenant in tenants]}


@app.get("/api/tenants")
async def list_tenants(user: dict = Depends(current_user)) -> Any:
    require_admin(user)
    return {"items": [to_json(tenant) async for tenant in db.tenants.find({}).limit(1000)]}


@app.post("/api/tenants", status_code=201)
async def create_tenant(body: NewTenant, user: dict = Depends(current_user)) -> Any:
    """A tenant without a member could never be used: both documents, or none."""
    require_admin(user)
    tenant = prepare_for_mongo(Tenant(naziv=body.naziv).model_dump())
    if body.client_ref is not None:
        tenant["client_ref"] = body.client_ref
    await insert_together([(db.tenants, tenant), (db.tenant_memberships, membership_of(user, tenant["id"], "owner"))])
    return to_json(tenant)


async def tenant_of(request: Request, response: Response, user: dict = Depends(current_user)) -> str:
    tenant_id = await current_tenant(request, user)
    response.headers["X-Tenant-Id"] = tenant_id  # for whom this reply is
    return tenant_id


@app.get("/api/users")
async def list_users(user: dict = Depends(current_user), tenant_id: str = Depends(tenant_of)) -> Any:
    require_admin(user)
    ids = [one["user_id"] async for one in db.tenant_memberships.find({"tenant_id": tenant_id})]
    return {"items": [to_json(one) async for one in db.users.find({"id": {"$in": ids}})]}


@app.post("/api/users", status_code=201)
async def create_user(body: NewUser, user: dict = Depends(current_user), tenant_id: str = Depends(tenant_of)) -> Any:
    require_admin(user)
    new = {**body.model_dump(exclude_none=True), "id": str(uuid4()), "active": True, "created_at": datetime.now(timezone.utc)}
    await insert_together([(db.users, new), (db.tenant_memberships, membership_of(new, tenant_id, tenant_role(new)))])
    return {**to_json(new), "tenant_id": tenant_id}


@app.post("/api/ingest", status_code=202)
async def ingest(body: Ingest, user: dict = Depends(current_user), tenant_id: str = Depends(tenant_of)) -> Any:
    payload = {"besedilo": body.besedilo, "kanal": body.kanal, "user_id": user["id"], "tenant_id": tenant_id}
    job = {"id": str(uuid4()), "client_ref": body.client_ref, "status": "queued", "created_at": datetime.now(timezone.utc), "payload": payload}
    await db.jobs.insert_one(job)
    return {"id": job["id"], "status": "queued", "tenant_id": tenant_id}


def scoped(collection: str) -> Any:
    if collection not in FIELDS:
        raise Refusal(404, "unknown_collection", f"There is no collection {collection}.")
    return getattr(db, collection)


@app.get("/api/{collection}")
async def list_documents(collection: str, limit: int = 20, tenant_id: str = Depends(tenant_of)) -> Any:
    found = scoped(collection).find({"tenant_id": tenant_id}).limit(max(1, min(limit, 200)))
    return {"items": [to_json(document) async for document in found], "tenant_id": tenant_id}


@app.get("/api/{collection}/{document_id}")
async def read_document(collection: str, document_id: str, tenant_id: str = Depends(tenant_of)) -> Any:
    document = await scoped(collection).find_one({"id": document_id, "tenant_id": tenant_id})
    if document is None:
        raise Refusal(404, "not_found")
    return to_json(document)


@app.post("/api/{collection}", status_code=201)
async def create_document(collection: str, body: dict = Body(), tenant_id: str = Depends(tenant_of)) -> Any:
    target = scoped(collection)
    now = datetime.now(timezone.utc)
    document = {"id": str(uuid4()), **known(collection, body), "tenant_id": tenant_id, "created_at": now}
    await target.insert_one(document)
    return to_json(document)


@app.put("/api/{collection}/{document_id}")
async def replace_document(collection: str, document_id: str, body: dict = Body(), tenant_id: str = Depends(tenant_of)) -> Any:
    now = datetime.now(timezone.utc)
    document = {"id": document_id, **known(collection, body), "tenant_id": tenant_id, "updated_at": now}
    result = await scoped(collection).replace_one({"id": document_id, "tenant_id": tenant_id}, document)
    return changed(result.matched_count, document_id, tenant_id)


@app.patch("/api/{collection}/{document_id}")
async def change_document(collection: str, document_id: str, body: dict = Body(), tenant_id: str = Depends(tenant_of)) -> Any:
    change = {**known(collection, body), "updated_at": datetime.now(timezone.utc)}
    result = await scoped(collection).update_one({"id": document_id, "tenant_id": tenant_id}, {"$set": change})
    return changed(result.matched_count, document_id, tenant_id)


@app.delete("/api/{collection}/{document_id}")
async def delete_document(collection: str, document_id: str, tenant_id: str = Depends(tenant_of)) -> Any:
    result = await scoped(collection).delete_one({"id": document_id, "tenant_id": tenant_id})
    return changed(result.deleted_count, document_id, tenant_id)


def changed(count: int, document_id: str, tenant_id: str) -> dict:
    if count == 0:
        raise Refusal(404, "not_found")
    return {"id": document_id, "tenant_id": tenant_id}


async def insert_together(documents: list[tuple[Any, dict]]) -> None:
    if settings.use_in_memory_db:  # the stand-in has no transactions
        for collection, document in documents:
            await collection.insert_one(document)
        return
    async with await client.start_session() as session:
        async with session.start_transaction():
            for collection, document in documents:
                await collection.insert_one(document, session=session)


if SPA.is_dir():
    app.mount("/static", StaticFiles(directory=SPA), name="static")

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(SPA / "index.html")
