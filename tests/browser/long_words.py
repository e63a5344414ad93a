"""Whatever people write may be long, and without a space: names, addresses, goals, texts, code."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.db import now
from app.mentoring import canned, meetings, threads
from app.models import Cohort, Extension, Part, PlanItem, Reading, Role, Thread, User
from app.people import cohorts
from app.post import notices
from app.teaching import bulletin

WORD = "Unglaublichlangername"
NAME = (WORD * 4)[:80]
ADDRESS = f"https://meet.example.org/{WORD * 6}"
TEXT = f"""{WORD * 12} and **words**, `{"code_" * 20}`, {ADDRESS}

```python
{WORD * 6}
```

| a | b |
|---|---|
| {WORD * 2} | {WORD * 2} |
"""


def lengthen(session: Session, cohort: Cohort, mentor: User, learner: User, thread: Thread) -> None:
    """Everything that these people can say or be called is as long as it may be."""
    cohort.name, cohort.about, mentor.name, learner.name = NAME, TEXT, NAME[::-1], NAME
    learner.goal = WORD * 9
    cohort.starts_on, cohort.ends_on = now().date() - timedelta(days=60), now().date() + timedelta(days=60)
    session.flush()
    bulletin.announce(session, mentor, cohort, TEXT, now().date() + timedelta(days=9))
    bulletin.say_hours(session, mentor, cohort, TEXT)
    bulletin.add_date(session, cohort, now() + timedelta(days=2), ADDRESS)
    cohorts.invite(session, mentor, cohort, Role.LEARNER)
    canned.save(session, mentor, NAME, TEXT, cohort.id)
    meetings.write_note(session, mentor, learner, TEXT, shared=True)
    meetings.set_goal(session, learner, learner, WORD * 9)
    meetings.check_in(session, learner, TEXT, TEXT, TEXT)
    meetings.see(session, mentor, learner)
    for somebody in (mentor, learner):
        notices.tell(session, somebody.id, "answer", WORD * 14, "/path")
    threads.reply(session, mentor, thread, TEXT)
    threads.reply(session, learner, thread, TEXT)
    lesson = PlanItem(cohort_id=cohort.id, part=Part.LESSON, ref=thread.lesson, day=cohort.ends_on)
    later = cohort.ends_on + timedelta(days=9)
    extended = Extension(cohort_id=cohort.id, user_id=learner.id, part=lesson.part, ref=lesson.ref, day=later)
    reading = Reading(user_id=learner.id, place=WORD * 9, minutes=90, on=now().date())
    session.add_all([lesson, extended, reading])
