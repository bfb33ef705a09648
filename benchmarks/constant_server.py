"""Servers that give a constant answer: the cost of HTTP alone.

`python -m benchmarks.constant_server aiohttp` uses the service's own HTTP server with a handler that reads the body and
answers with the bytes of a ticket. `raw` answers without parsing; it shows the maximum rate of the generator. Both
print their port.
"""

import asyncio
import sys
from typing import cast

import uvloop
from aiohttp import web

TICKET = (
    b'{"id":"01999999-9999-7999-8999-999999999999","code":"7K3M9QXR","number":"B007","day":"2026-11-23",'
    b'"service":"enquiry","stage":"window","class":"walk_in","channel":"web","state":"waiting","admission":"admitted",'
    b'"count":1,"then":[],"counter":null,"calls":0,"ahead":6,"wait":{"p10_s":420,"p50_s":660,"p90_s":1080,'
    b'"as_of_at":"2026-11-23T01:00:00.000Z","shown":{"from_min":5,"to_min":20}},"queue_at":"2026-11-23T01:00:00.000Z",'
    b'"issued_at":"2026-11-23T01:00:00.000Z","called_at":null,"started_at":null,"finished_at":null,"outcome":null,'
    b'"missing":[],"due_on":null,"prechecked":false,"appointment":null,'
    b'"token":"0123456789012345678901234567890123456789012","seq":41}'
)


class Raw(asyncio.Protocol):
    """Answers whatever is received."""

    ANSWER = (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(TICKET)
    ) + TICKET

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._write = cast("asyncio.WriteTransport", transport).write  # uvloop's does not inherit it

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  (the shape of a protocol)
        """Answer."""
        self._write(self.ANSWER)


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=201, body=TICKET, content_type="application/json")


async def serve(kind: str) -> None:
    """Serve until the process is terminated."""
    if kind == "raw":
        server = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
    else:
        app = web.Application()
        app.router.add_post("/v1/halls/{hall}/tickets", _take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
