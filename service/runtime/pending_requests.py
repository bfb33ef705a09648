"""Requests in a lane that have no answer yet, and the deadline for answering them."""

import asyncio
from collections import deque
from collections.abc import Callable

from service.runtime.requests import Answer, Request

ANSWER_WITHIN_S = 5.0
"""Deadline of a command. After it the client gets `outcome-unknown`, or `storage-unavailable` if nothing was sent."""


class PendingRequest:
    """A request waiting for its answer.

    `generation` is the lane's count of replaced journals when the request arrived. `sent` means that an append with the
    request may have reached the database. `abandoned` requests are never carried out.
    """

    __slots__ = ("abandoned", "answer", "generation", "request", "sent", "tries")

    def __init__(self, request: Request, answer: "asyncio.Future[Answer]", generation: int) -> None:
        self.request = request
        self.answer = answer
        self.generation = generation
        self.sent = False
        self.abandoned = False
        self.tries = 1
        """Attempts so far; more than one only after a violated constraint across days."""

    def mark_not_done(self) -> None:
        """Record that the append was not carried out. Without a waiting client the request is abandoned."""
        self.sent = False
        self.abandoned = self.answer.done()

    def settle(self, outcome: Answer | Exception) -> None:
        """Deliver the outcome, unless the client has already been answered or has left."""
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class AnswerDeadlines:
    """Calls `give_up` for requests without an answer after `ANSWER_WITHIN_S`.

    All requests have the same deadline, so they expire in order of arrival and share one timer. A timer per request
    would cost as much as deciding the command.
    """

    def __init__(self, give_up: Callable[[PendingRequest], None]) -> None:
        self._give_up = give_up
        self._waiting: deque[tuple[float, PendingRequest]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, pending: PendingRequest) -> None:
        """Start the deadline of a request."""
        waiting = self._waiting
        while waiting and waiting[0][1].answer.done():
            waiting.popleft()
        loop = asyncio.get_running_loop()
        due_s = loop.time() + ANSWER_WITHIN_S
        waiting.append((due_s, pending))
        if self._timer is None:
            self._timer = loop.call_at(due_s, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        waiting = self._waiting
        while waiting and (waiting[0][1].answer.done() or waiting[0][0] <= loop.time()):
            _, pending = waiting.popleft()
            if not pending.answer.done():
                self._give_up(pending)
        if waiting:
            self._timer = loop.call_at(waiting[0][0], self._expire, loop)
