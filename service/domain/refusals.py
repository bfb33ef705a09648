"""Refusals: what the rules of the hall say no to.

A refusal is expected: it has a stable `code` for programs, its docstring as title for people, and what helps to go on
as extra fields. Anything else that goes wrong in `decide` is a fault of ours.

Source: CONTRACT 2.
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818  (the domain's word; it is not an error of the program)
    """The rules do not allow this now."""

    status: ClassVar[int] = 409
    code: ClassVar[str]
    decided: bool = False
    """Whether a day has decided so. A day looks for the request's key first, so it was not done there before."""

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401  (whatever JSON holds; each subclass names its own)
        super().__init__(self.code)
        self.fields = fields

    @classmethod
    def title(cls) -> str:
        """The sentence people read."""
        return (cls.__doc__ or "").strip().splitlines()[0]


class WrongState(Refusal):
    """Not possible in the state this is in."""

    code = "wrong-state"

    def __init__(self, state: str) -> None:
        super().__init__(state=state)


class CounterBusy(Refusal):
    """This counter still has a person; finish or park them first."""

    code = "counter-busy"

    def __init__(self, ticket: str) -> None:
        super().__init__(ticket=ticket)


class CounterClosed(Refusal):
    """This counter is not open."""

    code = "counter-closed"


class HallClosed(Refusal):
    """The hall is not open for this now."""

    code = "hall-closed"

    def __init__(self, opens_at: str | None) -> None:
        super().__init__(opens_at=opens_at)


class HallSuspended(Refusal):
    """The hall is suspended; everything goes on by itself afterwards."""

    code = "hall-suspended"

    def __init__(self, text: dict[str, str]) -> None:
        super().__init__(text=text)


class OnlineOnly(Refusal):
    """This is done online; no visit is needed."""

    code = "online-only"

    def __init__(self, url: str) -> None:
        super().__init__(url=url)


class AlreadyWaiting(Refusal):
    """This browser has a number whose visit is not over."""

    code = "already-waiting"

    def __init__(self, ticket: str) -> None:
        super().__init__(ticket=ticket)


class HallFull(Refusal):
    """Nobody more can be served today; these times can be booked."""

    code = "hall-full"

    def __init__(self, slots: list[dict[str, Any]], overtime: dict[str, Any] | None) -> None:
        super().__init__(slots=slots, overtime=overtime)


class SlotFull(Refusal):
    """This time is full; others are free."""

    code = "slot-full"

    def __init__(self, slots: list[dict[str, Any]]) -> None:
        super().__init__(slots=slots)


class SlotNotOffered(Refusal):
    """This time cannot be booked."""

    code = "slot-not-offered"


class AlreadyBooked(Refusal):
    """This person has an appointment; it can be changed or cancelled."""

    code = "already-booked"


class HoldExpired(Refusal):
    """The place was held for a while, and that is over; book again."""

    code = "hold-expired"


class HoldLimit(Refusal):
    """Too many places are held; confirm one, or wait until a hold is over."""

    code = "hold-limit"


class CodeUsed(Refusal):
    """This code has been used."""

    code = "code-used"


class WrongDay(Refusal):
    """This is for another day."""

    code = "wrong-day"

    def __init__(self, on: str) -> None:
        super().__init__(on=on)


class TooEarly(Refusal):
    """It is too early to check in for this appointment."""

    code = "too-early"

    def __init__(self, opens_at: str) -> None:
        super().__init__(opens_at=opens_at)


class AppointmentMissed(Refusal):
    """The time of this appointment is over; please take a number or book again."""

    code = "appointment-missed"


class NumberNotLeased(Refusal):
    """This kiosk has no such number to give out today, or gave out a later one."""

    code = "number-not-leased"


class NumberNotReported(Refusal):
    """This number is valid; it will be known when the kiosk that gave it is back."""

    code = "number-not-reported"

    def __init__(self, number: str) -> None:
        super().__init__(number=number)


class LeaseLimit(Refusal):
    """This kiosk has as many numbers in stock as one may have in a day."""

    code = "lease-limit"


class OnlyAtOptionalStages(Refusal):
    """Volunteers may do this at counters of an optional stage only."""

    status = 403
    code = "forbidden"


class HallNotFound(Refusal):
    """There is no such hall."""

    status = 404
    code = "hall-not-found"


class ServiceNotFound(Refusal):
    """This hall has no such service."""

    status = 404
    code = "service-not-found"


class CounterNotFound(Refusal):
    """This hall has no such counter."""

    status = 404
    code = "counter-not-found"


class TicketNotFound(Refusal):
    """There is no such ticket."""

    status = 404
    code = "ticket-not-found"


class AppointmentNotFound(Refusal):
    """There is no such appointment."""

    status = 404
    code = "appointment-not-found"


class CodeNotFound(Refusal):
    """This hall has no such code."""

    status = 404
    code = "code-not-found"


class NoticeNotFound(Refusal):
    """There is no such notice."""

    status = 404
    code = "notice-not-found"


class AlarmNotFound(Refusal):
    """There is no such alarm."""

    status = 404
    code = "alarm-not-found"


class BodyInvalid(Refusal):
    """The request says something that cannot be."""

    status = 422
    code = "body-invalid"

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(errors=[{"path": path, "why": why} for path, why in errors])


class KeyReused(Refusal):
    """This idempotency key was used for another request."""

    status = 422
    code = "idempotency-key-reused"


class Busy(Refusal):
    """Too much at once; try again in a moment."""

    status = 503
    code = "busy"


class DayHasEnded(Refusal):
    """This day has ended."""

    code = "wrong-state"

    def __init__(self) -> None:
        super().__init__(state="ended")
