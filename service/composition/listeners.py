"""The two ports of the service: HTTP, and the sockets of screens and tickets."""

import errno
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from display.server import DisplayServer, HallExists, Right
from service.api.http.client_address import client_of, subscriber_of
from service.api.http.connections import listening
from service.api.ops.metrics_access import MetricsAccess
from service.composition.observers import ScreenMetrics
from service.composition.shared_parts import SharedParts
from service.config.settings import Settings
from service.domain.model import HallId, TicketId
from service.metrics.metrics import Metrics
from service.runtime.startup_checks import CannotServe

CLOSE_HTTP_S = 5.0
"""How long a stop waits for HTTP answers under way."""


@asynccontextmanager
async def screen_sockets(
    settings: Settings,
    shared: SharedParts,
    metrics: Metrics,
    hall_exists: HallExists,
    metrics_access: MetricsAccess | None = None,
) -> AsyncIterator[DisplayServer]:
    """Serve boards and tickets over WebSockets.

    Args:
        settings: host, port, and whether connections are limited by address.
        shared: the parts that sockets need.
        metrics: records what is sent.
        hall_exists: tells whether a hall exists.
        metrics_access: if given, `/metrics` and `/readyz` are answered on this port too.

    Raises:
        CannotServe: the port is in use or cannot be listened on.
    """
    signer = shared.signer

    def verify(hall: HallId, ticket: TicketId, token: str) -> Right | None:
        if signer.is_ticket_token(hall, ticket, token):
            return Right(signer.ticket_token(hall, ticket))
        return Right(None) if signer.is_admin_token(token) else None

    def address_of(peer: str, forwarded: str) -> str:
        return subscriber_of(client_of(peer, forwarded, settings.trusted_proxies))

    server = DisplayServer(
        follower=shared.follower,
        clock=shared.clock,
        hall_exists=hall_exists,
        verify=verify,
        host=settings.host,
        port=settings.display_port,
        observer=ScreenMetrics(metrics),
        address_of=address_of if settings.rate_limit else None,
        metrics_access=metrics_access,
        promises_of=shared.forecasts.promises_of,
    )
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            raise _cannot_listen(error, settings.display_port, "PAIHAO_DISPLAY_PORT") from error
        yield server


@asynccontextmanager
async def http_server(settings: Settings, app: web.Application) -> AsyncIterator[int]:
    """Serve HTTP; yields the port.

    Raises:
        CannotServe: the port is in use or cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(
                listening(app, settings.host, settings.port, close_within_s=CLOSE_HTTP_S)
            )
        except OSError as error:
            raise _cannot_listen(error, settings.port, "PAIHAO_PORT") from error
        yield port


def _cannot_listen(error: OSError, port: int, setting: str) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return CannotServe(f"port {port} is in use; choose another with {setting}")
    return CannotServe(f"cannot listen on port {port}: {error.strerror}")
