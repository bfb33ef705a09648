"""Handlers for monitoring: health, readiness, metrics."""

from aiohttp import web
from msgspec import Struct

from service.api.access.guard import visitor
from service.api.access.roles import Role
from service.api.app_keys import METRICS, READINESS, SETTINGS
from service.api.http.json_response import answer
from service.metrics.metrics import CONTENT_TYPE


class Health(Struct, frozen=True):
    """The process is running."""

    status: str


class Ready(Struct, frozen=True):
    """Whether the service is ready. `checks` is present only for callers who may see it."""

    status: str
    checks: dict[str, str] | None = None


async def alive(_request: web.Request) -> web.Response:
    """Show that the process is running."""
    return answer(Health("ok"))


async def ready(request: web.Request) -> web.Response:
    """Show whether the service is ready. Callers with the role ops also see the checks."""
    checks = await request.app[READINESS].checks()
    is_ready = all(state == "ok" for state in checks.values())
    shown_checks = checks if await _may_see_checks(request) else None
    return answer(Ready("ready" if is_ready else "unready", shown_checks), 200 if is_ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """Show all metrics in the text format of Prometheus."""
    return web.Response(body=request.app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE})


async def _may_see_checks(request: web.Request) -> bool:
    return request.app[SETTINGS].metrics_open or (await visitor(request)).may(Role.OPS)
