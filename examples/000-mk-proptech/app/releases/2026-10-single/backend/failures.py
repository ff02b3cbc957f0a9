"""What a caller is told when something does not work. `outcome` is honest: refused = nothing was written, for certain."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)
from starlette.exceptions import HTTPException

log = logging.getLogger("backend")


class Refusal(Exception):
    def __init__(self, status: int, error: str, message: str = "", retry_after: int | None = None) -> None:
        super().__init__(message or error)
        self.status, self.error, self.message, self.retry_after = status, error, message or error, retry_after


def reply(status: int, error: str, message: str, outcome: str = "refused", retry_after: int | None = None) -> JSONResponse:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"error": error, "message": message, "outcome": outcome}, status_code=status, headers=headers)


def of_database(error: PyMongoError) -> JSONResponse:
    if isinstance(error, DuplicateKeyError):
        return reply(409, "duplicate", "There is one with the same key already.")
    if isinstance(error, ServerSelectionTimeoutError):
        return reply(503, "database_unavailable", "No database server answers.", retry_after=5)
    if isinstance(error, (AutoReconnect, WriteConcernError)) or error.has_error_label("UnknownTransactionCommitResult"):
        return reply(504, "outcome_unknown", "The connection to the database was lost under the write.", outcome="unknown")
    if isinstance(error, OperationFailure):
        # Not authorized (13), document validation (121), write block (371), and whatever else a server says no with.
        return reply(503, "write_refused", f"The database refused the operation (code {error.code}).", retry_after=5)
    return reply(504, "outcome_unknown", type(error).__name__, outcome="unknown")


def install(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> JSONResponse:
        return reply(error.status, error.error, error.message, retry_after=error.retry_after)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        where = ", ".join(".".join(str(part) for part in one["loc"]) for one in error.errors())
        return reply(422, "invalid", f"Not valid: {where}.")

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return reply(error.status_code, "http", str(error.detail))

    @app.exception_handler(PyMongoError)
    async def database(request: Request, error: PyMongoError) -> JSONResponse:
        answer = of_database(error)
        log.warning("%s %s: %s %s", request.method, request.url.path, answer.status_code, type(error).__name__)
        return answer
