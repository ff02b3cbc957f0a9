"""Passwords, sessions and who is asking."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

from fastapi import Request

from .database import db
from .failures import Refusal

ITERATIONS = 20_000
SESSION_DAYS = 14
ADMIN_ROLES = frozenset({"owner", "admin"})


def hash_password(password: str, salt: str | None = None) -> str:
    salt = salt or secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), ITERATIONS).hex()
    return f"pbkdf2_sha256${ITERATIONS}${salt}${digest}"


def password_matches(password: str, stored: Any) -> bool:
    try:
        _, iterations, salt, digest = str(stored).split("$")
        found = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(iterations)).hex()
    except ValueError:
        return False
    return hmac.compare_digest(found, digest)


async def open_session(email: str, password: str) -> tuple[str, dict]:
    user = await db.users.find_one({"email": email, "active": True})
    if user is None or not password_matches(password, user.get("password_hash")):
        raise Refusal(401, "login_failed", "The address or the password is wrong.")
    token = secrets.token_urlsafe(24)
    now = datetime.now(timezone.utc)
    await db.sessions.insert_one(
        {"token": _digest(token), "user_id": user["id"], "created_at": now, "expires_at": now + timedelta(days=SESSION_DAYS)}
    )
    return token, user


async def current_user(request: Request) -> dict:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "login_required", "Send the token of POST /api/login as a bearer token.")
    session = await db.sessions.find_one({"token": _digest(token)})
    if session is None or session["expires_at"] <= datetime.now(timezone.utc):
        raise Refusal(401, "login_required", "The session has ended; log in again.")
    user = await db.users.find_one({"id": session["user_id"], "active": True})
    if user is None:
        raise Refusal(401, "login_required", "The user of this session is gone or inactive.")
    return user


def require_admin(user: dict) -> None:
    if user.get("role") not in ADMIN_ROLES:
        raise Refusal(403, "admin_required", "Only owners and admins may do this.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
