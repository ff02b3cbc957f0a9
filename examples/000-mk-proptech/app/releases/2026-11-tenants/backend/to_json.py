"""Documents as JSON replies."""

import math
from datetime import datetime
from typing import Any


def to_json(document: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in document.items() if name not in ("_id", "password_hash")}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value)
