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
from functools import cache
from http import HTTPStatus

import msgspec
from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from service.api.http.batched_writes import BatchedConnection
from service.api.http.client_address import HSTS, over_tls

LARGE_BYTES = 16 * 1024
"""An answer that is longer may not go out at once, and is not over until it has been taken."""

JSON_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "Paihao",
}
"""Said with the problem itself, for some are answered before there is a request to wrap; and with all other JSON.

Nothing opens JSON as a page: what is about windows and devices would only cost.
"""

_JSON = "application/json"
_NO_MORE: Mapping[str, str] = {}


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()


@cache
def _beginning(status: int, content_type: str) -> bytes:
    """The first lines of an answer."""
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return line.encode() + _lines({"Content-Type": content_type, **JSON_HEADERS})


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

    def __init__(
        self, body: bytes, status: int = 200, more: Mapping[str, str] = _NO_MORE, content_type: str = _JSON
    ) -> None:
        super().__init__(body=body, status=status)
        self._more = more
        self._of_type = content_type
        self._connection: BatchedConnection | None = None
        self._over_tls = False

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers, to be looked at or changed: from then on they are written as they are."""
        if not self._headers:
            self._headers.update({"Content-Type": self._of_type, **JSON_HEADERS, **self._more})
        return self._headers

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Get ready to be sent."""
        connection = request.protocol
        if not self._is_usual(request) or not isinstance(connection, BatchedConnection):
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
        assert self._status not in {204, 304}, "those have no body"
        beginning = _beginning(self._status, self._of_type)
        head = b"%bContent-Length: %d\r\n%b" % (beginning, len(body), _DATE.line())
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
            and request.keep_alive
            and request.version == HttpVersion11
            and request.method != "HEAD"
            and not (self._more and any("\r" in value or "\n" in value for value in self._more.values()))
        )


_encode = msgspec.json.Encoder().encode


def answer(value: object, status: int = 200, **headers: str) -> JsonResponse:
    """Write a value as JSON."""
    return JsonResponse(_encode(value), status, headers)


def answer_encoded(body: bytes) -> JsonResponse:
    """Send what is JSON already."""
    return JsonResponse(body)
