"""A class learns by the course as it was pinned, whatever authors change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import lessons
from app.config import settings
from app.db import now
from app.guard import NotAllowed, Unusable
from app.mentoring import threads
from app.models import Cohort, Edition, Membership, Part, Role, User
from app.people import deeds
from app.people.deeds import Wanted
from app.post import notices
from app.teaching import editions, plan
from tests.editions.conftest import add_check, pin, rewrite
from tests.routes.acting import Browser

LESSON = "01-start/counting/lesson.md"


def another(session: Session, learner: User, name: str) -> Cohort:
    made = Cohort(name=name)
    session.add(made)
    session.flush()
    session.add(Membership(cohort_id=made.id, user_id=learner.id, role=Role.LEARNER))
    return made


@pytest.fixture
def site(session: Session) -> FastAPI:
    from app.main import create_app

    return create_app()


def test_a_learner_of_the_class_reads_the_old_text_and_everybody_else_the_new_one(
    site: FastAPI, session: Session, written: Path, cohort: Cohort, ada: User, zoe: User, boss: User
) -> None:
    pin(session, boss, cohort)
    rewrite(written, LESSON, "We begin with one.", "We begin anew.")
    for page, before in ((Browser(site, ada), True), (Browser(site, zoe), False), (Browser(site), False)):
        text = page.get("/lessons/counting").text
        assert ("We begin with one." in text) is before
        assert ("We begin anew." in text) is not before
        assert (">Autumn</a> has pinned" in text) is before


def test_their_mentor_sees_the_board_of_the_pinned_course(
    site: FastAPI, session: Session, written: Path, cohort: Cohort, mo: User, boss: User
) -> None:
    pin(session, boss, cohort)
    rewrite(written, "01-start/counting/double.py", "Twice as much", "Renamed since")
    assert "Renamed since" not in Browser(site, mo).get(f"/mentor/cohorts/{cohort.id}").text
    assert "Renamed since" in Browser(site, mo).get("/lessons/counting").text


def test_pages_about_a_pinned_class_and_its_learners_name_things_as_they_were(
    site: FastAPI, session: Session, written: Path, cohort: Cohort, ada: User, mo: User, boss: User
) -> None:
    here = session.get_one(Cohort, cohort.id)
    plan.put(session, mo, here, [plan.Item(Part.LESSON, "counting", now().date() + timedelta(days=9))])
    thread = threads.ask(session, ada, "counting", "double", "Why?").id
    session.commit()
    pin(session, boss, cohort)
    rewrite(written, "01-start/counting/lesson.md", "title: Counting", "title: Renamed since")
    mentor, learner = Browser(site, mo), Browser(site, ada)
    assert "Renamed since" in mentor.get("/lessons/counting").text
    at, of = f"/mentor/cohorts/{cohort.id}", f"/mentor/learners/{ada.id}"
    pages = [
        *((mentor, f"{at}/{page}") for page in ("plan", "assessments", "grades", "bulletin")),
        *((mentor, page) for page in (of, f"{of}/brief", f"{of}/time", f"/threads/{thread}")),
        *((learner, page) for page in ("/plan", "/path", f"/cohorts/{cohort.id}", "/requests", "/plan.ics")),
        (mentor, f"/cohorts/{cohort.id}/mistake"),
    ]
    for browser, page in pages:
        answer = browser.get(page)
        assert answer.status_code == 200, page
        assert "Renamed since" not in answer.text, page


def test_an_edition_is_kept_once_and_is_found_again_where_its_folder_is_gone(
    session: Session, written: Path, cohort: Cohort, boss: User
) -> None:
    pin(session, boss, cohort)
    assert editions.keep(session) == editions.keep(session)
    (row,) = session.scalars(select(Edition)).all()
    old = lessons.newest().exercises["double"].version
    add_check(written)
    assert not (settings().courses_dir / row.name).exists()
    editions.put(session, row.name)
    found = lessons.edition(row.name)
    assert found.exercises["double"].version == old
    assert found.problems == ()


def test_a_folder_that_somebody_has_changed_is_not_read(
    session: Session, written: Path, cohort: Cohort, boss: User
) -> None:
    pin(session, boss, cohort)
    name = session.scalars(select(Edition.name)).one()
    add_check(written)
    editions.put(session, name)
    file = settings().courses_dir / name / "01-start/counting/double.py"
    file.chmod(0o644)
    file.write_text(file.read_text() + "\nimport os\n")
    with pytest.raises(lessons.CourseError, match="not kept"):
        lessons.edition(name)
    editions.put(session, name)  # it is put there again as it was
    assert "import os" not in file.read_text()
    assert lessons.edition(name).problems == ()


@pytest.mark.parametrize("name", ["", ".", "..", "../course", "0" * 63, "A" * 64, "0" * 64])
def test_nothing_else_is_an_edition(tmp_path: Path, written: Path, name: str) -> None:
    assert lessons.editions.folder_of(name, written.parent) is None


@pytest.mark.parametrize(
    "place", ["../escape.toml", "/escape.toml", "a/b/../../../escape.md", "a/b/notes.txt"]
)
def test_an_edition_has_no_place_outside_of_its_folder(tmp_path: Path, place: str) -> None:
    texts = {place: "text"}
    with pytest.raises(ValueError, match="no place in a course"):
        lessons.editions.put(lessons.editions.name_of(texts), texts, tmp_path / "shelf")
    assert [path.name for path in tmp_path.iterdir()] == ["shelf"]
    assert list((tmp_path / "shelf").iterdir()) == []


def test_of_several_classes_the_one_that_pinned_first_counts_while_it_runs(
    session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pin(session, boss, cohort)
    first = lessons.newest().edition
    add_check(written)
    later = another(session, ada, "Winter")
    pin(session, boss, later)
    found = editions.of(session, ada)
    assert found is not None
    assert (found.cohort, found.edition) == ("Autumn", first)
    session.execute(
        update(Cohort).where(Cohort.id == cohort.id).values(ends_on=now().date() - timedelta(days=1))
    )
    found = editions.of(session, ada)
    assert found is not None
    assert (found.cohort, found.edition) == ("Winter", lessons.newest().edition)


def test_who_mentors_a_class_or_has_left_it_reads_the_newest(
    session: Session, written: Path, cohort: Cohort, mo: User, ben: User, boss: User
) -> None:
    pin(session, boss, cohort)
    session.execute(update(Membership).where(Membership.user_id == ben.id).values(left_at=now()))
    assert [editions.of(session, user) for user in (mo, ben, boss)] == [None, None, None]


def test_on_its_first_day_a_class_is_pinned_by_itself_and_once(
    session: Session, written: Path, cohort: Cohort, boss: User
) -> None:
    soon = now().date() + timedelta(days=1)
    session.execute(update(Cohort).where(Cohort.id == cohort.id).values(starts_on=soon))
    assert editions.pin_due(session) == 0
    session.execute(update(Cohort).where(Cohort.id == cohort.id).values(starts_on=now().date()))
    assert editions.pin_due(session) == 1
    assert editions.pin_due(session) == 0
    session.expire_all()
    assert session.get_one(Cohort, cohort.id).edition == lessons.newest().edition
    (line,) = deeds.log(session, boss, wanted=Wanted(kind="course_pinned"))
    assert line.data["actor"] == "the calendar"


def test_a_course_with_a_mistake_in_it_is_not_pinned(
    session: Session, written: Path, cohort: Cohort, boss: User
) -> None:
    (written / LESSON).write_text((written / LESSON).read_text().replace("(double.py)", "(gone.py)"))
    with pytest.raises(Unusable, match="before this is mended"):
        pin(session, boss, cohort)
    session.execute(update(Cohort).where(Cohort.id == cohort.id).values(starts_on=now().date()))
    assert editions.pin_due(session) == 0


def test_unpinned_it_follows_the_newest_and_stays_so(
    session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pin(session, boss, cohort)
    here = session.get_one(Cohort, cohort.id)
    here.starts_on = now().date()
    editions.unpin(session, boss, here)
    session.flush()
    assert editions.of(session, ada) is None
    assert editions.pin_due(session) == 0
    assert deeds.log(session, boss, wanted=Wanted(kind="course_unpinned"))


def test_only_who_runs_the_site_pins(session: Session, written: Path, cohort: Cohort, mo: User) -> None:
    here = session.get_one(Cohort, cohort.id)
    for act in (editions.pin, editions.unpin):
        with pytest.raises(NotAllowed):
            act(session, mo, here)


def test_before_a_class_moves_the_page_says_what_would_change(
    site: FastAPI, session: Session, written: Path, cohort: Cohort, ada: User, boss: User
) -> None:
    pin(session, boss, cohort)
    before = lessons.newest().edition
    add_check(written)
    rewrite(written, LESSON, "We begin with one.", "We begin anew.")
    rewrite(written, "01-start/counting/quadruple.py", "Twice twice.", "Look above.")
    page = Browser(site, boss)
    shown = page.get(f"/mentor/cohorts/{cohort.id}/course").text
    assert "Twice as much" in shown
    assert '<span class="small">checks</span>' in shown
    assert '<span class="small">hints</span>' in shown
    assert '<span class="small">prose</span>' in shown
    where = f"/mentor/cohorts/{cohort.id}/course/pin"
    assert page.post(where, edition=before).status_code == 422  # the changes that were read are older
    assert page.post(where, edition=lessons.newest().edition).status_code == 303
    session.expire_all()
    assert session.get_one(Cohort, cohort.id).edition == lessons.newest().edition != before
    assert ["newest edition" in one.text for one in notices.of(session, ada)] == [True]
    assert "it is the newest course" in page.get(f"/mentor/cohorts/{cohort.id}/course").text


def test_added_and_gone_exercises_are_named(session: Session, written: Path) -> None:
    old = lessons.load(written)
    lesson = (written / LESSON).read_text()
    (written / LESSON).write_text(lesson.replace("[Which is largest?](largest.py)", ""))
    found = editions.changes(old, lessons.load(written))
    assert [one.id for one in found.exercises_gone] == ["largest"]
    assert found.exercises_added == found.exercises == ()
    back = editions.changes(lessons.load(written), old)
    assert [one.id for one in back.exercises_added] == ["largest"]
    assert not editions.changes(old, old)


def test_what_nobody_needs_is_forgotten_after_a_day(
    session: Session, written: Path, cohort: Cohort, boss: User
) -> None:
    pin(session, boss, cohort)
    pinned = lessons.newest().edition
    add_check(written)
    unneeded = editions.keep(session)
    for name in (pinned, unneeded):
        editions.put(session, name)
    assert editions.forget(session) == 0
    session.execute(update(Edition).values(created_at=now() - timedelta(days=2)))
    assert editions.forget(session) == 1
    assert session.scalars(select(Edition.name)).all() == [pinned]
    assert [folder.name for folder in settings().courses_dir.iterdir()] == [pinned]
