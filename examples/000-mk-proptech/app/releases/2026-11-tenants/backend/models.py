"""Documents that tenancy adds."""

from datetime import datetime, timezone
from uuid import uuid4

from pydantic import BaseModel, Field


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Tenant(BaseModel):
    id: str = Field(default_factory=lambda: str(uuid4()))
    naziv: str
    status: str = "active"
    created_at: datetime = Field(default_factory=_now)
    updated_at: datetime | None = None


class TenantMembership(BaseModel):
    id: str = Field(default_factory=lambda: str(uuid4()))
    tenant_id: str
    user_id: str
    role: str = "member"
    status: str = "active"
    created_at: datetime = Field(default_factory=_now)


class Login(BaseModel):
    email: str
    password: str


class NewTenant(BaseModel):
    naziv: str = Field(min_length=1)
    client_ref: str | None = None


class NewUser(BaseModel):
    email: str = Field(min_length=3)
    ime: str = ""
    role: str = "member"
    client_ref: str | None = None


class Ingest(BaseModel):
    client_ref: str | None = None
    besedilo: str
    kanal: str = "email"
