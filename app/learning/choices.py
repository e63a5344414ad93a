"""What a learner makes of the map: a goal of their own, nodes hidden, nodes in another order.

Nothing is ever locked.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound, Unusable, one_at_a_time
from app.lessons import course
from app.lessons.path import Node
from app.models import Choice, User


def set_goal(session: Session, user: User, goal: str) -> None:
    """One line, or empty. Raises Unusable if it is longer than a line."""
    goal = " ".join(goal.split())
    if len(goal) > 200:
        raise Unusable("Make it one line: 200 characters at most.")
    user.goal = goal
    session.flush()


def hide_node(session: Session, user: User, node: str, hidden: bool) -> None:
    """Hide a node of the map, or show it again. Raises NotFound."""
    _choice(session, user, node).hidden = hidden
    session.flush()


def move_node(session: Session, user: User, node: str, places: int) -> None:
    """Move a node by so many places, down if positive. Raises NotFound."""
    order = [one.id for one in ordered(session, user)]
    _choice(session, user, node)
    target = max(0, min(len(order) - 1, order.index(node) + places))
    order.remove(node)
    order.insert(target, node)
    for position, one in enumerate(order):
        _choice(session, user, one).position = position
    session.flush()


def ordered(session: Session, user: User, made: dict[str, Choice] | None = None) -> list[Node]:
    """All nodes of the path, hidden ones too, in the learner's order; new ones keep their place in ours.

    `made` is what `of` gives, where it has been asked for already.
    """
    made = of(session, user) if made is None else made
    nodes = list(course().path.nodes)

    def place(node: Node) -> tuple[float, int]:
        position = made[node.id].position if node.id in made else None
        return (nodes.index(node) if position is None else position, nodes.index(node))

    return sorted(nodes, key=place)


def of(session: Session, user: User) -> dict[str, Choice]:
    """Node → what the learner chose for it."""
    return {
        choice.node: choice for choice in session.scalars(select(Choice).where(Choice.user_id == user.id))
    }


def _choice(session: Session, user: User, node: str) -> Choice:
    if node not in {one.id for one in course().path.nodes}:
        raise NotFound("There is no such node on the map.")
    one_at_a_time(session, user)
    choice = of(session, user).get(node)
    if choice is None:
        choice = Choice(user_id=user.id, node=node)
        session.add(choice)
        session.flush()
    return choice
