"""A network printer for tests: a TCP server that records the bytes it gets, and answers status queries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from service.printing.printers import ASK_ONLINE, ASK_PAPER

WITHIN_S = 10
OK, LOW, OUT, SILENT = b"\x12", b"\x1e", b"\x7e", b""
ONLINE, OFFLINE = b"\x12", b"\x1a"


@dataclass
class Receiver:
    """The bytes that a printer got: one entry for each connection, without the status queries."""

    port: int = 0
    paper: bytes = OK
    online: bytes = ONLINE
    slips: list[bytes] = field(default_factory=list)
    asked: int = 0
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        heard = b""
        questions = {ASK_PAPER: self.paper, ASK_ONLINE: self.online}
        while part := await reader.read(65536):
            heard += part
            if heard in questions:
                self.asked += heard == ASK_PAPER
                writer.write(questions[heard])
                heard = b""
        async with self._heard:
            self.slips.append(heard)
            self._heard.notify_all()
        writer.close()

    async def until(self, slips: int) -> None:
        """Wait until this many connections are closed."""
        async with asyncio.timeout(WITHIN_S), self._heard:
            await self._heard.wait_for(lambda: len(self.slips) >= slips)


@asynccontextmanager
async def receiver(paper: bytes = OK) -> AsyncIterator[Receiver]:
    """Run a printer on a free port."""
    hears = Receiver(paper=paper)
    async with await asyncio.start_server(hears.hear, "127.0.0.1", 0) as server:
        hears.port = server.sockets[0].getsockname()[1]
        yield hears
