"""Calls for machines that watch: health, readiness, metrics."""

from aiohttp import web

from service.api.answers import Health, Ready, answer
from service.api.auth import Role
from service.api.guard import visitor
from service.api.keys import METRICS, READINESS, SETTINGS
from service.metrics.metrics import CONTENT_TYPE


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
