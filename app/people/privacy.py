"""What is kept of people, who sees it, and for how long: for the page that says so.

A test holds this list against the database: every table stands in it, once.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.config import settings
from app.running.runs import KEPT_RUNS


@dataclass(frozen=True)
class Kept:
    """One kind of what is kept; `tables` are where."""

    what: str
    who: str
    until: str
    tables: tuple[str, ...]
    together: bool = False  # only where there are cohorts


_ACCOUNT = "as long as the account"
_YOU = "you alone"
_MENTORS = "you, and the mentors of your cohorts"

KEPT = (
    Kept(
        "Your name, your e-mail address, and a scrambled form of your password from which nobody "
        "can read it. Of a guest, none of these.",
        "your name: your mentors and whoever runs the site; in a cohort, your address as well; "
        "your password: nobody",
        _ACCOUNT,
        ("users",),
    ),
    Kept(
        "Which browsers are signed in as you: a scrambled token, when it was last used.",
        _YOU,
        "until you sign out, or stay away for {session_days} days ({guest_days} as a guest)",
        ("sessions",),
    ),
    Kept(
        "Links by which you choose a password or confirm a new address, scrambled; mail that waits to be "
        "sent; and which notices you want by mail.",
        _YOU,
        "links for hours, mail until it is sent, your choice as long as the account",
        ("reset_links", "new_addresses", "letters", "mailings"),
    ),
    Kept(
        "Tokens with which your own scripts speak for you: scrambled, with what you call them, what they may "
        "do, and when they were last used.",
        _YOU,
        _ACCOUNT,
        ("api_tokens",),
    ),
    Kept(
        "Your order of the map and what you hid.",
        _YOU,
        _ACCOUNT,
        ("choices",),
    ),
    Kept(
        "What you type, as you type it: the newest text of each cell.",
        "you alone, until you hand it in or ask for help with it",
        _ACCOUNT,
        ("drafts",),
    ),
    Kept(
        "What you run, and what it showed.",
        "you alone: mentors see a run only where you hand it in, ask about it, or share it",
        f"the newest {KEPT_RUNS} of each cell, and all that you handed in, asked about or shared",
        ("runs", "outputs"),
    ),
    Kept(
        "What you hand in: every answer with its verdict; and where that leaves you with each exercise.",
        _MENTORS,
        _ACCOUNT,
        ("attempts", "standings"),
    ),
    Kept(
        "A log of what you did: opened a lesson, typed (that, not what; once in half a minute), "
        "ran, handed in, opened a hint or a solution, guessed, ticked, asked. Texts that gave way"
        " to others are in it, so that you can bring them back.",
        "you; your mentors see which hints and solutions helped and when you were last here, never the texts "
        "that you did not hand in",
        _ACCOUNT,
        ("activity",),
    ),
    Kept(
        "How long you were active, lesson by lesson, added up from that log: no clock runs in your browser. "
        "And what you entered by hand as read elsewhere.",
        f"{_MENTORS}; your fellow learners only as a range of at least five people",
        _ACCOUNT,
        ("worktimes", "clocks", "readings"),
    ),
    Kept(
        "What you asked, what was answered, and who is about to answer.",
        _MENTORS,
        "as long as the account; what a mentor wrote stays with the learner to whom it was written, without "
        "the mentor’s name",
        ("threads", "messages"),
    ),
    Kept(
        "What you shared by a link: a copy of one cell and of what it showed.",
        "whoever has the link; your mentors are told that it is there",
        "until you take it back",
        ("shares",),
    ),
    Kept(
        "Which cohorts you are in, since when, as what, by which link one comes in, and who looks after you.",
        "you, their mentors, and whoever runs the site; the names of a cohort’s mentors: its learners",
        _ACCOUNT,
        ("cohorts", "memberships", "invites", "own_mentors"),
        together=True,
    ),
    Kept(
        "Your weekly check-ins and your goals.",
        _MENTORS,
        _ACCOUNT,
        ("check_ins", "goals"),
        together=True,
    ),
    Kept(
        "A mentor’s own notes from your conversations, what they write to the one who takes over "
        "from them, when they last looked, and the answers they keep ready.",
        "that mentor; a note or an answer also the other mentors of the cohort, if it is marked "
        "so. You do not see them, and they are not part of your export",
        "until the mentor removes them, or either account is gone",
        ("notes", "visits", "canned_replies"),
        together=True,
    ),
    Kept(
        "That a mentor has signed something of yours off.",
        _MENTORS,
        _ACCOUNT,
        ("sign_offs",),
        together=True,
    ),
    Kept(
        "What is due when, for whom it is due later and why, and the address under which your "
        "calendar reads it.",
        "the plan: everybody in the cohort; your own dates: you and the mentors of your cohorts; "
        "the reasons: those mentors, and they are not part of your export; the address: you alone",
        _ACCOUNT,
        ("plan_items", "plan_changes", "extensions", "calendar_links"),
        together=True,
    ),
    Kept(
        "What you said of how you worked: whether AI helped, and your two sentences on a milestone.",
        _MENTORS,
        _ACCOUNT,
        ("declarations", "explanations"),
        together=True,
    ),
    Kept(
        "Attempts that were judged again because an exercise had changed: the verdict before, the one after, "
        "and whether it counts.",
        "whoever runs the site; of your attempt also you and your mentors",
        _ACCOUNT,
        ("regrades", "rejudgements"),
        together=True,
    ),
    Kept(
        "Assessments: which exercises, when you sat one, with how much time, and what you handed in.",
        _MENTORS,
        _ACCOUNT,
        ("assessments", "allowances", "sittings", "sitting_attempts"),
        together=True,
    ),
    Kept(
        "What mentors tell a cohort, and when they have time for it.",
        "everybody in the cohort",
        "until it is taken away, or the cohort is gone",
        ("announcements", "office_hours", "office_hour_dates"),
        together=True,
    ),
    Kept(
        "What you were told in the site.",
        _YOU,
        _ACCOUNT,
        ("notices",),
    ),
    Kept(
        "What was done to somebody’s account, cohort or work, by whom: also each time that whoever runs the "
        "site has looked at the work of somebody whom they do not mentor.",
        "whoever runs the site",
        "for good: lines are never changed, and names stay as they were",
        ("deeds",),
    ),
    Kept(
        "Which models are installed on the machines, and the course as it was when a cohort began. Nothing "
        "of people.",
        "everybody; of the course, what it shows",
        "as long as they are needed",
        ("installs", "editions"),
    ),
)


def days() -> dict[str, int]:
    """What the page fills in."""
    return {"session_days": settings().session_days, "guest_days": settings().guest_days}
