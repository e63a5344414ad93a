"""The whole schema in one room: who learns, what they ran, what they handed in, and who answered."""

from app.models.cohorts import Cohort, Deed, Invite, Membership, Notice
from app.models.kinds import Ending, InstallState, Role, RunKind, State, Verdict, text_enum
from app.models.machines import Install
from app.models.people import Choice, User, WebSession
from app.models.talk import CannedReply, Message, SignOff, Thread
from app.models.work import Activity, Attempt, Draft, Output, Run, Share

__all__ = [
    "Activity",
    "Attempt",
    "CannedReply",
    "Choice",
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
    "Role",
    "Run",
    "RunKind",
    "Share",
    "SignOff",
    "State",
    "Thread",
    "User",
    "Verdict",
    "WebSession",
    "text_enum",
]
