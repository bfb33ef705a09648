"""Calls for machines that watch: health, readiness, metrics."""

from aiohttp import web
from msgspec import Struct

from service.api.access.guard import visitor
from service.api.access.roles import Role
from service.api.app_keys import METRICS, READINESS, SETTINGS
from service.api.http.json_response import answer
from service.metrics.metrics import CONTENT_TYPE


class Health(Struct, frozen=True):
    """The process answers."""

    status: str


class Ready(Struct, frozen=True):
    """Whether the service can do its work; `checks` only for those who may know."""

    status: str
    checks: dict[str, str] | None = None


async def alive(_request: web.Request) -> web.Response:
    """Tell that the process answers."""
    return answer(Health("ok"))


async def ready(request: web.Request) -> web.Response:
    """Tell whether the service can do its work; which part cannot, only to those who may know."""
    checks = await request.app[READINESS].checks()
    sound = all(state == "ok" for state in checks.values())
    shown = checks if await _may_look(request) else None
    return answer(Ready("ready" if sound else "unready", shown), 200 if sound else 503)


async def metrics(request: web.Request) -> web.Response:
    """All metrics, in Prometheus' text format."""
    return web.Response(body=request.app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE})


async def _may_look(request: web.Request) -> bool:
    return request.app[SETTINGS].metrics_open or (await visitor(request)).may(Role.OPS)
