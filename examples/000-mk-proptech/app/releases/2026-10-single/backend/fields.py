"""The collections with an API of their own, and the fields it knows. Others in a request are not stored."""

COMMON = {"client_ref", "revision", "naziv", "status", "opomba"}

FIELDS: dict[str, set[str]] = {
    "properties": COMMON | {"code", "naslov", "mesto", "povrsina_m2"},
    "units": COMMON | {"property_id", "nadstropje", "povrsina_m2", "najemnina"},
    "leases": COMMON | {"unit_id", "contact_id", "najemnina", "valuta"},
    "payments": COMMON | {"lease_id", "znesek", "valuta", "namen"},
    "documents": COMMON | {"property_id", "vrsta", "velikost"},
    "maintenance_requests": COMMON | {"unit_id", "opis", "nujnost"},
    "contacts": COMMON | {"email", "telefon"},
    "notes": COMMON | {"subject_id", "besedilo"},
    "messages": COMMON | {"contact_id", "besedilo", "kanal"},
}


def known(collection: str, body: dict) -> dict:
    return {name: value for name, value in body.items() if name in FIELDS[collection]}
