"""The whole schema in one room: who learns, what they ran, what they handed in, and who answered."""

from app.models.assessment import Allowance, Assessment, Sitting, SittingAttempt
from app.models.cohorts import Cohort, Deed, Invite, Membership, Notice
from app.models.editions import Edition
from app.models.kinds import (
    Ending,
    InstallState,
    LetterKind,
    Part,
    Policy,
    RegradeState,
    Rejudged,
    Role,
    RunKind,
    State,
    Verdict,
    Wish,
    text_enum,
)
from app.models.letters import Letter, Mailing, NewAddress, ResetLink
from app.models.machines import Install
from app.models.meetings import (
    Announcement,
    CheckIn,
    Goal,
    Note,
    OfficeHour,
    OfficeHours,
    OwnMentor,
    Visit,
)
from app.models.people import Choice, User, WebSession
from app.models.plan import CalendarLink, Declaration, Explanation, Extension, PlanChange, PlanItem
from app.models.regrades import Regrade, Rejudgement
from app.models.standings import Standing
from app.models.talk import WHO_LEFT, CannedReply, Message, SignOff, Thread
from app.models.tokens import ApiToken
from app.models.work import Activity, Attempt, Draft, Output, Run, Share
from app.models.worktime import Clock, Reading, WorkTime

__all__ = [
    "WHO_LEFT",
    "Activity",
    "Allowance",
    "Announcement",
    "ApiToken",
    "Assessment",
    "Attempt",
    "CalendarLink",
    "CannedReply",
    "CheckIn",
    "Choice",
    "Clock",
    "Cohort",
    "Declaration",
    "Deed",
    "Draft",
    "Edition",
    "Ending",
    "Explanation",
    "Extension",
    "Goal",
    "Install",
    "InstallState",
    "Invite",
    "Letter",
    "LetterKind",
    "Mailing",
    "Membership",
    "Message",
    "NewAddress",
    "Note",
    "Notice",
    "OfficeHour",
    "OfficeHours",
    "Output",
    "OwnMentor",
    "Part",
    "PlanChange",
    "PlanItem",
    "Policy",
    "Reading",
    "Regrade",
    "RegradeState",
    "Rejudged",
    "Rejudgement",
    "ResetLink",
    "Role",
    "Run",
    "RunKind",
    "Share",
    "SignOff",
    "Sitting",
    "SittingAttempt",
    "Standing",
    "State",
    "Thread",
    "User",
    "Verdict",
    "Visit",
    "WebSession",
    "Wish",
    "WorkTime",
    "text_enum",
]
