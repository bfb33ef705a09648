"""JSON answers, sent with headers and body in one write.

Most answers are JSON with the same headers on a connection that stays open. Their head is built from prepared bytes,
which is faster than the general way of aiohttp. If anything is unusual (a cookie, another header, compression,
`Connection: close`, HTTP/1.0, HEAD), aiohttp sends the answer, with the same headers.

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
"""A larger answer is sent at once instead of delayed, and waits until the client has read enough of it."""

JSON_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "Paihao",
}
"""Headers of every JSON answer.

`JsonResponse` sets them itself, because some problems are answered before the middleware runs. JSON is never opened as
a page, so it needs no headers about windows and devices.
"""

_JSON = "application/json"
_NO_HEADERS: Mapping[str, str] = {}


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()


@cache
def _head_start(status: int, content_type: str) -> bytes:
    """The status line and the headers that are always the same."""
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return line.encode() + _lines({"Content-Type": content_type, **JSON_HEADERS})


_OVER_TLS = _lines({"Strict-Transport-Security": HSTS})


class _DateHeader:
    """The `Date` header, formatted once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        """The header line for the current second."""
        now_s = int(time.time())
        if now_s != self._second:
            self._second, self._line = now_s, f"Date: {formatdate(now_s, usegmt=True)}\r\n".encode()
        return self._line


_DATE = _DateHeader()


class JsonResponse(web.Response):
    """An answer whose body is JSON. `extra_headers` are sent besides `JSON_HEADERS`."""

    def __init__(
        self, body: bytes, status: int = 200, extra_headers: Mapping[str, str] = _NO_HEADERS, content_type: str = _JSON
    ) -> None:
        super().__init__(body=body, status=status)
        self._extra_headers = extra_headers
        self._json_type = content_type
        self._connection: BatchedConnection | None = None
        self._over_tls = False

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers. Reading this property makes aiohttp send the answer, because the caller may change headers."""
        if not self._headers:
            self._headers.update({"Content-Type": self._json_type, **JSON_HEADERS, **self._extra_headers})
        return self._headers

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Prepare to send the answer, in one write if nothing is unusual."""
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
        """Send the whole answer."""
        connection, self._connection = self._connection, None
        if connection is None:
            await super().write_eof(data)
            return
        writer, body = self._payload_writer, self._body
        assert writer is not None, "`prepare` set it"
        assert isinstance(body, bytes), "the constructor got bytes"
        assert self._status not in {204, 304}, "these statuses have no body"
        start = _head_start(self._status, self._json_type)
        head = b"%bContent-Length: %d\r\n%b" % (start, len(body), _DATE.line())
        extra_lines = _lines(self._extra_headers) + (_OVER_TLS if self._over_tls else b"")
        await writer.drain()  # wait for a client that has not read its earlier answers
        answer = b"%b%b\r\n%b" % (head, extra_lines, body)
        writer.output_size += len(answer)
        connection.send(answer)
        if len(answer) > LARGE_BYTES:
            connection.send_now()
            await writer.drain()
        self._payload_writer = None
        self._eof_sent = True
        self._body_length = len(body)

    def _is_usual(self, request: web.BaseRequest) -> bool:
        """Tell whether the answer can be sent with the prepared head."""
        return (
            not self._headers
            and not self.compression
            and self._cookies is None
            and self._keep_alive is None
            and request.keep_alive
            and request.version == HttpVersion11
            and request.method != "HEAD"
            and not any("\r" in value or "\n" in value for value in self._extra_headers.values())
        )


_encode = msgspec.json.Encoder().encode


def answer(value: object, status: int = 200, **headers: str) -> JsonResponse:
    """Answer with a value, encoded as JSON."""
    return JsonResponse(_encode(value), status, headers)


def answer_encoded(body: bytes) -> JsonResponse:
    """Answer with bytes that are JSON already."""
    return JsonResponse(body)
