"""Routes of invitations."""

from service.api.access.roles import Role
from service.api.invitations import answers, handlers
from service.api.route import CURSOR, HALL, LIMIT, Query, Route
from service.domain import refusals
from service.invitations.guests import GuestsForm

_INVITERS = (Role.PARTNER, Role.MANAGER)
_BATCH = Query("batch", "The `batch` in the answer of an import.", {"type": "string", "format": "uuid"})
_MODE = Query(
    "mode",
    "all (the default) stores nothing if a line has an error; good stores the lines without errors.",
    {"type": "string", "enum": ["all", "good"]},
)
_RELEASES_AT = Query(
    "releases_at",
    "Until when the invitations give a right to the places reserved for the partner.",
    {"type": "string", "format": "date-time"},
)
_PARTNER = Query(
    "partner",
    "The partner's device id if a manager imports. The default is the hall itself.",
    {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
)


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{HALL}/invitations",
        operation="invitations_import",
        handler=handlers.import_,
        roles=_INVITERS,
        tag="invitations",
        query=(_MODE, _RELEASES_AT, _PARTNER),
        body=GuestsForm,
        files=(handlers.CSV_TYPE, handlers.XLSX_TYPE),
        answers={201: answers.InvitationsGiven},
    ),
    Route(
        method="GET",
        path=f"{HALL}/invitations",
        operation="invitations_list",
        handler=handlers.list_,
        roles=_INVITERS,
        tag="invitations",
        query=(_BATCH, LIMIT, CURSOR),
        answers={200: answers.InvitationList},
    ),
    Route(
        method="GET",
        path=f"{HALL}/invitations/batches",
        operation="invitations_batches",
        handler=handlers.batches,
        roles=_INVITERS,
        tag="invitations",
        query=(LIMIT, CURSOR),
        answers={200: answers.BatchList},
    ),
    Route(
        method="GET",
        path=f"{HALL}/invitations.csv",
        operation="invitations_file",
        handler=handlers.file,
        roles=_INVITERS,
        tag="invitations",
        query=(_BATCH,),
        answers={200: str},
        media_type=handlers.CSV_TYPE,
    ),
    Route(
        method="GET",
        path=f"{HALL}/invitations/sheet",
        operation="invitations_sheet",
        handler=handlers.sheet,
        roles=_INVITERS,
        tag="invitations",
        query=(_BATCH, CURSOR),
        answers={200: str},
        media_type="text/html",
    ),
    Route(
        method="DELETE",
        path=f"{HALL}/invitations/{{invitation}}",
        operation="invitations_revoke",
        handler=handlers.revoke,
        roles=_INVITERS,
        tag="invitations",
        answers={204: None},
        refuses=(refusals.CodeNotFound, refusals.CodeUsed),
    ),
)
