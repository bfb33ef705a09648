"""Limits of use before every call, where `PAIHAO_RATE_LIMIT` is on.

Who works at the hall is not limited, nor are its kiosks: twenty counters behind one address ask more often than their
visitors. Partners and volunteers are limited by their credential, everybody else by address; a credential that nobody
has counts as none. Pages and their files are not counted, they cost little and a browser asks for many at once; nor are
health and metrics.
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
    """Put the limits before a handler. It raises RateLimited besides what the handler does."""

    async def limit(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            await _count(request)
        return await handler(request)

    return limit


async def _count(request: web.Request) -> None:
    try:
        who = await visitor(request)
    except Forbidden:  # another site's page made a browser send its cookie
        who = None
    if who is None or who.role in VISITOR_ROLES:
        await request.app[LIMITS].spend(REQUESTS_PER_ADDRESS, subscriber_of(address_of(request)))
    elif who.role not in UNLIMITED_ROLES:
        await request.app[LIMITS].spend(REQUESTS_PER_CREDENTIAL, who.credential)
