"""The table of all operations of the API.

The router, `/openapi.json`, and the tests of routes and roles are made from it.

Source: CONTRACT 5.
"""

from aiohttp import web

from service import errors
from service.api.access.guard import guarded
from service.api.appointments import routes as appointments
from service.api.counters import routes as counters
from service.api.halls import routes as halls
from service.api.invitations import routes as invitations
from service.api.kiosks import routes as kiosks
from service.api.messages import routes as messages
from service.api.ops import routes as ops
from service.api.people import routes as people
from service.api.reports import routes as reports
from service.api.route import EVERYONE, HALL, Refusals, Route
from service.api.staff import routes as staff
from service.api.tickets import routes as tickets
from service.domain import refusals

ROUTES: tuple[Route, ...] = (
    *halls.HALLS,
    *appointments.ROUTES,
    *tickets.ROUTES,
    *counters.COUNTERS,
    *halls.FORECAST,
    *counters.DESK,
    *halls.DAY_CONTROL,
    *counters.ALARMS,
    *halls.DAY_END,
    *reports.HISTORY,
    *staff.STAFF,
    *invitations.ROUTES,
    *halls.LEARNED,
    *kiosks.ROUTES,
    *messages.ROUTES,
    *people.ROUTES,
    *reports.REPORTS,
    *staff.SESSIONS,
    *ops.ROUTES,
)


def possible_refusals(route: Route) -> Refusals:
    """List all refusals that an operation can answer.

    These are the refusals in `route.refuses`, and the refusals that follow from its path, method, body and roles.
    """
    found: list[type[refusals.Refusal]] = list(route.refuses)
    if "{hall}" in route.path:
        found += [refusals.HallNotFound, refusals.Busy, errors.StorageUnavailable, errors.OutcomeUnknown]
    if route.roles != EVERYONE:
        found += [errors.TokenMissing, errors.TokenInvalid, errors.Forbidden, errors.StorageUnavailable]
    elif route.method != "GET":
        found += [errors.TokenInvalid, errors.Forbidden, errors.StorageUnavailable]
    if route.method != "GET":
        found += [errors.BodyUnreadable, errors.BodyTooLarge, errors.MediaType, refusals.KeyReused]
    if route.method != "GET" or route.query:
        found.append(refusals.BodyInvalid)
    if route.path.startswith("/v1/"):
        found.append(errors.RateLimited)
    if route.method != "GET":
        found.append(errors.RequestTooSlow)
    found += [errors.Fault]
    return tuple(dict.fromkeys(found))


BUSY_PATHS = tuple(
    f"{HALL}/{path}"
    for path in (
        "tickets",
        "tickets/{ticket}",
        "counters/{counter}/next",
        "board",
        "appointments",
        "slots",
        "check-ins",
    )
)
"""The paths that get most requests at peak load, the most frequent first."""


def add_routes(app: web.Application) -> None:
    """Add every operation to the router.

    The router tries routes one after another, so `BUSY_PATHS` come first.
    """
    rank = {path: position for position, path in enumerate(BUSY_PATHS)}
    for route in sorted(ROUTES, key=lambda route: rank.get(route.path, len(BUSY_PATHS))):
        handler = guarded(
            route.method,
            route.roles,
            route.handler,
            route.open_by,
            at_optional=route.at_optional,
            in_any_hall=route.in_any_hall,
        )
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":
            app.router.add_head(route.path, handler)
