"""The HTTP API: uvicorn backend.server:app."""

import logging
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pymongo.errors import PyMongoError

from . import failures
from .admin import ensure_first_admin
from .database import db
from .failures import Refusal
from .fields import FIELDS, known
from .flags import read_only
from .models import Ingest, Login, NewUser
from .security import current_user, open_session, require_admin
from .settings import RELEASE, settings
from .to_json import to_json

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
    return {"user": to_json(user)}


@app.get("/api/users")
async def list_users(user: dict = Depends(current_user)) -> Any:
    require_admin(user)
    return {"items": [to_json(one) async for one in db.users.find({})]}


@app.post("/api/users", status_code=201)
async def create_user(body: NewUser, user: dict = Depends(current_user)) -> Any:
    require_admin(user)
    new = {**body.model_dump(exclude_none=True), "id": str(uuid4()), "active": True, "created_at": datetime.now(timezone.utc)}
    await db.users.insert_one(new)
    return to_json(new)


@app.post("/api/ingest", status_code=202)
async def ingest(body: Ingest, user: dict = Depends(current_user)) -> Any:
    payload = {"besedilo": body.besedilo, "kanal": body.kanal, "user_id": user["id"]}
    job = {"id": str(uuid4()), "client_ref": body.client_ref, "status": "queued", "created_at": datetime.now(timezone.utc), "payload": payload}
    await db.jobs.insert_one(job)
    return {"id": job["id"], "status": "queued"}


def scoped(collection: str) -> Any:
    if collection not in FIELDS:
        raise Refusal(404, "unknown_collection", f"There is no collection {collection}.")
    return getattr(db, collection)


@app.get("/api/{collection}")
async def list_documents(collection: str, limit: int = 20, user: dict = Depends(current_user)) -> Any:
    found = scoped(collection).find({}).limit(max(1, min(limit, 200)))
    return {"items": [to_json(document) async for document in found]}


@app.get("/api/{collection}/{document_id}")
async def read_document(collection: str, document_id: str, user: dict = Depends(current_user)) -> Any:
    document = await scoped(collection).find_one({"id": document_id})
    if document is None:
        raise Refusal(404, "not_found")
    return to_json(document)


@app.post("/api/{collection}", status_code=201)
async def create_document(collection: str, body: dict = Body(), user: dict = Depends(current_user)) -> Any:
    target = scoped(collection)
    now = datetime.now(timezone.utc)
    document = {"id": str(uuid4()), **known(collection, body), "created_at": now}
    await target.insert_one(document)
    return to_json(document)


@app.put("/api/{collection}/{document_id}")
async def replace_document(collection: str, document_id: str, body: dict = Body(), user: dict = Depends(current_user)) -> Any:
    now = datetime.now(timezone.utc)
    document = {"id": document_id, **known(collection, body), "updated_at": now}
    result = await scoped(collection).replace_one({"id": document_id}, document)
    return changed(result.matched_count, document_id)


@app.patch("/api/{collection}/{document_id}")
async def change_document(collection: str, document_id: str, body: dict = Body(), user: dict = Depends(current_user)) -> Any:
    change = {**known(collection, body), "updated_at": datetime.now(timezone.utc)}
    result = await scoped(collection).update_one({"id": document_id}, {"$set": change})
    return changed(result.matched_count, document_id)


@app.delete("/api/{collection}/{document_id}")
async def delete_document(collection: str, document_id: str, user: dict = Depends(current_user)) -> Any:
    result = await scoped(collection).delete_one({"id": document_id})
    return changed(result.deleted_count, document_id)


def changed(count: int, document_id: str) -> dict:
    if count == 0:
        raise Refusal(404, "not_found")
    return {"id": document_id}


if SPA.is_dir():
    app.mount("/static", StaticFiles(directory=SPA), name="static")

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(SPA / "index.html")
