"""The map: what there is to learn, how far one has come, and what one makes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from app import pages
from app.learning import choices, placing, progress, proof, understanding
from app.learning.progress import NodeView
from app.lessons import course
from app.mentoring import signoffs
from app.models import Cohort, Role, User
from app.people import cohorts, throttle
from app.teaching import assessments, bulletin, deadlines, explaining
from app.visitors import Db, Doer, Member, Viewer, is_htmx

router = APIRouter(prefix="/path")


@router.get("", name="show_path", response_class=HTMLResponse)
def show_path(request: Request, session: Db, learner: Viewer, arrange: bool = False) -> HTMLResponse:
    """The map, with the learner's own progress, order and goal. Nothing on it is ever locked."""
    statuses = progress.of_all(session, learner) if learner else {}
    nodes = progress.path_view(session, learner, statuses)
    due = deadlines.of_learner(session, learner)
    drawn = ((view.node.id, proof.picture(session, learner, statuses, view.node)) for view in nodes)
    return pages.render(
        request,
        "path/path.html",
        nodes=nodes,
        layers=layers([view for view in nodes if not view.hidden]),
        hidden=[view for view in nodes if view.hidden],
        titles={view.node.id: view.node.title for view in nodes},
        further={view.node.id: progress.go_on(nodes, view) for view in nodes if view.done},
        pictures={node: picture for node, picture in drawn if picture},
        comparable={view.node.id for view in nodes if view.passed and understanding.in_code(view.node)},
        pinned=bulletin.pinned(session, learner) if learner and not learner.guest else (),
        learns_in=_learns_in(session, learner) if learner and not learner.guest else (),
        asked=bool(course().questions),
        placed=placing.latest(session, learner) if learner else None,
        source=course().path.source,
        goal=learner.goal if learner else "",
        signed=signoffs.by_cell(session, learner.id) if learner else {},
        arrange=arrange,
        deadlines=due,
        assessments=assessments.upcoming(session, learner),
        milestones=explaining.of(session, learner, statuses),
        due_nodes={view.node.id: deadlines.in_node(due, view.node) for view in nodes} if due else {},
    )


def _learns_in(session: Session, learner: User) -> list[Cohort]:
    """The cohorts in which they are as learners."""
    return [one.cohort for one in cohorts.of(session, learner) if one.role is Role.LEARNER]


def layers(nodes: list[NodeView]) -> list[list[NodeView]]:
    """The nodes in layers, each below everything it builds on; within a layer, in the order they came."""
    needs = {view.node.id: view.node.needs for view in nodes}
    depths: dict[str, int] = {}

    def depth(node: str) -> int:
        if node not in depths:
            depths[node] = 0  # a circle would end here
            depths[node] = 1 + max((depth(need) for need in needs[node] if need in needs), default=-1)
        return depths[node]

    rows: dict[int, list[NodeView]] = {}
    for view in nodes:
        rows.setdefault(depth(view.node.id), []).append(view)
    return [rows[row] for row in sorted(rows)]


@router.post("/goal", name="set_goal")
def set_goal(request: Request, session: Db, learner: Doer, goal: Annotated[str, Form()] = "") -> Response:
    """Write down, in one line, what one is here for."""
    choices.set_goal(session, learner, goal)
    if is_htmx(request):
        return pages.render(request, "path/path.html", "goal", goal=learner.goal)
    return pages.redirect(request, "/path", "Your goal is kept." if learner.goal else "")


Move = Literal["hide", "show", "up", "down"]


@router.post("/nodes/{node}", name="change_node")
def change_node(
    node: str, request: Request, session: Db, learner: Doer, move: Annotated[Move, Form()]
) -> Response:
    """Hide a node, show it again, or move it up or down by one."""
    if move in ("hide", "show"):
        choices.hide_node(session, learner, node, move == "hide")
    else:
        choices.move_node(session, learner, node, -1 if move == "up" else 1)
    title = course().path.node(node).title
    said = {
        "hide": f"“{title}” is hidden. Its work is kept; show it again whenever you like.",
        "show": f"“{title}” is back.",
    }
    return pages.redirect(request, f"/path?arrange=true#node-{node}", said.get(move, ""))


@router.post("/nodes/{node}/explanation", name="explain")
def explain(
    node: str,
    request: Request,
    session: Db,
    learner: Member,
    text: Annotated[str, Form()] = "",
    at: Annotated[str, Form()] = "",
) -> Response:
    """Explain the milestone of a node in two sentences: on the map or, `at` the “lesson”, there."""
    throttle.check(throttle.WRITE, str(learner.id))
    exercise = explaining.explain(session, learner, node, text).exercise
    to = f"/lessons/{exercise.lesson}#cell-{exercise.id}" if at == "lesson" else f"/path#node-{node}"
    return pages.redirect(request, to, "Your explanation is kept.")
