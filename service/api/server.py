"""The aiohttp application: calls, pages, and what wraps them all."""

import asyncio
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from service.api.address import HSTS, over_tls
from service.api.browsers import give_cookie, known_browser
from service.api.hosts import wrong_host
from service.api.json_response import OF_JSON
from service.api.keys import CLOCK, LIMITS, METRICS
from service.api.limited import limited
from service.api.openapi import openapi
from service.api.packing import Text, text_of
from service.api.pages import PAGE_CACHE, add_pages, measured_as, missing, sent
from service.api.problems import Handler, answered, problem
from service.api.readable import unreadable
from service.api.requests import BODY_MAX
from service.api.routes import add_routes
from service.clock import Clock
from service.metrics.metrics import Metrics
from service.primitives.ids import new_id

PAGES_OF_HALL = "/halls/{hall}"
"""A browser that opens one gets the cookie by which it is told from others."""

OF_FILES = OF_JSON | {
    "Cache-Control": PAGE_CACHE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
}


def make_app(parts: Mapping[web.AppKey[Any], Any]) -> web.Application:
    """Put the application together from the parts its handlers ask for."""
    around = _around(parts[CLOCK], parts[METRICS], are_limited=LIMITS in parts)
    app = web.Application(middlewares=[around], client_max_size=BODY_MAX)
    for key, part in parts.items():
        app[key] = part
    add_routes(app)
    app.router.add_get("/openapi.json", _describe)
    add_pages(app)
    app.on_response_prepare.append(_protect)
    return app


async def _describe(request: web.Request) -> web.StreamResponse:
    return sent(request, await asyncio.to_thread(_description))


@cache
def _description() -> Text:
    """All calls as JSON. Written when it is asked for first: it takes longer than all else that a start does here."""
    return text_of("application/json", msgspec.json.encode(openapi()).decode())


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    if over_tls(request):
        headers["Strict-Transport-Security"] = HSTS
    if headers.get("Server") == OF_JSON["Server"]:  # JSON has said it all from the start
        return
    json = isinstance(response, web.Response) and "json" in headers.get("Content-Type", "")
    headers["Server"] = OF_JSON["Server"]
    for name, value in (OF_JSON if json else OF_FILES).items():
        headers.setdefault(name, value)


def _around(clock: Clock, metrics: Metrics, *, are_limited: bool) -> Middleware:
    """Answer each request, and measure it by its route template, never by its address.

    One middleware does both: each there is costs every request.
    """

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        began_s = clock.monotonic_s()
        refusal = wrong_host(request) or unreadable(request)
        if refusal is not None:
            response: web.StreamResponse = problem(refusal, new_id())
        else:
            response = await answered(request, limited(handler) if are_limited else handler)
            if response.status == HTTPStatus.NOT_FOUND:
                response = missing(request) or response
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        if route.startswith(PAGES_OF_HALL) and response.status < HTTPStatus.BAD_REQUEST:
            await known_browser(request)
            give_cookie(request, response)
        method = request.method if request.method in _METHODS else "other"
        metrics.answered(method, measured_as(route), response.status, clock.monotonic_s() - began_s)
        return response

    return around


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
