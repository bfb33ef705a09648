"""Plain HTTP answers on the sockets' port: metrics and readiness.

A process that serves only sockets has no other port, so it answers `GET /metrics` and `GET /readyz` here.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response

from service.contract import StorageUnavailable

METRICS = "/metrics"
READY = "/readyz"

MetricsAccess = Callable[[str | None], Awaitable[tuple[str, str] | None]]
"""Takes an Authorization header; returns content type and text of the metrics, or None if the caller has no right.

May raise StorageUnavailable.
"""


async def metrics_response(connection: ServerConnection, metrics: Awaitable[tuple[str, str] | None]) -> Response:
    """Answer with the metrics: 200; 401 without a valid credential; 503 if it cannot be verified now."""
    try:
        allowed = await metrics
    except StorageUnavailable:
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer now; try again.\n")
    if allowed is None:
        refused = connection.respond(HTTPStatus.UNAUTHORIZED, "This needs a credential.\n")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    content_type, text = allowed
    return _with_type(connection.respond(HTTPStatus.OK, text), content_type)


def readiness_response(connection: ServerConnection, *, ready: bool) -> Response:
    """Answer whether the process is ready: 200 or 503."""
    status, word = (HTTPStatus.OK, "ready") if ready else (HTTPStatus.SERVICE_UNAVAILABLE, "unready")
    return _with_type(connection.respond(status, f'{{"status":"{word}"}}'), "application/json")


def _with_type(response: Response, content_type: str) -> Response:
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response
