"""Answer refusals and faults as `application/problem+json`.

Source: CONTRACT 2, RFC 9457.
"""

from collections.abc import Awaitable, Callable

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from service.api.http.json_response import JsonResponse
from service.domain.refusals import Refusal
from service.errors import (
    BodyTooLarge,
    Fault,
    MethodNotAllowed,
    RateLimited,
    RequestTooSlow,
    RouteNotFound,
    TokenInvalid,
    TokenMissing,
)
from service.primitives.ids import new_id

RETRY_AFTER_S = 1
"""`Retry-After` in seconds, for refusals without a time of their own."""

PROBLEM = "application/problem+json"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


def problem(refusal: Refusal, request_id: str) -> web.Response:
    """Encode a refusal as a problem. `request_id` becomes `instance`, the id of this occurrence."""
    body = {
        "type": f"/problems/{refusal.code}",
        "title": refusal.title(),
        "status": refusal.status,
        "code": refusal.code,
        "instance": f"urn:uuid:{request_id}",
        **refusal.fields,
    }
    headers: dict[str, str] = {}
    if refusal.status in {429, 503}:
        headers["Retry-After"] = str(refusal.retry_after_s if isinstance(refusal, RateLimited) else RETRY_AFTER_S)
    if isinstance(refusal, TokenMissing | TokenInvalid):
        headers["WWW-Authenticate"] = "Bearer"
    response = JsonResponse(msgspec.json.encode(body), refusal.status, headers, PROBLEM)
    if isinstance(refusal, RequestTooSlow):
        response.force_close()
    return response


async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Call a handler and answer its exceptions as problems. Unexpected exceptions are logged with the request's id."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return problem(refusal, new_id())
    except web.HTTPRequestEntityTooLarge:
        return problem(BodyTooLarge(), new_id())
    except (web.HTTPNotFound, web.HTTPForbidden):  # aiohttp raises HTTPForbidden for a folder of static files
        return problem(RouteNotFound(), new_id())
    except web.HTTPMethodNotAllowed as refused:
        response = problem(MethodNotAllowed(), new_id())
        response.headers["Allow"] = ", ".join(sorted(refused.allowed_methods))
        return response
    except web.HTTPException:
        raise
    except Exception:
        request_id = new_id()
        route = request.match_info.route.resource
        log.exception("fault", request_id=request_id, method=request.method, route=route and route.canonical)
        return problem(Fault(), request_id)


class Problem(Struct, frozen=True, kw_only=True):
    """A problem (RFC 9457). Some codes have further fields."""

    type: str
    title: str
    status: int
    code: str
    instance: str
