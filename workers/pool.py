"""Celery's pool of threads, which also asks for the next message the moment a thread is free."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from celery.concurrency.thread import ApplyResult, TaskPool
from kombu.asynchronous import Hub


class PromptPool(TaskPool):
    """Turns Celery's loop whenever a thread is done.

    Our worker takes no message before it has a thread for it (`app.jobs`), and looks for one only when its
    loop turns, which by itself may be a second later.
    """

    _hub: Hub | None = None

    def register_with_event_loop(self, hub: Hub) -> None:
        """Called by Celery each time it has connected."""
        self._hub = hub

    def on_apply(self, *args: Any, **kwargs: Any) -> ApplyResult:
        result: ApplyResult = super().on_apply(*args, **kwargs)
        result.f.add_done_callback(self._turn_the_loop)
        return result

    def _turn_the_loop(self, _done: Future[Any]) -> None:
        if self._hub is not None:
            self._hub.call_soon(_nothing)


def _nothing() -> None:
    pass
