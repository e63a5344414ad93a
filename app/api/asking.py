"""Who asks: the token that a program brings, what it may do, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from app import guard, logs
from app.models import ApiToken, User
from app.people import throttle, tokens
from app.people.tokens import Scope, TokenNeeded
from app.teaching import editions
from app.visitors import Db, address

_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A personal token, made on your account's page."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def asked(
    request: Request, session: Session, credentials: HTTPAuthorizationCredentials | None, scope: Scope
) -> ApiToken:
    """The token that came along, if it works and may do this. Raises TokenNeeded, NotAllowed, TooMany."""
    if credentials is None:
        raise TokenNeeded(
            "Bring a token: “Authorization: Bearer unembed_…”. You make one on your account's page."
        )
    try:
        token = tokens.used(session, credentials.credentials, scope)
    except TokenNeeded:
        throttle.check(throttle.API_UNKNOWN, address(request))
        raise
    logs.note(user=token.user_id)
    throttle.check(throttle.API, str(token.user_id))
    if scope is Scope.MENTOR:
        guard.mentor_only(token.user)
    editions.read_as(session, token.user)
    return token


def _asking(scope: Scope) -> Callable[..., ApiToken]:
    def dependency(request: Request, session: Db, credentials: Credentials) -> ApiToken:
        return asked(request, session, credentials, scope)

    return dependency


def _user(scope: Scope) -> Callable[..., User]:
    def dependency(token: ApiToken = Depends(_asking(scope))) -> User:
        return token.user

    return dependency


Token = Annotated[ApiToken, Depends(_asking(Scope.READ))]
Reader = Annotated[User, Depends(_user(Scope.READ))]
Submitter = Annotated[User, Depends(_user(Scope.SUBMIT))]
Mentor = Annotated[User, Depends(_user(Scope.MENTOR))]
