"""Messages for managers: what could not be sent, and another try at it."""

from service.domain.model import HallId
from service.domain.refusals import WrongState
from service.errors import MessageNotFound
from service.errors import StorageUnavailable as RimUnavailable
from service.identity import audit_log, idempotency
from service.identity.idempotency import AlreadyDone, IdempotentRequest
from service.identity.store import transaction
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.notify.model import State
from service.notify.outbox import Outbox, OutboxEntry


class DeadLetters:
    """Lists messages, and has dead ones tried again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outbox = Outbox(database)

    async def list(self, hall: HallId, state: State, after: str, limit: int) -> list[OutboxEntry]:
        """Messages of a hall in a state, the oldest first, from the one after `after` on. Raises StorageUnavailable."""
        try:
            return await self._outbox.list(hall, state, after, limit)
        except StorageUnavailable as error:
            raise RimUnavailable from error

    async def retry(self, hall: HallId, message: str, request: IdempotentRequest) -> OutboxEntry:
        """Let a dead message wait again, from the first try on.

        Raises:
            MessageNotFound: this hall has none with this id.
            WrongState: it is not dead.
            KeyReused: the idempotency key was another request's.
            StorageUnavailable, OutcomeUnknown: the database cannot be reached.
        """
        before = await idempotency.stored_answer(self._database, request, OutboxEntry)
        if before is not None:
            return before
        try:
            async with transaction(self._database) as writer:
                found = await self._outbox.get(writer, hall, message)
                if found is None:
                    raise MessageNotFound
                waiting = await self._outbox.retry(writer, hall, message, request.now_at)
                if waiting is None:
                    raise WrongState(found.state)  # noqa: TRY301  (it ends the transaction)
                await idempotency.store_answer(writer, request, waiting)
                data = {"message": message, "kind": found.kind, "channel": found.channel}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "message_retried", data)
        except AlreadyDone:
            return await self.retry(hall, message, request)
        except WrongState:
            by_the_same_key = await idempotency.stored_answer(
                self._database, request, OutboxEntry
            )  # while we waited for the row
            if by_the_same_key is None:
                raise
            return by_the_same_key
        return waiting
