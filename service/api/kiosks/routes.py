"""Routes of kiosks."""

from typing import Any

from msgspec import Struct

from service import errors
from service.api.access.roles import Role
from service.api.http.problems import Handler
from service.api.kiosks import answers, forms, handlers
from service.api.route import HALL, Route
from service.domain import refusals

_KIOSK = (Role.KIOSK,)


def _of_kiosk(
    name: str,
    operation: str,
    handler: Handler,
    body: type[Struct],
    answered: dict[int, Any],
    *more: type[refusals.Refusal],
) -> Route:
    return Route(
        method="POST",
        path=f"{HALL}/devices/{{device}}/{name}",
        operation=operation,
        handler=handler,
        roles=_KIOSK,
        tag="kiosks",
        body=body,
        answers=answered,
        refuses=(errors.DeviceNotFound, *more),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{HALL}/kiosk",
        operation="kiosks_show",
        handler=handlers.show,
        roles=_KIOSK,
        tag="kiosks",
        answers={200: answers.KioskSeen},
        refuses=(errors.DeviceNotFound,),
    ),
    _of_kiosk(
        "lease",
        "kiosks_lease",
        handlers.lease,
        forms.LeaseForm,
        {201: answers.Leased},
        refusals.HallClosed,
        refusals.LeaseLimit,
    ),
    _of_kiosk(
        "tickets", "kiosks_report", handlers.report, forms.ReportForm, {200: answers.Reported}, refusals.NumberNotLeased
    ),
    _of_kiosk("status", "kiosks_paper", handlers.paper, forms.PaperForm, {200: answers.PaperSeen}),
    _of_kiosk(
        "slips",
        "kiosks_print_slip",
        handlers.print_slip,
        forms.SlipForm,
        {200: answers.PaperSeen},
        refusals.TicketNotFound,
        errors.PrinterNotFound,
    ),
)
