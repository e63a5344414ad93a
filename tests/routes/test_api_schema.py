"""Whatever the API's schema allows is answered as it says, and never by an error of ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.site import PATH
from app.main import create_app
from app.models import User
from app.people import throttle
from tests.routes.acting import Things, token_of

EXAMPLES = int(os.environ.get("UNEMBED_API_EXAMPLES", "30"))  # of each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    (path, method.upper())
    for path, methods in create_app().state.api.openapi()["paths"].items()
    for method in methods
]


@pytest.fixture
def api(
    site: FastAPI,
    things: Things,
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
    change_settings: Callable[..., None],
) -> Any:
    """The schema as the site gives it; of names and ids half are such as there are."""
    for name in ("API", "RUN"):
        monkeypatch.setattr(throttle, name, throttle.Limit(name, 10**6, 60, "asking"))
    change_settings(runs_per_learner=10**6)
    schema = schemathesis.openapi.from_asgi(f"{PATH}/openapi.json", site)
    there = _there(things, ada.id)

    @schema.hook
    def flatmap_path_parameters(context: Any, parameters: Any) -> Any:
        known = {name: st.sampled_from(there[name]) for name in parameters or {} if name in there}
        return st.one_of(st.just(parameters), st.fixed_dictionaries(known)) if known else st.just(parameters)

    @schema.hook
    def map_query(context: Any, query: Any) -> Any:
        if query and str(query.get("wait")).isdigit() and int(query["wait"]) <= 60:
            query["wait"] = 0  # there is no worker: each would wait for as long as it may
        return query

    return schema


def _there(things: Things, learner: UUID) -> dict[str, list[str]]:
    return {
        "lesson": ["counting"],
        "cell": ["one", "two", "double", "quadruple", "largest"],
        "exercise": ["double", "quadruple", "largest"],
        "run": [str(things.run), str(things.graded_run)],
        "attempt": [str(things.attempt)],
        "thread": [str(things.thread)],
        "cohort": [str(things.cohort)],
        "learner": [str(learner)],
    }


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_keeps_its_promise(path: str, method: str, api: Any, ada: User, mo: User) -> None:
    token = token_of(mo if "cohort" in path or "learner" in path else ada)

    @settings(
        max_examples=EXAMPLES,
        phases=(Phase.explicit, Phase.generate),
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*(api[path][method].as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    ask()
