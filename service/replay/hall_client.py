"""The requests that a replay makes to one hall: applicants without a credential, staff with the given token."""

from service.domain.hall.document import HallDocument
from service.replay.answers import (
    BoardSeen,
    CounterSeen,
    EventSeen,
    HistorySeen,
    NextSeen,
    QueueSeen,
    TicketSeen,
)
from service.replay.client import TRIES_OF_FIRST, Client, Kind, Reply, decode_answer
from service.replay.errors import ReplayError

DONE = {"outcome": "done"}

PAGE = 200
"""Events in one page of a history: the maximum that the API allows."""


class HallClient:
    """One hall of a server."""

    def __init__(self, client: Client, hall: str, token: str) -> None:
        self.id = hall
        self._client = client
        self._token = token
        self._path = f"/v1/halls/{hall}"

    # What people do.

    async def take(self, service: str) -> TicketSeen:
        """Take a ticket."""
        reply = await self._client.send(Kind.TAKE, "POST", f"{self._path}/tickets", body={"service": service})
        return decode_answer(f"a number for {service}", reply, TicketSeen)

    async def leave(self, ticket: TicketSeen) -> TicketSeen | None:
        """Leave the queue; None if the ticket was called just before, and the person goes to the counter."""
        path = f"{self._path}/tickets/{ticket.id}"
        reply = await self._client.send(Kind.LEAVE, "DELETE", path, token=ticket.token)
        if reply.status == 409 and reply.problem is not None and reply.problem.code == "wrong-state":
            return None
        return decode_answer(f"leaving with {ticket.number}", reply, TicketSeen)

    # What staff do.

    async def open(self, counter: str) -> CounterSeen:
        """Open a counter."""
        reply = await self._post(Kind.OPEN, f"counters/{counter}/open")
        return decode_answer(f"opening counter {counter}", reply, CounterSeen)

    async def close(self, counter: str, *, release: bool = False) -> CounterSeen:
        """Close a counter; `release` puts the person at the counter back into the queue."""
        body = {"release": True} if release else None
        reply = await self._post(Kind.CLOSE, f"counters/{counter}/close", body)
        return decode_answer(f"closing counter {counter}", reply, CounterSeen)

    async def next(self, counter: str, *, finish: bool) -> NextSeen:
        """Call the next person; `finish` ends the present visit in the same command."""
        body = {"finish": DONE} if finish else None
        reply = await self._post(Kind.NEXT, f"counters/{counter}/next", body)
        return NextSeen() if reply.status == 204 else decode_answer(f"next at counter {counter}", reply, NextSeen)

    async def finish(self, ticket: TicketSeen) -> TicketSeen:
        """End a visit without calling the next person."""
        reply = await self._post(Kind.FINISH, f"tickets/{ticket.id}/finish", DONE)
        return decode_answer(f"finishing {ticket.number}", reply, TicketSeen)

    # What managers do.

    async def document(self) -> tuple[HallDocument, str]:
        """Read the hall document and its ETag.

        Raises:
            ReplayError: the hall does not exist. HTTP has no call that creates one.
        """
        path = f"{self._path}/document"
        reply = await self._client.send(Kind.DOCUMENT, "GET", path, token=self._token, tries=TRIES_OF_FIRST)
        if reply.status == 404:
            raise ReplayError(
                f"there is no hall {self.id}, and HTTP cannot make one: ./paihao hall apply {self.id} FILE makes it"
            )
        return decode_answer("reading the hall document", reply, HallDocument), reply.etag or "*"

    async def put_document(self, document: HallDocument, etag: str) -> None:
        """Replace the hall document, if it has not changed since it was read."""
        path = f"{self._path}/document"
        reply = await self._client.send(Kind.DOCUMENT, "PUT", path, body=document, token=self._token, if_match=etag)
        decode_answer("replacing the hall document", reply, HallDocument)

    # What everybody may look at.

    async def queue(self) -> QueueSeen:
        """Read all tickets that have not ended."""
        return decode_answer("the queue", await self._read("queue"), QueueSeen)

    async def board(self) -> tuple[BoardSeen, bytes]:
        """Read the board; return it decoded and as received."""
        reply = await self._read("board")
        return decode_answer("the board", reply, BoardSeen), reply.body

    async def ticket(self, ticket: str) -> TicketSeen:
        """Read a ticket."""
        return decode_answer("a ticket", await self._read(f"tickets/{ticket}"), TicketSeen)

    async def history(self, ticket: str) -> list[EventSeen]:
        """Read all events of a ticket."""
        items: list[EventSeen] = []
        cursor: str | None = "0"
        while cursor is not None:
            reply = await self._read(f"tickets/{ticket}/history?limit={PAGE}&cursor={cursor}")
            page = decode_answer("a history", reply, HistorySeen)
            items += page.items
            cursor = page.next_cursor
        return items

    async def _post(self, kind: Kind, path: str, body: object = None) -> Reply:
        return await self._client.send(kind, "POST", f"{self._path}/{path}", body=body, token=self._token)

    async def _read(self, path: str) -> Reply:
        return await self._client.send(Kind.READ, "GET", f"{self._path}/{path}", token=self._token)
