"""The addresses of pages that are sent to people: each carries the token of what it shows, where no server sees it."""

from service.credentials.signer import Signer
from service.domain.model import AppointmentId, HallId, TicketId


class Links:
    """Makes addresses under the public one."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def hall(self, hall: HallId) -> str:
        """Where people book and take numbers."""
        return f"{self._public_url}/halls/{hall}"

    def appointment(self, hall: HallId, appointment: str) -> str:
        """Where its person sees, moves and cancels an appointment."""
        token = self._signer.appointment_token(hall, AppointmentId(appointment))
        return f"{self.hall(hall)}#appointment={appointment}&token={token}"

    def ticket(self, hall: HallId, ticket: str) -> str:
        """Where its person watches a ticket."""
        token = self._signer.ticket_token(hall, TicketId(ticket))
        return self.ticket_form.format(ticket=ticket, token=token)

    @property
    def ticket_form(self) -> str:
        """The same address with `{ticket}` and `{token}` in it, for a kiosk to fill in; short, for it is on slips."""
        return f"{self._public_url}/t/{{ticket}}#{{token}}"
