"""Routes of halls."""

from display.board import Board
from service import errors
from service.api.access.roles import Role
from service.api.halls import answers, day_control, day_forecast, documents, forms, handlers, learned
from service.api.route import CURSOR, EVERYONE, HALL, LIMIT, MANAGERS, Query, Route
from service.domain import refusals
from service.domain.hall.document import HallDocument

_ZONE = Query("zone", "A zone of the hall. The default is the whole hall.", {"type": "string"})
_DRY_RUN = Query("dry_run", "1 changes nothing and answers what would change.", {"type": "integer", "enum": [0, 1]})


HALLS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/halls",
        operation="halls_list",
        handler=handlers.list_,
        roles=EVERYONE,
        tag="halls",
        query=(LIMIT, CURSOR),
        answers={200: answers.HallList},
    ),
    Route(
        method="GET",
        path=HALL,
        operation="halls_show",
        handler=handlers.show,
        roles=EVERYONE,
        tag="halls",
        answers={200: answers.HallSeen},
    ),
    Route(
        method="GET",
        path=f"{HALL}/rules",
        operation="halls_rules",
        handler=handlers.rules,
        roles=EVERYONE,
        tag="halls",
        answers={200: answers.RulesSeen},
    ),
    Route(
        method="GET",
        path=f"{HALL}/board",
        operation="halls_board",
        handler=handlers.board,
        roles=EVERYONE,
        tag="halls",
        query=(_ZONE,),
        answers={200: Board},
    ),
    Route(
        method="GET",
        path=f"{HALL}/document",
        operation="documents_show",
        handler=documents.show,
        roles=MANAGERS,
        tag="document",
        answers={200: HallDocument, 304: None},
    ),
    Route(
        method="PUT",
        path=f"{HALL}/document",
        operation="documents_replace",
        handler=documents.replace,
        roles=MANAGERS,
        tag="document",
        query=(_DRY_RUN,),
        body=HallDocument,
        answers={200: (HallDocument, documents.DryRun)},
        refuses=(errors.DocumentConflict, errors.IfMatchMissing),
    ),
    Route(
        method="GET",
        path=f"{HALL}/entrance",
        operation="entrance_show",
        handler=handlers.show_entrance,
        roles=(Role.KIOSK, Role.STAFF),
        tag="halls",
        answers={200: answers.EntranceSeen},
    ),
)

FORECAST: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/forecast",
        operation="forecast_show",
        handler=day_forecast.show,
        roles=(Role.STAFF, Role.MANAGER, Role.OPS),
        tag="ops",
        answers={200: day_forecast.ForecastSeen},
    ),
)

DAY_CONTROL: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/notices",
        operation="halls_list_notices",
        handler=day_control.list_notices,
        roles=MANAGERS,
        tag="hall",
        query=(LIMIT, CURSOR),
        answers={200: answers.NoticeList},
    ),
    Route(
        method="POST",
        path=f"{HALL}/notices",
        operation="halls_post_notice",
        handler=day_control.post_notice,
        roles=MANAGERS,
        tag="hall",
        body=forms.NoticeForm,
        answers={201: answers.NoticeSeen},
    ),
    Route(
        method="DELETE",
        path=f"{HALL}/notices/{{notice}}",
        operation="halls_remove_notice",
        handler=day_control.remove_notice,
        roles=MANAGERS,
        tag="hall",
        answers={204: None},
        refuses=(refusals.NoticeNotFound,),
    ),
    Route(
        method="PUT",
        path=f"{HALL}/suspension",
        operation="halls_suspend",
        handler=day_control.suspend,
        roles=MANAGERS,
        tag="hall",
        body=forms.SuspensionForm,
        answers={200: answers.SuspensionSeen},
    ),
    Route(
        method="DELETE",
        path=f"{HALL}/suspension",
        operation="halls_lift_suspension",
        handler=day_control.lift_suspension,
        roles=MANAGERS,
        tag="hall",
        answers={200: answers.SuspensionSeen},
    ),
    Route(
        method="PUT",
        path=f"{HALL}/overtime",
        operation="halls_open_overtime",
        handler=day_control.open_overtime,
        roles=MANAGERS,
        tag="hall",
        body=forms.OvertimeForm,
        answers={200: answers.OvertimeNow},
        refuses=(refusals.HallClosed,),
    ),
    Route(
        method="DELETE",
        path=f"{HALL}/overtime",
        operation="halls_end_overtime",
        handler=day_control.end_overtime,
        roles=MANAGERS,
        tag="hall",
        answers={200: answers.OvertimeNow},
    ),
)

DAY_END: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{HALL}/day/close",
        operation="halls_close_day",
        handler=day_control.close_day,
        roles=MANAGERS,
        tag="hall",
        body=forms.CloseDayForm,
        answers={200: answers.DaySeen},
        refuses=(refusals.DayHasEnded, refusals.WrongDay),
    ),
)

LEARNED: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/learned",
        operation="learned_show",
        handler=learned.show,
        roles=(Role.MANAGER, Role.OPS),
        tag="hall",
        answers={200: learned.LearnedSeen},
    ),
)
