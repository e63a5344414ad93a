"""The whole schema in one room: who learns, what they ran, what they handed in, and who answered."""

from app.models.cohorts import Cohort, Deed, Invite, Membership, Notice
from app.models.kinds import Ending, InstallState, Role, RunKind, State, Verdict, text_enum
from app.models.machines import Install
from app.models.people import Choice, User, WebSession
from app.models.standings import Standing
from app.models.talk import CannedReply, Message, SignOff, Thread
from app.models.work import Activity, Attempt, Draft, Output, Run, Share
from app.models.worktime import Clock, Reading, WorkTime

__all__ = [
    "Activity",
    "Attempt",
    "CannedReply",
    "Choice",
    "Clock",
    "Cohort",
    "Deed",
    "Draft",
    "Ending",
    "Install",
    "InstallState",
    "Invite",
    "Membership",
    "Message",
    "Notice",
    "Output",
    "Reading",
    "Role",
    "Run",
    "RunKind",
    "Share",
    "SignOff",
    "Standing",
    "State",
    "Thread",
    "User",
    "Verdict",
    "WebSession",
    "WorkTime",
    "text_enum",
]
