"""People of a class on a site of their own, whose course (a copy of the small one) a test may change."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from tests.serve.starting import Site

LESSON = "/lessons/counting"
DOUBLE, QUADRUPLE = "01-start/counting/double.py", "01-start/counting/quadruple.py"


@dataclass(frozen=True)
class Classroom:
    """The site, and the folder of the course that it reads."""

    site: Site
    course: Path

    def rewrite(self, file: str, old: str, new: str) -> None:
        """Change the course, as an author does."""
        text = (self.course / file).read_text("utf-8")
        assert old in text
        (self.course / file).write_text(text.replace(old, new, 1), "utf-8")

    def database(self) -> AbstractContextManager[Session]:
        """A transaction on the site's own database: for what only time would do."""
        engine = create_engine(f"sqlite:///{self.site.data_dir / 'unembed.db'}")
        return sessionmaker(engine).begin()


def make_cohort(admin: Page, name: str, *, mentors: tuple[str, ...] = (), learners: tuple[str, ...]) -> str:
    """Returns the address of its pages for mentors."""
    admin.goto("/mentor")
    if not admin.get_by_label("Name").is_visible():
        admin.locator("summary", has_text="cohort").last.click()
    admin.get_by_label("Name").fill(name)
    admin.get_by_role("button", name="Make it").click()
    admin.wait_for_url("**/people")
    for person in mentors + learners:
        email = f"{person.lower()}@example.org"
        admin.get_by_label("Somebody with an account").fill(email)
        admin.get_by_label("as a").select_option("mentor" if person in mentors else "learner")
        admin.get_by_role("button", name="Put in").click()
        expect(admin.locator(".rows").filter(has_text=email)).to_have_count(1)
    return admin.url.removesuffix("/people").removeprefix(admin.url.partition("/mentor")[0])
