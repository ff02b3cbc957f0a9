"""Nobody sees or changes what belongs to another tenant."""


def create(place, tenant, naziv):
    reply = place.api.post("/api/contacts", json={"naziv": naziv, "email": f"{naziv}@x.example"}, headers=place.headers(tenant))
    assert reply.status_code == 201, reply.text
    return reply.json()


def test_a_request_without_the_header_is_refused(place):
    for path in ("/api/properties", "/api/contacts", "/api/users"):
        reply = place.api.get(path, headers=place.headers(None))
        assert (reply.status_code, reply.json()["error"]) == (400, "tenant_required")


def test_a_tenant_of_others_is_refused(place):
    headers = place.headers(place.second, place.member_token)
    assert place.api.get("/api/contacts", headers=headers).status_code == 403
    assert place.api.post("/api/contacts", json={"naziv": "x"}, headers=headers).status_code == 403


def test_documents_are_seen_by_their_own_tenant_only(place):
    own = create(place, place.first, f"own-{place.first}")
    path = f"/api/contacts/{own['id']}"
    assert own["tenant_id"] == place.first
    assert place.api.get(path, headers=place.headers(place.first)).status_code == 200
    assert place.api.get(path, headers=place.headers(place.second)).status_code == 404
    listed = place.api.get("/api/contacts", headers=place.headers(place.second)).json()["items"]
    assert own["id"] not in [one["id"] for one in listed]


def test_documents_of_others_are_not_changed(place):
    own = create(place, place.first, f"kept-{place.first}")
    path = f"/api/contacts/{own['id']}"
    other = place.headers(place.second)
    assert place.api.put(path, json={"naziv": "theirs"}, headers=other).status_code == 404
    assert place.api.patch(path, json={"naziv": "theirs"}, headers=other).status_code == 404
    assert place.api.delete(path, headers=other).status_code == 404
    assert place.api.get(path, headers=place.headers(place.first)).json()["naziv"] == own["naziv"]


def test_a_tenant_in_the_body_is_not_believed(place):
    reply = place.api.post(
        "/api/contacts",
        json={"naziv": "spoof", "email": f"spoof-{place.first}@x.example", "tenant_id": place.second},
        headers=place.headers(place.first),
    )
    assert reply.json()["tenant_id"] == place.first


def test_a_replaced_document_stays_with_its_tenant(place):
    own = create(place, place.first, f"replaced-{place.first}")
    path = f"/api/contacts/{own['id']}"
    assert place.api.put(path, json={"naziv": "new"}, headers=place.headers(place.first)).status_code == 200
    assert place.api.get(path, headers=place.headers(place.first)).json()["tenant_id"] == place.first


def test_only_admins_list_and_create_tenants(place):
    member = place.headers(None, place.member_token)
    assert place.api.get("/api/tenants", headers=member).status_code == 403
    assert place.api.post("/api/tenants", json={"naziv": "x"}, headers=member).status_code == 403
    listed = place.api.get("/api/tenants", headers=place.headers(None)).json()["items"]
    assert {place.first, place.second} <= {tenant["id"] for tenant in listed}


def test_who_creates_a_tenant_is_its_owner(place):
    body = {"naziv": "third", "client_ref": place.first}
    tenant = place.api.post("/api/tenants", json=body, headers=place.headers(None)).json()
    assert place.api.get("/api/contacts", headers=place.headers(tenant["id"])).status_code == 200
