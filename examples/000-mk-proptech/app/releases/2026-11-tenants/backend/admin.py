"""The first admin, from INITIAL_ADMIN_* on a database that has none."""

from datetime import datetime, timezone
from uuid import uuid4

from .database import db
from .security import hash_password
from .settings import settings
from .tenancy import DEFAULT_TENANT_ID, membership_of


async def admin_exists() -> bool:
    return await db.users.find_one({"role": "admin", "active": True}) is not None


async def ensure_first_admin() -> bool:
    if not settings.initial_admin_email or not settings.initial_admin_password or await admin_exists():
        return False
    admin = {
        "id": str(uuid4()),
        "email": settings.initial_admin_email,
        "ime": "Administrator",
        "role": "admin",
        "active": True,
        "password_hash": hash_password(settings.initial_admin_password),
        "created_at": datetime.now(timezone.utc),
    }
    await db.users.insert_one(admin)
    await db.tenant_memberships.insert_one(membership_of(admin, DEFAULT_TENANT_ID))
    return True
