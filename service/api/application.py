"""Build the aiohttp application: API operations, pages, and the middleware around all of them."""

import asyncio
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from service.api.access.browsers import browser_cookie, set_browser_cookie
from service.api.access.rate_limits import rate_limited
from service.api.app_keys import CLOCK, LIMITS, METRICS
from service.api.http.body import BODY_MAX
from service.api.http.client_address import HSTS, over_tls
from service.api.http.headers import header_refusal
from service.api.http.hosts import host_refusal
from service.api.http.json_response import JSON_HEADERS
from service.api.http.problems import Handler, problem, respond
from service.api.openapi import openapi
from service.api.pages.bundling import Text, text_of
from service.api.pages.serving import PAGE_CACHE, add_pages, metrics_route, not_found_page, text_response
from service.api.routes import add_routes
from service.clock import Clock
from service.metrics.metrics import Metrics
from service.primitives.ids import new_id

HALL_PAGES = "/halls/{hall}"
"""Path prefix of a hall's pages. A browser that opens one gets a cookie that identifies the browser."""

PAGE_HEADERS = JSON_HEADERS | {
    "Cache-Control": PAGE_CACHE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
}


def make_app(parts: Mapping[web.AppKey[Any], Any]) -> web.Application:
    """Build the application. `parts` are the parts of the service that handlers use, by their key."""
    middleware = _middleware(parts[CLOCK], parts[METRICS], are_limited=LIMITS in parts)
    app = web.Application(middlewares=[middleware], client_max_size=BODY_MAX)
    for key, part in parts.items():
        app[key] = part
    add_routes(app)
    app.router.add_get("/openapi.json", _openapi_json)
    add_pages(app)
    app.on_response_prepare.append(_add_security_headers)
    return app


async def _openapi_json(request: web.Request) -> web.StreamResponse:
    return text_response(request, await asyncio.to_thread(_openapi_text))


@cache
def _openapi_text() -> Text:
    """The OpenAPI description as JSON.

    Generated at the first request, because it takes longer than the rest of building the application.
    """
    return text_of("application/json", msgspec.json.encode(openapi()).decode())


async def _add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    if over_tls(request):
        headers["Strict-Transport-Security"] = HSTS
    if headers.get("Server") == JSON_HEADERS["Server"]:  # a `JsonResponse` has these headers already
        return
    json = isinstance(response, web.Response) and "json" in headers.get("Content-Type", "")
    headers["Server"] = JSON_HEADERS["Server"]
    for name, value in (JSON_HEADERS if json else PAGE_HEADERS).items():
        headers.setdefault(name, value)


def _middleware(clock: Clock, metrics: Metrics, *, are_limited: bool) -> Middleware:
    """Make the middleware that answers each request and records its metrics.

    Metrics are labelled with the route template, never with the request's path. One middleware does all, because each
    further middleware costs time in every request.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        began_s = clock.monotonic_s()
        refusal = host_refusal(request) or header_refusal(request)
        if refusal is not None:
            response: web.StreamResponse = problem(refusal, new_id())
        else:
            response = await respond(request, rate_limited(handler) if are_limited else handler)
            if response.status == HTTPStatus.NOT_FOUND:
                response = not_found_page(request) or response
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        if route.startswith(HALL_PAGES) and response.status < HTTPStatus.BAD_REQUEST:
            await browser_cookie(request)
            set_browser_cookie(request, response)
        method = request.method if request.method in _METHODS else "other"
        metrics.answered(method, metrics_route(route), response.status, clock.monotonic_s() - began_s)
        return response

    return answer


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
