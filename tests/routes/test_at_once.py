"""Of two who do the same at once, one is told so; what breaks the rules of a table otherwise is our fault."""

from __future__ import annotations

from fastapi import FastAPI

from app.models import Cohort, Message
from app.visitors import Db
from tests.routes.acting import Browser, Program


def with_mistakes(site: FastAPI, cohort: Cohort) -> FastAPI:
    """Two more pages, on the site and in its API."""

    def taken(session: Db) -> None:
        session.add(Cohort(id=cohort.id, name="The same"))

    def wrong(session: Db) -> None:
        session.add(Message(body="of no thread"))

    for part in (site, site.state.api):
        part.add_api_route("/taken", taken)
        part.add_api_route("/wrong", wrong)
    return site


def test_who_is_a_moment_late_is_told_and_what_is_our_fault_is_not_called_theirs(
    site: FastAPI, cohort: Cohort
) -> None:
    browser = Browser(with_mistakes(site, cohort))
    program = Program(site)
    for client, place in ((browser.client, ""), (program.client, "/api/v1")):
        client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
        late = client.get(f"{place}/taken")
        assert (late.status_code, "at this very moment" in late.text) == (409, True)
        assert client.get(f"{place}/wrong").status_code == 500
