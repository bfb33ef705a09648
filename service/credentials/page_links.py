"""URLs of pages that are sent to people. Each has a token in its fragment, which browsers do not send to servers."""

from service.credentials.signer import Signer
from service.domain.model import AppointmentId, HallId, TicketId


class Links:
    """Builds URLs under the public URL of the service."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def hall(self, hall: HallId) -> str:
        """Return the URL of the page where people book and take tickets."""
        return f"{self._public_url}/halls/{hall}"

    def appointment(self, hall: HallId, appointment: str) -> str:
        """Return the URL of the page that shows, moves and cancels an appointment."""
        token = self._signer.appointment_token(hall, AppointmentId(appointment))
        return f"{self.hall(hall)}#appointment={appointment}&token={token}"

    def ticket(self, hall: HallId, ticket: str) -> str:
        """Return the URL of the page that shows a ticket."""
        token = self._signer.ticket_token(hall, TicketId(ticket))
        return self.ticket_form.format(ticket=ticket, token=token)

    @property
    def ticket_form(self) -> str:
        """The URL of a ticket with placeholders `{ticket}` and `{token}`, for kiosks. Short, because it is on slips."""
        return f"{self._public_url}/t/{{ticket}}#{{token}}"
