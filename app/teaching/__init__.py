"""A cohort's course: its plan and dates, pinned editions, assessments, AI policy, grades and regrades."""
