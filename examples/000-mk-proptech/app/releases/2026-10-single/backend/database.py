"""The database handle and what turns models into documents. Importing it opens no connection."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from bson import Decimal128

from .settings import settings


class _Unconfigured:
    """Stands where `db` would be, so that the package imports without a database; any use of it says what is missing."""

    name = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError("MONGO_URL and DB_NAME are not set; export them, or start the process with the environment file.")


def _open() -> tuple[Any, Any]:
    if settings.use_in_memory_db:
        try:
            from mongomock_motor import AsyncMongoMockClient
        except ImportError as error:
            raise RuntimeError("USE_IN_MEMORY_DB=true needs the package mongomock-motor; install it, or set it to false.") from error
        client = AsyncMongoMockClient()
        return client, client[settings.db_name or "in_memory"]
    if not settings.mongo_url or not settings.db_name:
        return None, _Unconfigured()
    from motor.motor_asyncio import AsyncIOMotorClient

    # Motor connects at the first operation and takes the event loop of that moment.
    client = AsyncIOMotorClient(
        settings.mongo_url, w="majority", journal=True, serverSelectionTimeoutMS=5000, tz_aware=True, appname="mk-proptech"
    )
    return client, client[settings.db_name]


client, db = _open()


def prepare_for_mongo(data: dict[str, Any]) -> dict[str, Any]:
    """A model's dump as MongoDB can store it: enums by value, decimals as Decimal128, dates without a time as text."""
    return {name: _storable(value) for name, value in data.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return prepare_for_mongo(value)
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return Decimal128(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value
