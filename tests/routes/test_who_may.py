"""Every route, for a newcomer, a guest, the learner whose things these are, another of her cohort, their
mentor, the mentor of another cohort, and an admin who mentors nobody.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from app.models import User
from tests.routes.acting import Browser, Program, Things, every_route

CAST = ("newcomer", "guest", "ada", "ben", "mo", "outsider", "boss")

L = "/lessons/counting"
U = "/understanding/start"
C = "/mentor/cohorts/{cohort}"
A = "/mentor/learners/{ada}"
EXAM = f"{C}/assessments/{{assessment}}"
SHEET = {"title": "Mid", "exercise": "quadruple", "opens": "2031-05-01T10:00", "closes": "2031-05-01T12:00"}
R = "/operate/regrades/{regrade}"
Statuses = tuple[int, int, int, int, int, int, int]
# route: (method, address, what is sent, status for each of the cast)
TABLE: dict[str, tuple[str, str, dict[str, str], Statuses]] = {
    # read by everybody
    "home": ("GET", "/", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_path": ("GET", "/path", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_lesson": ("GET", L, {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_start": ("GET", "/start", {}, (200, 200, 200, 200, 200, 200, 200)),
    "place": ("POST", "/start", {"twice": "6"}, (303, 303, 303, 303, 303, 303, 303)),
    "show_result": ("GET", "/start/result", {}, (303, 303, 303, 303, 303, 303, 303)),  # nobody has answered
    "show_test_out": ("GET", f"{L}/test-out", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_frontier": ("GET", f"{L}/exercises/double/frontier", {}, (200, 200, 200, 200, 200, 200, 200)),
    "take_notebook": ("GET", f"{L}/notebook.ipynb", {}, (200, 200, 200, 200, 200, 200, 200)),
    "take_script": ("GET", f"{L}/notebook.py", {}, (200, 200, 200, 200, 200, 200, 200)),
    "take_lab": ("GET", "/notebooks/lab.zip", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_notebook": ("GET", f"{L}/notebook", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_understanding": ("GET", "/understanding/start", {}, (200, 200, 200, 200, 200, 200, 200)),
    "compare_solution": ("GET", f"{U}/double", {}, (303, 303, 200, 303, 303, 303, 303)),  # only Ada has tried it
    "mark_understood": ("POST", f"{U}/double", {"understood": "yes"}, (403, 403, 303, 403, 403, 403, 403)),
    "answer_item": ("POST", f"{U}/double/answer", {"choice": "right"}, (403, 403, 422, 403, 403, 403, 403)),
    "sign_in": ("GET", "/sign-in", {}, (200, 200, 200, 200, 200, 200, 200)),
    "sign_up": ("GET", "/sign-up", {}, (200, 200, 200, 200, 200, 200, 200)),
    "for_operators": ("GET", "/manual", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_manual": ("GET", "/manual/sandbox", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_models": ("GET", "/models", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_api": ("GET", "/api/docs", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_figure": ("GET", "/manual/waiting.svg", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_view": ("GET", "/manual/views/tokens-dark.webp", {}, (200, 200, 200, 200, 200, 200, 200)),
    "healthz": ("GET", "/healthz", {}, (200, 200, 200, 200, 200, 200, 200)),
    "readyz": ("GET", "/readyz", {}, (503, 503, 503, 503, 503, 503, 503)),  # these tests have no worker
    "metrics": ("GET", "/metrics", {}, (404, 404, 404, 404, 404, 404, 404)),  # nobody brings the token
    # done by everybody: a newcomer becomes a guest
    "set_goal": ("POST", "/path/goal", {"goal": "See inside"}, (303, 303, 303, 303, 303, 303, 303)),
    "change_node": ("POST", "/path/nodes/sums", {"move": "up"}, (303, 303, 303, 303, 303, 303, 303)),
    "save_draft": ("POST", f"{L}/cells/two/draft", {"text": "y = 2"}, (204, 204, 204, 204, 204, 204, 204)),
    "reset_draft": ("POST", f"{L}/cells/two/reset", {}, (303, 303, 303, 303, 303, 303, 303)),
    "predict": ("POST", f"{L}/cells/two/prediction", {"choice": "Two"}, (303, 303, 303, 303, 303, 303, 303)),
    "tick": ("POST", f"{L}/checklist/5dcbbb5f9499", {}, (303, 303, 303, 303, 303, 303, 303)),
    "look_at_notebook": ("POST", f"{L}/notebook", {}, (422, 422, 422, 422, 422, 422, 422)),  # no file
    "bring_notebook": (
        "POST", f"{L}/notebook/texts", {"take-two": "yes", "text-two": "y = 9"}, (303, 303, 303, 303, 303, 303, 303)
    ),
    "undo_notebook": ("POST", f"{L}/notebook/undo", {}, (401, 422, 422, 422, 422, 422, 422)),  # nothing to undo
    "start_run": ("POST", f"{L}/cells/two/runs", {"text": "y = 2"}, (303, 303, 303, 303, 303, 303, 303)),
    "hand_in": (
        "POST", f"{L}/exercises/double/attempts", {"text": "double = None"}, (303, 303, 303, 303, 303, 303, 303)
    ),
    "open_hint": ("POST", f"{L}/exercises/double/hints", {}, (303, 303, 303, 303, 303, 303, 303)),
    "use_ours": ("POST", f"{L}/foundations", {"exercise": "double"}, (303, 303, 303, 303, 303, 303, 303)),
    "ask": ("POST", f"{L}/cells/two/threads", {"body": "Why?"}, (303, 303, 303, 303, 303, 303, 303)),
    "look_at_solution": ("GET", f"{L}/exercises/double/solution", {}, (303, 303, 303, 303, 303, 303, 303)),
    # only Ada has made an attempt at it
    "show_solution": ("POST", f"{L}/exercises/double/solution", {}, (403, 403, 200, 403, 403, 403, 403)),
    # one's own
    "lesson_events": ("GET", f"{L}/events", {}, (303, 200, 200, 200, 200, 200, 200)),
    "guess_token": (
        "POST", f"{L}/cells/two/guess", {"token": "1", "query": "2", "head": "0.1"}, (401, 204, 204, 204, 204, 204, 204)
    ),
    "show_attempts": ("GET", f"{L}/exercises/double/attempts", {}, (303, 200, 200, 200, 200, 200, 200)),
    "account": ("GET", "/account", {}, (303, 200, 200, 200, 200, 200, 200)),
    "rename": ("POST", "/account/name", {"name": "Someone"}, (401, 403, 303, 303, 303, 303, 303)),
    "change_email": (  # these people have no password
        "POST", "/account/email", {"email": "{who}@example.com"}, (401, 403, 422, 422, 422, 422, 422)
    ),
    "forget_new_address": ("POST", "/account/email/forget", {}, (401, 403, 303, 303, 303, 303, 303)),
    "change_password": ("POST", "/account/password", {"new": "long enough"}, (401, 403, 422, 422, 422, 422, 422)),
    "choose_mail": ("POST", "/account/mail", {"wish": "daily"}, (401, 403, 303, 303, 303, 303, 303)),
    "sign_out_others": ("POST", "/account/browsers/others/sign-out", {}, (401, 303, 303, 303, 303, 303, 303)),
    "sign_out_browser": (
        "POST", "/account/browsers/{browser}/sign-out", {}, (401, 404, 303, 404, 404, 404, 404)
    ),
    "export_account": ("GET", "/account/export", {}, (303, 200, 200, 200, 200, 200, 200)),
    "show_deletion": ("GET", "/account/delete", {}, (303, 200, 200, 200, 200, 200, 200)),
    "delete_account": ("POST", "/account/delete", {"word": "yes"}, (401, 422, 422, 422, 422, 422, 403)),
    "sign_out": ("POST", "/sign-out", {}, (303, 303, 303, 303, 303, 303, 303)),
    "show_tokens": ("GET", "/account/tokens", {}, (303, 200, 200, 200, 200, 200, 200)),
    "make_token": ("POST", "/account/tokens", {"name": "x", "scopes": "read"}, (401, 403, 200, 200, 200, 200, 200)),
    "revoke_token": ("POST", "/account/tokens/{api_token}/revoke", {}, (401, 404, 303, 404, 404, 404, 404)),
    # Ada's: a scratch run is hers alone, what she handed in or asked about is also her mentor's
    "show_run": ("GET", "/runs/{run}", {}, (303, 404, 200, 404, 200, 404, 200)),
    "show_output": ("GET", "/outputs/{output}.json", {}, (303, 404, 200, 404, 200, 404, 200)),
    "cancel_run": ("POST", "/runs/{graded_run}/cancel", {}, (401, 404, 303, 404, 404, 404, 404)),
    "show_attempt": ("GET", "/attempts/{attempt}", {}, (303, 404, 200, 404, 200, 404, 200)),
    "restore_attempt": ("POST", "/attempts/{attempt}/restore", {}, (401, 404, 303, 404, 404, 404, 404)),
    "answer_attempt": ("POST", "/attempts/{attempt}/messages", {"body": "So."}, (401, 403, 403, 403, 303, 404, 303)),
    "show_thread": ("GET", "/threads/{thread}", {}, (303, 404, 200, 404, 200, 404, 200)),
    "reply": ("POST", "/threads/{thread}/messages", {"body": "So."}, (401, 404, 303, 404, 303, 404, 303)),
    "close_thread": ("POST", "/threads/{thread}/close", {}, (401, 404, 303, 404, 303, 404, 303)),
    "share": ("POST", "/runs/{run}/share", {"name": "Ada"}, (401, 404, 303, 404, 404, 404, 404)),
    "show_shared": ("GET", "/shared/{shared}", {}, (200, 200, 200, 200, 200, 200, 200)),
    "revoke_share": ("POST", "/shares/{share}/revoke", {}, (401, 404, 303, 404, 404, 404, 404)),
    "show_requests": ("GET", "/requests", {}, (303, 200, 200, 200, 200, 200, 200)),
    "ask_review": ("POST", "/attempts/{attempt}/review", {}, (401, 404, 303, 404, 404, 404, 404)),
    "write_on_lines": (
        "POST", "/attempts/{attempt}/lines", {"first": "2", "body": "So?"}, (401, 404, 303, 404, 303, 404, 303)
    ),
    "write_on_output": (
        "POST", "/outputs/{graded_output}/messages", {"body": "So?"}, (401, 404, 303, 404, 303, 404, 303)
    ),
    # for mentors: of Ada's work only hers, and nobody of their own
    "show_queue": ("GET", "/mentor/queue", {}, (303, 403, 403, 403, 200, 200, 200)),
    "next_for_me": ("POST", "/mentor/queue/next", {}, (401, 403, 403, 403, 303, 303, 303)),
    "claim_thread": ("POST", "/threads/{thread}/claim", {}, (401, 403, 403, 403, 303, 404, 303)),
    "release_thread": ("POST", "/threads/{thread}/release", {}, (401, 403, 403, 403, 303, 404, 303)),
    "overrule": (
        "POST", "/attempts/{attempt}/ruling", {"verdict": "passed", "body": "So."},
        (401, 403, 403, 403, 303, 404, 303),
    ),
    "withdraw_ruling": ("POST", "/attempts/{attempt}/ruling/withdraw", {}, (401, 403, 403, 403, 303, 404, 303)),
    # it has not passed
    "sign_off": ("POST", "/attempts/{attempt}/sign-off", {}, (401, 403, 403, 403, 422, 404, 422)),
    "revoke_sign_off": ("POST", "/sign-offs/{sign_off}/revoke", {}, (401, 403, 403, 403, 303, 404, 303)),
    "show_trial": ("GET", "/attempts/{attempt}/trial", {}, (303, 403, 403, 403, 200, 404, 200)),
    "start_trial": (
        "POST", "/attempts/{attempt}/trial", {"text": "1"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "show_thread_trial": ("GET", "/threads/{thread}/trial", {}, (303, 403, 403, 403, 200, 404, 200)),
    "start_thread_trial": (
        "POST", "/threads/{thread}/trial", {"text": "1"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "show_replies": ("GET", "/mentor/replies", {}, (303, 403, 403, 403, 200, 200, 200)),
    "save_reply": (
        "POST", "/mentor/replies", {"title": "Shapes", "body": "Look at them."}, (401, 403, 403, 403, 303, 303, 303)
    ),
    # somebody else's, for the mentors of the cohort
    "insert_reply": ("POST", "/mentor/replies/{canned}/insert", {}, (401, 403, 403, 403, 200, 404, 200)),
    "delete_reply": ("POST", "/mentor/replies/{canned}/delete", {}, (401, 403, 403, 403, 404, 404, 404)),
    "show_desk": ("GET", "/mentor", {}, (303, 403, 403, 403, 200, 200, 200)),
    "show_learner": ("GET", "/mentor/learners/{ada}", {}, (303, 403, 403, 403, 200, 404, 200)),
    "show_cohort": ("GET", C, {}, (303, 403, 403, 403, 200, 404, 200)),
    "show_outcomes": ("GET", f"{C}/exercises/double", {}, (303, 403, 403, 403, 200, 404, 200)),
    "show_people": ("GET", f"{C}/people", {}, (303, 403, 403, 403, 200, 404, 200)),
    "invite": ("POST", f"{C}/invites", {}, (401, 403, 403, 403, 303, 404, 303)),
    "revoke_invite": ("POST", f"{C}/invites/{{invite}}/revoke", {}, (401, 403, 403, 403, 303, 404, 303)),
    "show_plan": ("GET", f"{C}/plan", {}, (303, 403, 403, 403, 200, 404, 200)),
    "plan_items": (
        "POST", f"{C}/plan", {"item": "lesson:counting", "day": "2026-12-24"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "remove_item": ("POST", f"{C}/plan/remove", {"item": "node:start"}, (401, 403, 403, 403, 303, 404, 404)),
    "undo_plan": ("POST", f"{C}/plan/undo", {}, (401, 403, 403, 403, 303, 404, 422)),
    "set_rules": (
        "POST", f"{C}/plan/rules", {"time_zone": "Europe/Berlin"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "extend": (
        "POST", f"{C}/plan/extensions", {"item": "node:start", "day": "2027-01-09", "learner": "{ada}"},
        (401, 403, 403, 403, 303, 404, 303),
    ),
    "withdraw_extension": (
        "POST", f"{C}/plan/extensions/{{extension}}/withdraw", {}, (401, 403, 403, 403, 303, 404, 404)
    ),
    "show_grades": ("GET", f"{C}/grades", {}, (303, 403, 403, 403, 200, 404, 200)),
    "take_grades": ("GET", f"{C}/grades.csv", {}, (303, 403, 403, 403, 200, 404, 200)),
    "show_class_list": ("GET", f"{C}/class-list", {}, (303, 403, 403, 403, 200, 404, 200)),
    "check_class_list": (
        "POST", f"{C}/class-list", {"text": "Ann,ann@example.org"}, (401, 403, 403, 403, 200, 404, 200)
    ),
    "bring_class_list": (
        "POST", f"{C}/class-list/people", {"text": "Ann,ann@example.org"}, (401, 403, 403, 403, 200, 404, 200)
    ),
    "show_edition": ("GET", f"{C}/course", {}, (303, 403, 403, 403, 200, 404, 200)),
    "show_assessments": ("GET", f"{C}/assessments", {}, (303, 403, 403, 403, 200, 404, 200)),
    "make_assessment": ("POST", f"{C}/assessments", SHEET, (401, 403, 403, 403, 303, 404, 422)),  # not twice
    "show_results": ("GET", EXAM, {}, (303, 403, 403, 403, 200, 404, 200)),
    "take_results": ("GET", f"{EXAM}/results.csv", {}, (303, 403, 403, 403, 200, 404, 200)),
    "change_assessment": ("POST", EXAM, SHEET, (401, 403, 403, 403, 303, 404, 303)),
    "allow_time": (
        "POST", f"{EXAM}/extra", {"learner": "{ada}", "minutes": "9"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "remove_assessment": ("POST", f"{EXAM}/remove", {}, (401, 403, 403, 403, 303, 404, 404)),
    # for admins
    "pin_course": ("POST", f"{C}/course/pin", {}, (401, 403, 403, 403, 403, 403, 303)),
    "unpin_course": ("POST", f"{C}/course/unpin", {}, (401, 403, 403, 403, 403, 403, 303)),
    "make_cohort": ("POST", "/mentor/cohorts", {"name": "Winter"}, (401, 403, 403, 403, 403, 403, 303)),
    "change_cohort": ("POST", C, {"name": "Autumn"}, (401, 403, 403, 403, 403, 403, 303)),
    "add_member": (
        "POST", f"{C}/members", {"email": "ben@example.org"}, (401, 403, 403, 403, 403, 403, 303)
    ),
    "remove_member": ("POST", f"{C}/members/{{ben}}/remove", {}, (401, 403, 403, 403, 403, 403, 303)),
    "show_audit": ("GET", "/audit", {}, (303, 403, 403, 403, 403, 403, 200)),
    # when it is due
    "show_my_plan": ("GET", "/plan", {}, (303, 200, 200, 200, 200, 200, 200)),
    "download_calendar": ("GET", "/plan.ics", {}, (303, 200, 200, 200, 200, 200, 200)),
    "make_calendar_link": ("POST", "/plan/link", {}, (401, 403, 303, 303, 303, 303, 303)),
    "end_calendar_link": ("POST", "/plan/link/end", {}, (401, 303, 303, 303, 303, 303, 303)),
    "show_calendar": ("GET", "/calendars/{calendar}.ics", {}, (200, 200, 200, 200, 200, 200, 200)),
    "show_directory": ("GET", "/people", {}, (303, 403, 403, 403, 403, 403, 200)),
    "make_admin": ("POST", "/people/{ben}/admin", {}, (401, 403, 403, 403, 403, 403, 303)),
    "unmake_admin": ("POST", "/people/{ben}/not-admin", {}, (401, 403, 403, 403, 403, 403, 303)),
    "make_reset": ("POST", "/people/{ben}/reset", {}, (401, 403, 403, 403, 403, 403, 200)),
    # assessments of one's cohort: this one has not opened
    "show_assessment": ("GET", "/assessments/{assessment}", {}, (303, 404, 200, 200, 404, 404, 404)),
    "show_clock": ("GET", "/assessments/{assessment}/clock", {}, (303, 404, 303, 303, 404, 404, 404)),
    "start_assessment": ("POST", "/assessments/{assessment}/start", {}, (401, 404, 403, 403, 404, 404, 404)),
    "finish_assessment": ("POST", "/assessments/{assessment}/finish", {}, (401, 404, 403, 403, 404, 404, 404)),
    "explain": (  # nobody has passed the milestone
        "POST", "/path/nodes/start/explanation", {"text": "It doubles."}, (401, 404, 404, 404, 404, 404, 404)
    ),
    "show_regrades": ("GET", "/operate/regrades", {}, (303, 403, 403, 403, 403, 403, 200)),
    "begin_regrade": ("POST", "/operate/regrades", {"exercise": "largest"}, (401, 403, 403, 403, 403, 403, 422)),
    "show_regrade": ("GET", R, {}, (303, 403, 403, 403, 403, 403, 200)),
    "apply_regrade": ("POST", f"{R}/apply", {}, (401, 403, 403, 403, 403, 403, 303)),
    "undo_regrade": ("POST", f"{R}/undo", {}, (401, 403, 403, 403, 403, 403, 422)),
    "take_regrade": ("GET", f"{R}/changes.csv", {}, (303, 403, 403, 403, 403, 403, 200)),
    "discard_regrade": ("POST", f"{R}/discard", {}, (401, 403, 403, 403, 403, 403, 303)),
    "try_regrade_again": ("POST", f"{R}/again", {}, (401, 403, 403, 403, 403, 403, 303)),
    # coming in, going, being told
    "show_invite": ("GET", "/join/{token}", {}, (200, 200, 303, 303, 303, 200, 200)),
    "join": ("POST", "/join/{token}", {}, (401, 403, 303, 303, 303, 303, 303)),
    "leave_cohort": ("POST", "/cohorts/{cohort}/leave", {}, (401, 404, 303, 303, 303, 404, 404)),
    "show_notices": ("GET", "/notices", {}, (303, 200, 200, 200, 200, 200, 200)),
    "read_notices": ("POST", "/notices/read", {}, (401, 303, 303, 303, 303, 303, 303)),
    "open_notice": ("POST", "/notices/{notice}", {}, (401, 404, 303, 404, 404, 404, 404)),
    # before the 1:1, and how long it took
    "show_time": ("GET", "/time", {}, (303, 200, 200, 200, 200, 200, 200)),
    "enter_reading": (
        "POST", "/time/readings", {"minutes": "5", "place": "A book"}, (303, 303, 303, 303, 303, 303, 303)
    ),
    "change_reading": (
        "POST", "/time/readings/{reading}", {"minutes": "5", "place": "A book"}, (401, 404, 303, 404, 404, 404, 404)
    ),
    "remove_reading": ("POST", "/time/readings/{reading}/remove", {}, (401, 404, 303, 404, 404, 404, 404)),
    "show_check_in": ("GET", "/check-in", {}, (303, 200, 200, 200, 200, 200, 200)),
    "check_in": ("POST", "/check-in", {"did": "Step 1"}, (401, 303, 303, 303, 303, 303, 303)),
    "set_own_goal": ("POST", "/goals", {"text": "Step 2"}, (401, 303, 303, 303, 303, 303, 303)),
    "mark_own_goal": ("POST", "/goals/{goal}", {}, (401, 404, 303, 404, 404, 404, 404)),
    "show_brief": ("GET", f"{A}/brief", {}, (303, 403, 403, 403, 200, 404, 200)),
    "show_learners_time": ("GET", f"{A}/time", {}, (303, 403, 403, 403, 200, 404, 200)),
    "see_brief": ("POST", f"{A}/brief/seen", {}, (401, 403, 403, 403, 303, 404, 303)),
    "unsee_brief": ("POST", f"{A}/brief/unseen", {}, (401, 403, 403, 403, 303, 404, 404)),  # Boss was not there
    "set_goal_with": ("POST", f"{A}/goals", {"text": "Step 3"}, (401, 403, 403, 403, 303, 404, 303)),
    "mark_goal": ("POST", f"{A}/goals/{{goal}}", {}, (401, 403, 403, 403, 303, 404, 303)),
    "write_note": ("POST", f"{A}/notes", {"body": "Shy."}, (401, 403, 403, 403, 303, 404, 303)),
    "change_note": ("POST", f"{A}/notes/{{note}}", {"body": "Shy."}, (401, 403, 403, 403, 303, 404, 404)),
    # to a cohort
    "show_bulletin": ("GET", "/cohorts/{cohort}", {}, (303, 404, 200, 200, 200, 404, 200)),
    "show_mistake": ("GET", "/cohorts/{cohort}/mistake", {}, (303, 404, 200, 200, 200, 404, 200)),
    "edit_bulletin": ("GET", f"{C}/bulletin", {}, (303, 403, 403, 403, 200, 404, 200)),
    "announce": ("POST", f"{C}/announcements", {"body": "Hello."}, (401, 403, 403, 403, 303, 404, 303)),
    "change_announcement": (
        "POST", f"{C}/announcements/{{announcement}}", {"body": "Hello."}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "say_office_hours": ("POST", f"{C}/office-hours", {"text": "Mondays"}, (401, 403, 403, 403, 303, 404, 303)),
    "add_office_hour": (
        "POST", f"{C}/office-hours/dates", {"at": "2099-01-01T17:00"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "remove_office_hour": (
        "POST", f"{C}/office-hours/dates/{{office_hour}}/remove", {}, (401, 403, 403, 403, 303, 404, 404)
    ),
    "hand_over": (
        "POST", f"{C}/hand-over", {"learner": "{ada}", "to": "{mo}"}, (401, 403, 403, 403, 303, 404, 303)
    ),
    "show_privacy": ("GET", "/privacy", {}, (200, 200, 200, 200, 200, 200, 200)),
    # for whoever runs the site
    "operate": ("GET", "/operate", {}, (303, 403, 403, 403, 403, 403, 200)),
    "ask_for_model": ("POST", "/models/ask", {"model": "smollm2-135m"}, (401, 403, 403, 403, 403, 403, 422)),
    "install_model": ("POST", "/models/install", {"model": "smollm2-135m"}, (401, 403, 403, 403, 403, 403, 422)),
    "cancel_model": ("POST", "/models/cancel", {"model": "smollm2-135m"}, (401, 403, 403, 403, 403, 403, 303)),
    "remove_model": ("POST", "/models/remove", {"model": "smollm2-135m"}, (401, 403, 403, 403, 403, 403, 303)),
    # accounts: there are some already
    "make_account": (
        "POST", "/sign-up", {"name": "Zoe", "email": "{who}@example.com", "password": "long enough"},
        (303, 303, 403, 403, 403, 403, 403),
    ),
    "start_session": (
        "POST", "/sign-in", {"email": "ada@example.org", "password": "wrong"}, (422, 422, 422, 422, 422, 422, 422)
    ),
    "forgot_password": ("GET", "/forgot", {}, (200, 200, 200, 200, 200, 200, 200)),
    "ask_for_reset": (  # this site sends no mail
        "POST", "/forgot", {"email": "{who}@example.org"}, (422, 422, 422, 422, 422, 422, 422)
    ),
    "show_reset": ("GET", "/reset/{reset}", {}, (200, 200, 200, 200, 200, 200, 200)),
    "use_reset": ("POST", "/reset/{reset}", {"password": "short"}, (422, 422, 422, 422, 422, 422, 422)),
    "show_new_address": ("GET", "/address/{new_address}", {}, (200, 200, 200, 200, 200, 200, 200)),
    "confirm_new_address": (  # once
        "POST", "/address/{new_address}", {}, (303, 404, 404, 404, 404, 404, 404)
    ),
    "show_mail_off": ("GET", "/mail/off/{mail_off}", {}, (200, 200, 200, 200, 200, 200, 200)),
    "turn_mail_off": ("POST", "/mail/off/{mail_off}", {}, (303, 303, 303, 303, 303, 303, 303)),
    "first_account": ("GET", "/first-account?token=x", {}, (303, 303, 303, 303, 303, 303, 303)),
    "make_first_account": (
        "POST", "/first-account", {"token": "x", "name": "Z", "email": "z@e.org", "password": "long enough"},
        (403, 403, 403, 403, 403, 403, 403),
    ),
}  # fmt: skip

# What the same person also meets elsewhere
MORE: dict[str, tuple[str, str, dict[str, str], Statuses]] = {
    "a graded run": ("GET", "/runs/{graded_run}", {}, (303, 404, 200, 404, 200, 404, 200)),
    "a graded run's output": ("GET", "/outputs/{graded_output}.json", {}, (303, 404, 200, 404, 200, 404, 200)),
    "no such calendar": ("GET", "/calendars/%00.ics", {}, (404, 404, 404, 404, 404, 404, 404)),
    "no such link to choose a password": ("GET", "/reset/" + "x" * 43, {}, (404, 404, 404, 404, 404, 404, 404)),
    "no such new address": ("GET", "/address/" + "x" * 43, {}, (404, 404, 404, 404, 404, 404, 404)),
    "nobody's mail to turn off": ("GET", "/mail/off/nothing", {}, (404, 404, 404, 404, 404, 404, 404)),
    "no such page": ("GET", "/nowhere", {}, (404, 404, 404, 404, 404, 404, 404)),
    "nothing is shared there": ("GET", "/shared/" + "x" * 43, {}, (404, 404, 404, 404, 404, 404, 404)),
    "no token": ("GET", "/shared/%00", {}, (404, 404, 404, 404, 404, 404, 404)),
    "an answer is not shared": ("POST", "/runs/{graded_run}/share", {}, (401, 404, 422, 404, 404, 404, 404)),
    "no such lesson": ("GET", "/lessons/nothing", {}, (404, 404, 404, 404, 404, 404, 404)),
    "nothing to tick": ("POST", f"{L}/checklist/0123456789ab", {}, (404, 404, 404, 404, 404, 404, 404)),
    "no such lesson to prove": ("GET", "/lessons/nothing/test-out", {}, (404, 404, 404, 404, 404, 404, 404)),
    "nothing is measured there": (
        "GET", f"{L}/exercises/quadruple/frontier", {}, (404, 404, 404, 404, 404, 404, 404)
    ),
    "no such step": ("GET", "/understanding/nothing", {}, (404, 404, 404, 404, 404, 404, 404)),
    "no such solution": ("GET", f"{U}/nothing", {}, (404, 404, 404, 404, 404, 404, 404)),
    "a form has no solution in code": ("GET", f"{U}/largest", {}, (404, 404, 404, 404, 404, 404, 404)),
    "no such cell": ("POST", f"{L}/cells/nothing/runs", {"text": ""}, (404, 404, 404, 404, 404, 404, 404)),
    "another lesson's exercise": (
        "GET", "/lessons/x/exercises/double/attempts", {}, (404, 404, 404, 404, 404, 404, 404)
    ),
    "no number where one belongs": ("GET", "/runs/seven", {}, (303, 422, 422, 422, 422, 422, 422)),
    "the wrong method": ("GET", "/sign-out", {}, (405, 405, 405, 405, 405, 405, 405)),
    "a form is not run": ("POST", f"{L}/cells/largest/runs", {}, (422, 422, 422, 422, 422, 422, 422)),
}  # fmt: skip

X = {"text": "y = 2"}
# The API, with a token of each that has every scope; nobody and a guest bring none. operation: as above, but
# what is sent is JSON
API: dict[str, tuple[str, str, dict[str, object] | None, Statuses]] = {
    "me": ("GET", "/me", None, (401, 401, 200, 200, 200, 200, 200)),
    "path": ("GET", "/path", None, (401, 401, 200, 200, 200, 200, 200)),
    "lessons": ("GET", "/lessons", None, (401, 401, 200, 200, 200, 200, 200)),
    "lesson": ("GET", L, None, (401, 401, 200, 200, 200, 200, 200)),
    "cells": ("GET", f"{L}/cells", None, (401, 401, 200, 200, 200, 200, 200)),
    "cell": ("GET", f"{L}/cells/two", None, (401, 401, 200, 200, 200, 200, 200)),
    "save_draft": ("PUT", f"{L}/cells/two/draft", X, (401, 401, 200, 200, 200, 200, 200)),
    "predict": (
        "POST", f"{L}/cells/two/prediction", {"guess": "Two"}, (401, 401, 204, 204, 204, 204, 204)
    ),
    "start_run": ("POST", f"{L}/cells/two/runs", X, (401, 401, 422, 422, 422, 422, 422)),  # their bet comes first
    "show_run": ("GET", "/runs/{run}", None, (401, 401, 200, 404, 404, 404, 404)),
    "cancel_run": ("POST", "/runs/{run}/cancel", None, (401, 401, 200, 404, 404, 404, 404)),
    "hand_in": (
        "POST", "/exercises/double/attempts", {"answer": "double = None"}, (401, 401, 201, 201, 201, 201, 201)
    ),
    "list_attempts": ("GET", "/exercises/double/attempts", None, (401, 401, 200, 200, 200, 200, 200)),
    "show_attempt": ("GET", "/attempts/{attempt}", None, (401, 401, 200, 404, 404, 404, 404)),
    # asking for help
    "ask": ("POST", f"{L}/cells/two/threads", {"body": "Why?"}, (401, 401, 201, 201, 201, 201, 201)),
    "list_threads": ("GET", "/threads", None, (401, 401, 200, 200, 200, 200, 200)),
    "show_thread": ("GET", "/threads/{thread}", None, (401, 401, 200, 404, 404, 404, 404)),
    "reply": ("POST", "/threads/{thread}/messages", {"body": "So."}, (401, 401, 201, 404, 404, 404, 404)),
    "list_hints": ("GET", "/exercises/double/hints", None, (401, 401, 200, 200, 200, 200, 200)),
    "open_hint": ("POST", "/exercises/double/hints", None, (401, 401, 200, 200, 200, 200, 200)),
    # for mentors
    "list_cohorts": ("GET", "/cohorts", None, (401, 401, 403, 403, 200, 200, 200)),
    "show_cohort": ("GET", "/cohorts/{cohort}", None, (401, 401, 403, 403, 200, 404, 200)),
    "list_learners": ("GET", "/cohorts/{cohort}/learners", None, (401, 401, 403, 403, 200, 404, 200)),
    "list_grades": ("GET", "/cohorts/{cohort}/grades", None, (401, 401, 403, 403, 200, 404, 200)),
    "show_learner": ("GET", "/learners/{ada}", None, (401, 401, 403, 403, 200, 404, 200)),
    "list_attempts_of": ("GET", "/learners/{ada}/attempts", None, (401, 401, 403, 403, 200, 404, 200)),
    "show_attempt_of": ("GET", "/learners/{ada}/attempts/{attempt}", None, (401, 401, 403, 403, 200, 404, 200)),
}  # fmt: skip


def test_no_operation_of_the_api_is_forgotten(site: FastAPI) -> None:
    assert {route.name for route in every_route(site.state.api)} == set(API)


@pytest.mark.parametrize("operation", API)
def test_operation(
    operation: str,
    things: Things,
    ada: User,
    ben: User,
    mo: User,
    outsider: User,
    boss: User,
    site: FastAPI,
) -> None:
    method, url, sent, statuses = API[operation]
    url = url.format(**vars(things), ada=ada.id, ben=ben.id)
    for who, person, status in zip(CAST, (None, None, ada, ben, mo, outsider, boss), statuses, strict=True):
        answer = Program(site, person).ask(method, url, sent)
        assert answer.status_code == status, (who, answer.text[:3000])
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"].endswith(".")


def test_no_route_is_forgotten(site: FastAPI) -> None:
    assert {route.name for route in every_route(site)} == set(TABLE)


@pytest.mark.parametrize("route", [*TABLE, *MORE])
def test_route(
    route: str,
    things: Things,
    ada: User,
    ben: User,
    mo: User,
    outsider: User,
    boss: User,
    stranger: User,
    browser: Callable[[User | None], Browser],
) -> None:
    method, url, sent, statuses = TABLE.get(route) or MORE[route]
    url = url.format(**vars(things), ada=ada.id, ben=ben.id)
    cast = (None, stranger, ada, ben, mo, outsider, boss)
    for who, person, status in zip(CAST, cast, statuses, strict=True):
        fields = {name: value.format(who=who, ada=ada.id, mo=mo.id) for name, value in sent.items()}
        answer = browser(person).get(url) if method == "GET" else browser(person).post(url, **fields)
        assert answer.status_code == status, (who, answer.text[:3000])
        assert "Traceback" not in answer.text
