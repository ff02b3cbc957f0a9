"""Everything the process is told by its environment, read once."""

import os
from dataclasses import dataclass, field
from pathlib import Path

RELEASE = Path(__file__).resolve().parents[1]


def _truth(name: str) -> bool:
    return os.environ.get(name, "false").strip().lower() in ("1", "true", "yes")


@dataclass(frozen=True)
class Settings:
    mongo_url: str = field(default_factory=lambda: os.environ.get("MONGO_URL", ""), repr=False)
    db_name: str = field(default_factory=lambda: os.environ.get("DB_NAME", ""))
    use_in_memory_db: bool = field(default_factory=lambda: _truth("USE_IN_MEMORY_DB"))
    default_tenant_id: str = field(default_factory=lambda: os.environ.get("DEFAULT_TENANT_ID") or "tenant-default")
    default_tenant_name: str = field(default_factory=lambda: os.environ.get("DEFAULT_TENANT_NAME") or "Primarni profil")
    initial_admin_email: str = field(default_factory=lambda: os.environ.get("INITIAL_ADMIN_EMAIL", ""))
    initial_admin_password: str = field(default_factory=lambda: os.environ.get("INITIAL_ADMIN_PASSWORD", ""), repr=False)
    # What /health says, and what a deployment waits for.
    build: str = field(default_factory=lambda: os.environ.get("BUILD") or RELEASE.name)
    # Holds the flags "read-only" and "ingestion-paused"; must outlive a release.
    run_dir: Path = field(default_factory=lambda: Path(os.environ.get("RUN_DIR") or "run").resolve())


settings = Settings()
