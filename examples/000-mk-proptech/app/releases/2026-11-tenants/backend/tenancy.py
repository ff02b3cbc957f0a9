"""Which data belongs to tenants, and for which of them a request works."""

from typing import Any

from fastapi import Request

from .database import db, prepare_for_mongo
from .failures import Refusal
from .models import TenantMembership
from .settings import settings

DEFAULT_TENANT_ID = settings.default_tenant_id
DEFAULT_TENANT_NAME = settings.default_tenant_name

TENANT_SCOPED_COLLECTIONS = {
    "properties",
    "units",
    "leases",
    "payments",
    "documents",
    "inspections",
    "maintenance_requests",
    "contacts",
    "notes",
    "messages",
    "audit_log",
}

# A user's role in the application -> its role in a tenant; every other role is a member.
TENANT_ROLE_SCOPE_MAP = {"owner": "owner", "admin": "admin"}


def tenant_role(user: dict) -> str:
    return TENANT_ROLE_SCOPE_MAP.get(user.get("role", ""), "member")


def membership_of(user: dict, tenant_id: str, role: str | None = None) -> dict[str, Any]:
    return prepare_for_mongo(
        TenantMembership(tenant_id=tenant_id, user_id=user["id"], role=role or tenant_role(user)).model_dump()
    )


async def _ensure_default_memberships() -> int:
    """Makes every user a member of the default tenant. Answers with how many were not."""
    added = 0
    async for user in db.users.find({}, {"id": 1, "role": 1}):
        existing = await db.tenant_memberships.find_one({"tenant_id": DEFAULT_TENANT_ID, "user_id": user["id"]})
        if existing is None:
            await db.tenant_memberships.insert_one(membership_of(user, DEFAULT_TENANT_ID))
            added += 1
    return added


async def current_tenant(request: Request, user: dict) -> str:
    """The tenant named by X-Tenant-Id. 400 without the header; 403 unless the user is its member."""
    tenant_id = request.headers.get("x-tenant-id", "").strip()
    if not tenant_id:
        raise Refusal(400, "tenant_required", "Name the tenant in the header X-Tenant-Id.")
    member = await db.tenant_memberships.find_one({"tenant_id": tenant_id, "user_id": user["id"], "status": "active"})
    if member is None:
        raise Refusal(403, "not_a_member", "You are no member of the tenant that X-Tenant-Id names.")
    return tenant_id
