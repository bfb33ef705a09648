"""What a socket's URL path requests: a board or a ticket."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct
from websockets.typing import Subprotocol

from service.contract import HallId, TicketId, ZoneId

BOARD = Subprotocol("paihao.board.v1")
TICKET = Subprotocol("paihao.ticket.v1")

_PATH = re.compile(r"/v1/halls/([^/]+)/(?:board|tickets/([^/]+))")
_HALL = re.compile(r"[a-z0-9-]{1,64}")
_TICKET_ID = re.compile(r"[0-9a-f-]{36}")


class SocketTarget(Struct, frozen=True):
    """A ticket of a hall; if `ticket` is None, the board of a zone; if `zone` is None as well, that of the hall."""

    hall: HallId
    zone: ZoneId | None
    ticket: TicketId | None

    @property
    def subprotocol(self) -> Subprotocol:
        """The subprotocol of this kind of socket."""
        return BOARD if self.ticket is None else TICKET

    @property
    def valid_hall(self) -> bool:
        """Whether the hall's code has a valid form; the hall need not exist."""
        return _HALL.fullmatch(self.hall) is not None

    @property
    def valid_ticket(self) -> bool:
        """Whether the ticket's id has a valid form; the ticket need not exist."""
        return self.ticket is not None and _TICKET_ID.fullmatch(self.ticket) is not None


def parse_target(path: str) -> SocketTarget | None:
    """Parse the path and query of a request; return None if it is not the path of a socket."""
    try:
        parts = urlsplit(path)
    except ValueError:  # the path begins with // and an invalid host
        return None
    match = _PATH.fullmatch(parts.path)
    if match is None:
        return None
    hall, ticket = (None if part is None else unquote(part) for part in match.groups())
    zone = parse_qs(parts.query, keep_blank_values=True).get("zone", [""])[0]
    return SocketTarget(
        HallId(hall or ""), ZoneId(zone) if zone else None, None if ticket is None else TicketId(ticket.lower())
    )
