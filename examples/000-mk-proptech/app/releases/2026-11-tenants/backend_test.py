"""The deployed application from outside: python backend_test.py --base-url URL, with ADMIN_EMAIL and ADMIN_PASSWORD.

Writes nothing but a session. Exits with 1 when a check fails.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request


class Api:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.token = ""

    def call(self, path: str, tenant: str | None = None, body: dict | None = None) -> tuple[int, dict]:
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if tenant is not None:
            headers["x-tenant-id"] = tenant
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def checks(api: Api):
    status, health = api.call("/health")
    yield "health is ok", status == 200 and health.get("status") == "ok"
    yield "the database is not in memory", health.get("in_memory") is False
    yield "a protected request without a login is refused", api.call("/api/properties", "x")[0] == 401
    status, login = api.call("/api/login", body={"email": os.environ["ADMIN_EMAIL"], "password": os.environ["ADMIN_PASSWORD"]})
    yield "the admin can log in", status == 200
    api.token = login.get("token", "")
    status, tenants = api.call("/api/tenants")
    ids = [tenant["id"] for tenant in tenants.get("items", [])]
    yield "there is a tenant", status == 200 and len(ids) > 0
    yield "X-Tenant-Id is required", api.call("/api/properties")[0] == 400
    yield "a tenant that does not exist is refused", api.call("/api/properties", "no-such-tenant")[0] == 403
    own = api.call("/api/me")[1].get("tenants", [{}])[0].get("id")
    status, properties = api.call("/api/properties?limit=50", own)
    items = properties.get("items", [])
    yield "own data is visible", status == 200 and len(items) > 0
    yield "only own data is visible", all(item.get("tenant_id") == own for item in items)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", default=os.environ.get("BASE_URL"), required="BASE_URL" not in os.environ)
    failed = 0
    for title, passed in checks(Api(parser.parse_args().base_url)):
        print(f"{'ok  ' if passed else 'FAIL'} {title}")
        failed += 0 if passed else 1
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
