"""Messages as managers see them: list the messages of a hall by state, and retry dead ones."""

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
    """Lists the messages of a hall and retries dead ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outbox = Outbox(database)

    async def list(self, hall: HallId, state: State, after: str, limit: int) -> list[OutboxEntry]:
        """List messages of a hall in one state, oldest first, after the message with id `after`.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        try:
            return await self._outbox.list(hall, state, after, limit)
        except StorageUnavailable as error:
            raise RimUnavailable from error

    async def retry(self, hall: HallId, message: str, request: IdempotentRequest) -> OutboxEntry:
        """Set a dead message to waiting again, with its count of tries reset to zero.

        Raises:
            MessageNotFound: the hall has no message with this id.
            WrongState: the message is not dead.
            KeyReused: the idempotency key was used for a different request.
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
            # a request with the same key may have retried the message while this one waited for the row lock
            answered = await idempotency.stored_answer(self._database, request, OutboxEntry)
            if answered is None:
                raise
            return answered
        return waiting
