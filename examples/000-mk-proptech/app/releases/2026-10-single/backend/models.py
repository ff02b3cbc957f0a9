"""Bodies of requests."""

from pydantic import BaseModel, Field


class Login(BaseModel):
    email: str
    password: str


class NewUser(BaseModel):
    email: str = Field(min_length=3)
    ime: str = ""
    role: str = "member"
    client_ref: str | None = None


class Ingest(BaseModel):
    client_ref: str | None = None
    besedilo: str
    kanal: str = "email"
