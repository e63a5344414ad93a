"""The API as a site within the site: its routers, its refusals, its schema. Mounted at `/api/v1`."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.api import helping, learning, mentoring, working
from app.api.problems import HANDLERS, RESPONSES, Problem
from app.people.tokens import Scope

PATH = "/api/v1"
_ABOUT = """\
Everything a program may do in the name of whoever made its token. Bring the token as
`Authorization: Bearer unembed_…`; cookies are not looked at. Scopes: `read` for one's own things, `submit`
to save, run, hand in and ask, `mentor` for the learners of one's cohorts. Refusals are problem details
(RFC 9457) with a sentence for people. At most 600 requests a minute."""


def create_api(turns: asyncio.Semaphore) -> FastAPI:
    """The API; `turns` are shared with the pages: both work with the same database."""
    api = FastAPI(
        title="Unembed",
        version="1",
        description=_ABOUT,
        root_path_in_servers=False,
        servers=[{"url": PATH}],
        docs_url=None,
        redoc_url=None,
        exception_handlers=HANDLERS,
        responses=RESPONSES,
        generate_unique_id_function=_name,
    )
    for module in (learning, working, helping, mentoring):
        api.include_router(module.router)
    api.state.turns = turns
    whole = api.openapi

    def with_problems() -> dict[str, Any]:
        schema = whole()
        for name, shape in _schemas().items():
            schema["components"]["schemas"].setdefault(name, shape)
        for methods in schema["paths"].values():
            for method, told in methods.items():
                told["x-scope"] = _scope(method, told["tags"])
        return schema

    api.openapi = with_problems  # type: ignore[method-assign]
    return api


def _scope(method: str, tags: list[str]) -> Scope:
    """Which one a token needs; a test holds this against what is asked of it."""
    if mentoring.TAG in tags:
        return Scope.MENTOR
    return Scope.READ if method == "get" else Scope.SUBMIT


def _name(route: APIRoute) -> str:
    return route.name


def _schemas() -> dict[str, Any]:
    """Those of a refusal: no route returns it, so FastAPI does not know it."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}
