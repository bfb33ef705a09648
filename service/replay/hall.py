"""The calls of one hall that a replay makes: people without a credential, staff with the token it was given."""

from service.domain.hall.document import HallDocument
from service.replay.answers import (
    BoardSeen,
    CounterSeen,
    HappeningSeen,
    HistorySeen,
    NextSeen,
    QueueSeen,
    TicketSeen,
)
from service.replay.client import TRIES_OF_FIRST, Client, Kind, Reply, decoded
from service.replay.errors import ReplayError

DONE = {"outcome": "done"}

PAGE = 200
"""Events of a history in one answer: as many as there may be."""


class HallClient:
    """One hall of a server."""

    def __init__(self, client: Client, hall: str, token: str) -> None:
        self.id = hall
        self._client = client
        self._token = token
        self._path = f"/v1/halls/{hall}"

    # What people do.

    async def take(self, service: str) -> TicketSeen:
        """Take a number."""
        reply = await self._client.send(Kind.TAKE, "POST", f"{self._path}/tickets", body={"service": service})
        return decoded(f"a number for {service}", reply, TicketSeen)

    async def leave(self, ticket: TicketSeen) -> TicketSeen | None:
        """Give the place up; None when it was called just before: then the person goes to the counter."""
        path = f"{self._path}/tickets/{ticket.id}"
        reply = await self._client.send(Kind.LEAVE, "DELETE", path, token=ticket.token)
        if reply.status == 409 and reply.problem is not None and reply.problem.code == "wrong-state":
            return None
        return decoded(f"leaving with {ticket.number}", reply, TicketSeen)

    # What staff do.

    async def open(self, counter: str) -> CounterSeen:
        """Open a counter."""
        reply = await self._post(Kind.OPEN, f"counters/{counter}/open")
        return decoded(f"opening counter {counter}", reply, CounterSeen)

    async def close(self, counter: str, *, release: bool = False) -> CounterSeen:
        """Close a counter; `release` puts the person there back into the queue."""
        body = {"release": True} if release else None
        reply = await self._post(Kind.CLOSE, f"counters/{counter}/close", body)
        return decoded(f"closing counter {counter}", reply, CounterSeen)

    async def next(self, counter: str, *, finish: bool) -> NextSeen:
        """Call the next person; `finish` ends the present one in the same command."""
        body = {"finish": DONE} if finish else None
        reply = await self._post(Kind.NEXT, f"counters/{counter}/next", body)
        return NextSeen() if reply.status == 204 else decoded(f"next at counter {counter}", reply, NextSeen)

    async def finish(self, ticket: TicketSeen) -> TicketSeen:
        """End a visit without calling anybody."""
        reply = await self._post(Kind.FINISH, f"tickets/{ticket.id}/finish", DONE)
        return decoded(f"finishing {ticket.number}", reply, TicketSeen)

    # What managers do.

    async def document(self) -> tuple[HallDocument, str]:
        """The hall document and its ETag.

        Raises:
            ReplayError: there is no such hall, and no call that makes one.
        """
        path = f"{self._path}/document"
        reply = await self._client.send(Kind.DOCUMENT, "GET", path, token=self._token, tries=TRIES_OF_FIRST)
        if reply.status == 404:
            raise ReplayError(
                f"there is no hall {self.id}, and HTTP cannot make one: ./paihao hall apply {self.id} FILE makes it"
            )
        return decoded("reading the hall document", reply, HallDocument), reply.etag or "*"

    async def put_document(self, document: HallDocument, etag: str) -> None:
        """Replace the hall document, unless it changed since it was read."""
        path = f"{self._path}/document"
        reply = await self._client.send(Kind.DOCUMENT, "PUT", path, body=document, token=self._token, if_match=etag)
        decoded("replacing the hall document", reply, HallDocument)

    # What everybody may look at.

    async def queue(self) -> QueueSeen:
        """All tickets that are not over."""
        return decoded("the queue", await self._read("queue"), QueueSeen)

    async def board(self) -> tuple[BoardSeen, bytes]:
        """The board, also as it came."""
        reply = await self._read("board")
        return decoded("the board", reply, BoardSeen), reply.body

    async def ticket(self, ticket: str) -> TicketSeen:
        """A ticket as it is now."""
        return decoded("a ticket", await self._read(f"tickets/{ticket}"), TicketSeen)

    async def history(self, ticket: str) -> list[HappeningSeen]:
        """What happened to a ticket."""
        items: list[HappeningSeen] = []
        cursor: str | None = "0"
        while cursor is not None:
            reply = await self._read(f"tickets/{ticket}/history?limit={PAGE}&cursor={cursor}")
            page = decoded("a history", reply, HistorySeen)
            items += page.items
            cursor = page.next_cursor
        return items

    async def _post(self, kind: Kind, path: str, body: object = None) -> Reply:
        return await self._client.send(kind, "POST", f"{self._path}/{path}", body=body, token=self._token)

    async def _read(self, path: str) -> Reply:
        return await self._client.send(Kind.READ, "GET", f"{self._path}/{path}", token=self._token)
