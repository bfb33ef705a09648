"""Problems: refusals and faults as `application/problem+json`, in one place.

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
"""Where the refusal does not know better."""

PROBLEM = "application/problem+json"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


def problem(refusal: Refusal, request_id: str) -> web.Response:
    """Write a refusal as a problem; `instance` names this one occurrence."""
    body = {
        "type": f"/problems/{refusal.code}",
        "title": refusal.title(),
        "status": refusal.status,
        "code": refusal.code,
        "instance": f"urn:uuid:{request_id}",
        **refusal.fields,
    }
    more: dict[str, str] = {}
    if refusal.status in {429, 503}:
        more["Retry-After"] = str(refusal.retry_after_s if isinstance(refusal, RateLimited) else RETRY_AFTER_S)
    if isinstance(refusal, TokenMissing | TokenInvalid):
        more["WWW-Authenticate"] = "Bearer"
    response = JsonResponse(msgspec.json.encode(body), refusal.status, more, PROBLEM)
    if isinstance(refusal, RequestTooSlow):
        response.force_close()
    return response


async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask a handler; what it raises becomes a problem, and what nobody expected is logged with the request's id."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return problem(refusal, new_id())
    except web.HTTPRequestEntityTooLarge:
        return problem(BodyTooLarge(), new_id())
    except (web.HTTPNotFound, web.HTTPForbidden):  # the latter for a folder of files
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
    """RFC 9457; more fields as the code says."""

    type: str
    title: str
    status: int
    code: str
    instance: str
