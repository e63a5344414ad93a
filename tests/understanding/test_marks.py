"""Marks on the real course's solutions: one in three is checked, and every solution can be."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.guard import NotAllowed
from app.learning import activity, understanding
from app.learning.activity import Kind
from app.lessons import Exercise, course
from app.models import User

STEP = "transformers"
IN_CODE = [one for node in course().path.nodes for one in understanding.in_code(node)]


def open_all(session: Session, user: User) -> list[Exercise]:
    solutions = understanding.in_code(course().path.node(STEP))
    for exercise in solutions:
        activity.log(session, user, Kind.SOLUTION, exercise.lesson, exercise.id)
    session.flush()
    return solutions


def test_of_each_three_marks_exactly_one_is_checked(session: Session, ada: User) -> None:
    solutions = open_all(session, ada)
    asked = [understanding.mark(session, ada, STEP, one.id).item is not None for one in solutions]
    threes = [asked[start : start + 3] for start in range(0, len(asked) - 2, 3)]
    assert len(threes) > 4
    assert all(sum(three) == 1 for three in threes)
    assert len({tuple(three) for three in threes}) > 1, "one could foresee which is checked"


def test_marks_make_the_two_counts_and_four_in_five_are_enough(session: Session, ada: User) -> None:
    solutions = open_all(session, ada)
    for number, exercise in enumerate(solutions):
        enough = understanding.of(session, ada, STEP).enough
        assert enough == (number >= 0.8 * len(solutions))
        if item := understanding.mark(session, ada, STEP, exercise.id).item:
            assert understanding.answer(session, ada, STEP, exercise.id, item.truth)
    found = understanding.of(session, ada, STEP)
    assert found.marked == len(solutions)
    assert found.held == found.checked
    assert len(solutions) // 3 <= found.checked <= len(solutions) // 3 + 1


def test_taking_marks_away_and_making_them_again_checks_no_other_ones(session: Session, ada: User) -> None:
    solutions = open_all(session, ada)[:6]

    def asked() -> list[bool]:
        return [understanding.mark(session, ada, STEP, one.id).item is not None for one in solutions]

    first = asked()
    for one in solutions:
        understanding.unmark(session, ada, STEP, one.id)
    solutions.reverse()
    assert asked() == first[::-1]


def test_a_solution_that_is_not_open_cannot_be_marked(session: Session, ada: User) -> None:
    with pytest.raises(NotAllowed, match="Try the exercise first"):
        understanding.mark(session, ada, STEP, understanding.in_code(course().path.node(STEP))[0].id)


@pytest.mark.parametrize("exercise", IN_CODE, ids=lambda one: one.id)
def test_every_variant_makes_an_item_that_does_not_give_itself_away(exercise: Exercise) -> None:
    ada = User(name="Ada")
    for variant in (*exercise.mistakes, *exercise.also_right):
        item = understanding._item(exercise, variant.name, ada)
        assert item
        assert item.truth in item.choices
        assert len(set(item.choices.values())) == len(item.choices) >= 3
        assert understanding.RIGHT in item.choices
        assert not variant.doc or variant.doc not in item.code
        compile(item.code, variant.name, "exec")
