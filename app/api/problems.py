"""How the API says “no”: problem details (RFC 9457), with the sentence that a page would show."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from redis import RedisError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from app.db import somebody_was_faster
from app.guard import Refused, TooMany
from app.people.tokens import TokenNeeded

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
AT_ONCE = (
    "The same was being done at this very moment, perhaps by a second click. Look whether it is done; if it "
    "is not, try again."
)
_SECONDS_AWAY = 5  # after which it is worth while to ask again
_SENTENCES = {
    404: "There is no such address in the API: /api/docs lists those there are.",
    405: "This address does not answer that kind of request.",
    413: "That is more than this site takes at once.",
}


class Wrong(BaseModel):
    """One part of a request that could not be understood."""

    where: list[str | int] = Field(description="The way to it: body, query or path, then names.")
    message: str


class Problem(BaseModel):
    """Why a request was refused."""

    type: str = "about:blank"
    title: str = Field(description="HTTP's words for the status.")
    status: int
    detail: str = Field(description="A sentence for people: what is wrong, and what to do.")
    errors: list[Wrong] = []


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, errors: list[Wrong] | None = None
) -> JSONResponse:
    """A refusal."""
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors or [])
    return JSONResponse(told.model_dump(), status, headers, media_type=MEDIA_TYPE)


async def _refused(_request: Request, error: Refused) -> JSONResponse:
    headers = {}
    if isinstance(error, TooMany) and error.wait:
        headers["retry-after"] = str(error.wait)
    if isinstance(error, TokenNeeded):
        headers["www-authenticate"] = "Bearer"
    return problem(error.status, error.message, headers)


async def http_error(_request: Request, error: HTTPException) -> JSONResponse:
    """An address that there is not, a method that it does not have, a body that is too large."""
    sentence = _SENTENCES.get(error.status_code, "The request did not arrive whole.")
    return problem(error.status_code, sentence, dict(error.headers or {}))


async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    wrong = [Wrong(where=list(one["loc"]), message=str(one["msg"])) for one in error.errors()]
    names = ", ".join(str(one.where[-1]) for one in wrong)
    return problem(422, f"Something is missing or not of the right kind: {names}.", errors=wrong)


async def _away(request: Request, error: Exception) -> JSONResponse:
    part = "queue" if isinstance(error, RedisError) else "database"
    first = str(error).partition("\n")[0]
    log.error("%s %s: the %s does not answer: %s", request.method, request.url.path, part, first)
    sentence = (
        f"The site's {part} does not answer just now, so this could not be done. Try again in a moment."
    )
    return problem(503, sentence, {"retry-after": str(_SECONDS_AWAY)})


async def _at_once(request: Request, error: IntegrityError) -> JSONResponse:
    if not somebody_was_faster(error):
        raise error
    log.warning("%s %s: somebody was a moment faster", request.method, request.url.path)
    return problem(409, AT_ONCE)


async def _broken(_request: Request, _error: Exception) -> JSONResponse:
    return problem(500, "Something broke on our side. It is not your fault; if it happens twice, tell us.")


HANDLERS: dict[Any, Any] = {
    Refused: _refused,
    HTTPException: http_error,
    RequestValidationError: _invalid,
    IntegrityError: _at_once,
    OperationalError: _away,
    InterfaceError: _away,
    RedisError: _away,
    Exception: _broken,
}

_MAY_HAPPEN = (400, 401, 403, 404, 405, 409, 413, 422, 429, 503)
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in _MAY_HAPPEN
}
