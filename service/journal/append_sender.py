"""Send an append until its outcome is definite.

A missing answer tells nothing: the statement may be committed, or may still arrive. So the same statement is sent
again, on another connection, until one answer is definite. This is safe because an append takes effect at most once:
it is a compare-and-set on `seq` and `head` of the day, and puts its own id into `head`.

- The statement changed the day: the append is committed.
- It changed nothing, and this was the first sending: another append was first.
- It changed nothing, and it was sent before: look at the event after `seq`. If it carries the id of this append, an
  earlier sending was committed. Otherwise another append was first, and this one can never take effect.

A deadlock or a serialization failure wrote nothing, so the statement is sent again.

An append has no timeout and is never cancelled: PostgreSQL commits a statement whose wait for a synchronous standby is
cancelled, so a cancellation proves nothing. It runs in a task of its own to its definite end, even if the caller is
cancelled. The callback `on_send` tells the caller when the append can no longer be withdrawn.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from service.journal.append_statement import execute_append, find_landed, raise_if_definite
from service.journal.database import Database, unreachable
from service.journal.faults import StorageUnavailable
from service.journal.health import Health
from service.journal.values import Append, Committed, Lost

RESEND_PAUSE_S = 0.02
RESEND_PAUSE_MAX_S = 1.0
"""Pauses between two sendings: the first is `RESEND_PAUSE_S`, doubled up to the maximum. There is no last sending."""

OnSend = Callable[[int], None]
"""Called with 1 just before an append is sent for the first time, with 2 before the second sending, and so on.

An exception at 1 withdraws the append: nothing was sent, and the caller gets the exception.
"""


def ignore_sending(_attempt: int) -> None:
    """Do nothing when an append is sent."""


class AppendSender:
    """Sends appends; `health` tells whether appends work."""

    def __init__(self, database: Database) -> None:
        self.health = Health("appends")
        self._database = database
        self._unanswered: set[str] = set()
        """Ids of appends whose last sending failed, and which are sent again."""

    async def until_definite(
        self, append: Append, arguments: tuple[object, ...], on_send: OnSend, attempt: int = 1
    ) -> Committed | Lost:
        """Send until an answer is definite; `attempt` is the number of the next sending.

        Run it in a task that is not cancelled after `on_send` was called.
        """
        try:
            outcome = await self._send_until_definite(append, arguments, on_send, attempt)
        finally:
            self._unanswered.discard(append.append_id)
        if isinstance(outcome, Committed):
            self.worked()
        return outcome

    async def _send_until_definite(
        self, append: Append, arguments: tuple[object, ...], on_send: OnSend, attempt: int
    ) -> Committed | Lost:
        pauses = resend_pauses()
        while True:
            try:
                connection = await self._database.take()
            except StorageUnavailable as error:
                if self._database.closing:
                    raise
                self._failed_to_send(append, error)
                await asyncio.sleep(next(pauses))
                continue
            try:
                on_send(attempt)
                attempt += 1
                at = await execute_append(connection, arguments)
                if at is not None:
                    return Committed(at)
                if attempt == 2:
                    return Lost()
                return await find_landed(connection, append)
            except Exception as error:
                if unreachable(error):
                    connection.terminate()
                else:
                    raise_if_definite(error)
                if self._database.closing:
                    raise StorageUnavailable("closed before an append was answered") from error
                if unreachable(error):
                    self._failed_to_send(append, error)
            finally:
                self._database.give_back(connection)
            await asyncio.sleep(next(pauses))

    def _failed_to_send(self, append: Append, error: Exception) -> None:
        self._unanswered.add(append.append_id)
        self.failed(error)

    def failed(self, error: Exception) -> None:
        """Record that the database did not accept a write."""
        self._database.log_if_incomplete(error)
        self.health.failed(error)

    def worked(self) -> None:
        """Record a successful write. Appends work again when no append waits for an answer after a failure."""
        if not self._unanswered:
            self.health.worked()


def resend_pauses() -> Iterator[float]:
    """Yield the pauses in seconds. The first is zero, because often only the connection was lost."""
    yield 0.0
    pause_s = RESEND_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, RESEND_PAUSE_MAX_S)


async def deliver_outcome(
    outcome: "asyncio.Future[Committed | Lost]", work: Coroutine[Any, Any, Committed | Lost]
) -> None:
    """Run `work` and put its result or exception into `outcome`, unless the caller has cancelled that future."""
    try:
        definite = await work
    except asyncio.CancelledError:
        outcome.cancel()
        raise
    except Exception as error:  # noqa: BLE001  (the caller gets it)
        if not outcome.done():
            outcome.set_exception(error)
    else:
        if not outcome.done():
            outcome.set_result(definite)
