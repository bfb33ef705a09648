"""Routes of reports, the overview and the history."""

from service.api.access.roles import Role
from service.api.reports import hall_history, overview, period_report
from service.api.route import CURSOR, HALL, LIMIT, MANAGERS, OBSERVERS, ON, Query, Route

_ON_UTC = Query("on", "A date in UTC. The default is today.", {"type": "string", "format": "date"})
_DAY = Query("day", "A date of the hall. The default is today.", {"type": "string", "format": "date"})
_REPORT_FROM = Query("from", "The first date. The default is `to`, or today.", {"type": "string", "format": "date"})
_REPORT_TO = Query(
    "to", "The last date, at most 61 days later. The default is today.", {"type": "string", "format": "date"}
)
_HALLS_LIMIT = Query(
    "limit",
    "The number of halls. The default is 1000.",
    {"type": "integer", "minimum": 1, "maximum": overview.HALLS_MAX},
)


HISTORY: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/history",
        operation="audit_history",
        handler=hall_history.history,
        roles=MANAGERS,
        tag="hall",
        query=(ON, LIMIT, CURSOR),
        answers={200: hall_history.HallHistory},
    ),
)

REPORTS: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/report",
        operation="reports_show",
        handler=period_report.show,
        roles=OBSERVERS,
        tag="ops",
        query=(_DAY, _REPORT_FROM, _REPORT_TO),
        answers={200: period_report.Report},
    ),
    Route(
        method="GET",
        path=f"{HALL}/ops",
        operation="operations_show",
        handler=overview.show,
        roles=OBSERVERS,
        tag="ops",
        answers={200: overview.DayWatched},
    ),
    Route(
        method="PUT",
        path=f"{HALL}/screen",
        operation="operations_screen_seen",
        handler=overview.screen_seen,
        roles=(Role.KIOSK,),
        tag="ops",
        body=overview.ScreenForm,
        answers={204: None},
    ),
    Route(
        method="GET",
        path="/v1/ops",
        operation="operations_list",
        handler=overview.list_,
        roles=OBSERVERS,
        tag="ops",
        query=(_HALLS_LIMIT, CURSOR),
        answers={200: overview.HallsWatched, 304: None},
        in_any_hall=True,
    ),
    Route(
        method="GET",
        path="/v1/history",
        operation="audit_history_of_service",
        handler=hall_history.history_of_service,
        roles=(Role.ADMIN,),
        tag="ops",
        query=(_ON_UTC, LIMIT, CURSOR),
        answers={200: hall_history.HallHistory},
    ),
)
