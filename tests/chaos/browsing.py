"""A learner's browser without a screen: cookies, forms, an event stream that comes back when it breaks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import TypeVar

import httpx

PATIENCE = 300.0  # seconds in which whatever was broken has to be mended
_AGAIN = 0.5  # seconds until something that failed is tried again
_TIMEOUT = httpx.Timeout(120.0)
AWAY = "does not answer just now, so this could not be done"
_RUN = re.compile(
    r'<section class="run[^"]*" id="run-([0-9a-f-]{36})" data-cell="([^"]+)"(.*?)</section>', re.S
)
_T = TypeVar("_T")


class Unexpected(AssertionError):
    """The site answered with what no learner should see."""


class Away(httpx.TransportError):
    """The site said, in a sentence, that a part of it does not answer just now."""


@dataclass(frozen=True)
class Section:
    """A run as a page shows it."""

    run: str
    cell: str
    html: str

    @property
    def live(self) -> bool:
        return "data-live data-from" in self.html

    @property
    def events(self) -> str:
        """Where its events come from, from its beginning on."""
        return f"{self._said('data-events')}?after={self._said('data-from')}"

    @property
    def word(self) -> str:
        """What became of it: the verdict, or how the run ended."""
        if "That was our fault." in self.html:
            return "our fault"
        verdict = re.search(r'class="verdict (\w+)"', self.html)
        return verdict[1] if verdict else self._said("data-ending")

    @property
    def place(self) -> int:
        """The place in the queue that is shown; 0 if it does not wait."""
        return place_in(self.html)

    def _said(self, name: str) -> str:
        found = re.search(rf'{name}="([^"]*)"', self.html)
        assert found, self.html
        return found[1]


def place_in(html: str) -> int:
    """The place in the queue that a piece of a page speaks of; 0 if it speaks of none."""
    found = re.search(r"Waiting, (?:(\d+)\w+ in line|next in line)", html)
    return int(found[1] or 1) if found else 0


def sections(html: str) -> dict[str, Section]:
    """Cell → the run that a page shows below it."""
    return {cell: Section(run, cell, rest) for run, cell, rest in _RUN.findall(html)}


class Browser:
    """One learner's. Where the line breaks it looks again, as a learner does who reloads the page.

    Of several sites it asks one after the other, as a proxy does. `may_be_away`: a site that says so counts
    as a broken line.
    """

    def __init__(self, *sites: str, session: str = "", may_be_away: bool = False) -> None:
        cookies = {"unembed_session": session} if session else {}
        self.client = httpx.Client(timeout=_TIMEOUT, cookies=cookies)
        self.broken_lines = 0
        self.longest = 0.0  # seconds that it waited for an answer
        self._sites, self._may_be_away = cycle(sites), may_be_away

    def close(self) -> None:
        self.client.close()

    def get(self, path: str, *, htmx: bool = False) -> str:
        """A page, however long the site is away."""
        headers = {"hx-request": "true"} if htmx else {}
        return self.patiently(lambda: self._page(self.client.get(self.at(path), headers=headers)))

    def post(self, path: str, **fields: str) -> str:
        """Once. Raises httpx.TransportError if nobody knows whether it arrived."""
        sent = {"csrf": self.client.cookies["unembed_csrf"], **fields}
        return self._page(self.client.post(self.at(path), data=sent, headers={"hx-request": "true"}))

    def at(self, path: str) -> str:
        """The page's whole address, at the site whose turn it is."""
        return next(self._sites) + path

    def patiently(self, act: Callable[[], _T]) -> _T:
        """Again until the line holds: only for what may be done twice."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return act()
            except httpx.TransportError:
                self.broken_lines += 1
                if time.monotonic() > deadline:
                    raise
                time.sleep(_AGAIN)

    def submit(self, lesson: str, cell: str, path: str, **fields: str) -> Section:
        """Press Run or “Hand in”. If nobody knows whether that arrived, the page does."""
        before = sections(self.get(lesson)).get(cell)
        while True:
            try:
                found = sections(self.post(path, **fields))
            except httpx.TransportError:
                self.broken_lines += 1
                found = sections(self.get(lesson))
            section = found.get(cell)
            if section and (before is None or section.run != before.run):
                return section

    def _page(self, answer: httpx.Response) -> str:
        self.longest = max(self.longest, answer.elapsed.total_seconds())
        self.expect_answer(answer)
        return answer.text

    def expect_answer(self, answer: httpx.Response) -> None:
        """Raises Away where the site may be; Unexpected for all that no learner should see."""
        if answer.status_code in (200, 204):
            return
        answer.read()
        said = f"{answer.request.method} {answer.url}: {answer.status_code}\n{answer.text[:2000]}"
        if self._may_be_away and answer.status_code == 503 and AWAY in answer.text:
            raise Away(said)
        raise Unexpected(said)


@dataclass
class Message:
    """One of an event stream."""

    id: str = ""
    event: str = "message"
    data: str = ""


@dataclass
class EventSource:
    """As the browsers': remembers the last id, and connects again when the line breaks or ends."""

    browser: Browser
    path: str
    last: str = ""
    connections: int = 0
    _deadline: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def __iter__(self) -> Iterator[Message]:
        while True:
            try:
                yield from self._connected()
            except httpx.TransportError:
                self.browser.broken_lines += 1
            if time.monotonic() > self._deadline:
                raise Unexpected(f"{self.path} never came to an end")
            time.sleep(_AGAIN)

    def _connected(self) -> Iterator[Message]:
        self.connections += 1
        headers = {"accept": "text/event-stream"} | ({"last-event-id": self.last} if self.last else {})
        with self.browser.client.stream("GET", self.browser.at(self.path), headers=headers) as answer:
            self.browser.expect_answer(answer)
            reader = Reader()
            for message in filter(None, map(reader.take, answer.iter_lines())):
                self.last = message.id or self.last
                yield message


class Reader:
    """Makes messages of lines, by the rules of the HTML standard that matter here."""

    def __init__(self) -> None:
        self._message, self._data = Message(), list[str]()

    def take(self, line: str) -> Message | None:
        """The message that this line completes."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            return self._complete()
        if name == "data":
            self._data.append(value)
        elif name in ("id", "event"):
            setattr(self._message, name, value)
        return None

    def _complete(self) -> Message | None:
        found, data = self._message, self._data
        self._message, self._data = Message(), []
        found.data = "\n".join(data)
        return found if data or found.event != "message" else None


@dataclass
class Shown:
    """What a page showed of a run while it was going."""

    text: str = ""  # since it last began
    places: list[int] = field(default_factory=list)
    begun: int = 0


def watch(browser: Browser, section: Section) -> tuple[Section, Shown]:
    """Keep the page open until it shows what became of the run; never reloads it."""
    shown = Shown(places=[section.place] if section.place else [])
    while section.live:
        source = EventSource(browser, section.events)
        for message in source:
            if message.event == "done":
                break
            if _take(message.data, section.run, shown):
                break
        found = sections(browser.get(f"/runs/{section.run}", htmx=True)).get(section.cell)
        if found is None or found.run != section.run:
            raise Unexpected(f"the page of run {section.run} shows {found}")
        section = found
    return section, shown


_PARTIAL = re.compile(r'<hx-partial hx-target="#run-([0-9a-f-]{36})\[data-live\] > (.*?)</hx-partial>', re.S)


def _take(data: str, run: str, shown: Shown) -> bool:
    """Let a message change what is shown. Returns whether the run is over."""
    for of, change in _PARTIAL.findall(data):
        if of != run:
            continue
        if "Just a moment…" in change:
            return True
        if change.startswith('.shown" hx-swap="textContent"'):
            shown.text, shown.begun = "", shown.begun + 1
        elif change.startswith('.shown" hx-swap="beforeend"><span class="text stdout">'):
            shown.text += re.sub(r"<[^>]*>", "", change.partition(">")[2])
        elif place := place_in(change):
            shown.places.append(place)
    return False
