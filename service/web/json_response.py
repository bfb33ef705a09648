"""JSON over HTTP, written in one piece.

Most answers are JSON with the same headers, to a client that keeps its connection: their head is known beforehand but
for its length and a line or two, so it is put together as bytes and goes out with the body in one write. Whatever is
unusual about the request or the answer (a cookie, another header, compression, the end of the connection, HTTP/1.0,
HEAD) is left to aiohttp's own way, which says the same in the same words.

Source: RFC 9112, 2.1.
"""

import time
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from service.web.address import HSTS, over_tls
from service.web.connections import Connection
from service.web.problems import OF_JSON

LARGE_BYTES = 16 * 1024
"""An answer that is longer may not go out at once, and is not over until it has been taken."""

_ALWAYS = {"Content-Type": "application/json", **OF_JSON}
_HEADERS = CIMultiDict(_ALWAYS)
_NO_MORE: Mapping[str, str] = {}


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()


_BEGINNING = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n".encode() + _lines(_ALWAYS)
    for status in HTTPStatus
    if status is HTTPStatus.OK or status is HTTPStatus.CREATED
}
"""The first lines of an answer, by its status."""


_OVER_TLS = _lines({"Strict-Transport-Security": HSTS})


class _Date:
    """The line of the present second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        """Say when it is sent; looked at once a second."""
        now_s = int(time.time())
        if now_s != self._second:
            self._second, self._line = now_s, f"Date: {formatdate(now_s, usegmt=True)}\r\n".encode()
        return self._line


_DATE = _Date()


class JsonResponse(web.Response):
    """An answer in JSON; `more` are headers beyond those that all have."""

    def __init__(self, body: bytes, status: int = 200, more: Mapping[str, str] = _NO_MORE) -> None:
        super().__init__(body=body, status=status)
        self._more = more
        self._connection: Connection | None = None
        self._over_tls = False

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers, to be looked at or changed: from then on they are written as they are."""
        if not self._headers:
            self._headers.update(_HEADERS)
            self._headers.update(self._more)
        return self._headers

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Get ready to be sent."""
        connection = request.protocol
        if not self._is_usual(request) or not isinstance(connection, Connection):
            _ = self.headers
            return await super().prepare(request)
        self._keep_alive = True
        self._connection = connection
        self._payload_writer = request.writer
        self._over_tls = isinstance(request, web.Request) and over_tls(request)
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send all of it."""
        connection, self._connection = self._connection, None
        if connection is None:
            await super().write_eof(data)
            return
        writer, body = self._payload_writer, self._body
        assert writer is not None, "it was prepared"
        assert isinstance(body, bytes), "it was made of bytes"
        head = b"%bContent-Length: %d\r\n%b" % (_BEGINNING[self._status], len(body), _DATE.line())
        more = _lines(self._more) + (_OVER_TLS if self._over_tls else b"")
        await writer.drain()  # who takes nothing of the answers before gets no more of them
        answer = b"%b%b\r\n%b" % (head, more, body)
        writer.output_size += len(answer)
        connection.send(answer)
        if len(answer) > LARGE_BYTES:
            connection.send_now()
            await writer.drain()
        self._payload_writer = None
        self._eof_sent = True
        self._body_length = len(body)

    def _is_usual(self, request: web.BaseRequest) -> bool:
        return (
            not self._headers
            and not self.compression
            and self._cookies is None
            and self._keep_alive is None
            and self._status in _BEGINNING
            and request.keep_alive
            and request.version == HttpVersion11
            and request.method != "HEAD"
            and not (self._more and any("\r" in value or "\n" in value for value in self._more.values()))
        )
