"""Limit the rate of API requests if `PAIHAO_RATE_LIMIT` is on.

Staff and kiosks are not limited: twenty counters behind one address send more requests than the visitors. Partners and
volunteers are limited by credential, all other callers by address. An invalid credential counts as none. Only paths
under `/v1/` are counted. Pages and their files are cheap, and a browser requests many of them at once.
"""

from aiohttp import web

from service.api.access.guard import visitor
from service.api.access.roles import VISITOR_ROLES, Role
from service.api.app_keys import LIMITS
from service.api.http.client_address import address_of, subscriber_of
from service.api.http.problems import Handler
from service.errors import Forbidden
from service.limits.rules import REQUESTS_PER_ADDRESS, REQUESTS_PER_CREDENTIAL

UNLIMITED_ROLES = frozenset({Role.KIOSK, Role.STAFF, Role.MANAGER, Role.OPS, Role.ADMIN})


def rate_limited(handler: Handler) -> Handler:
    """Wrap a handler so that it raises RateLimited beyond the limits."""

    async def limit(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            await _count(request)
        return await handler(request)

    return limit


async def _count(request: web.Request) -> None:
    try:
        caller = await visitor(request)
    except Forbidden:  # a page of another site caused the request, so its cookie does not count
        caller = None
    if caller is None or caller.role in VISITOR_ROLES:
        await request.app[LIMITS].spend(REQUESTS_PER_ADDRESS, subscriber_of(address_of(request)))
    elif caller.role not in UNLIMITED_ROLES:
        await request.app[LIMITS].spend(REQUESTS_PER_CREDENTIAL, caller.credential)
