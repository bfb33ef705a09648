"""Refusals: expected answers when the rules of the hall do not allow a command.

A refusal has a stable `code` for programs, a title for people (the first line of its docstring), and extra fields that
help to continue. Any other exception in `decide` is a bug.

Source: CONTRACT 2.
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818  (the term of the domain; it is not an error of the program)
    """The rules do not allow this now."""

    status: ClassVar[int] = 409
    code: ClassVar[str]
    decided: bool = False
    """True if a day refused the command. A day looks up the idempotency key first, so it did not run there before."""

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401  (JSON values; each subclass names its own fields)
        super().__init__(self.code)
        self.fields = fields

    @classmethod
    def title(cls) -> str:
        """Return the title that people read."""
        return (cls.__doc__ or "").strip().splitlines()[0]


class WrongState(Refusal):
    """This is not possible in the current state."""

    code = "wrong-state"

    def __init__(self, state: str) -> None:
        super().__init__(state=state)


class CounterBusy(Refusal):
    """There is still a person at this counter. Finish or park the ticket first."""

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
    """The hall is suspended. Service continues afterwards without any action."""

    code = "hall-suspended"

    def __init__(self, text: dict[str, str]) -> None:
        super().__init__(text=text)


class OnlineOnly(Refusal):
    """This service is online only. No visit is needed."""

    code = "online-only"

    def __init__(self, url: str) -> None:
        super().__init__(url=url)


class AlreadyWaiting(Refusal):
    """This browser already has a number for a visit that is not over."""

    code = "already-waiting"

    def __init__(self, ticket: str) -> None:
        super().__init__(ticket=ticket)


class HallFull(Refusal):
    """The hall is full for today. These times can be booked."""

    code = "hall-full"

    def __init__(self, slots: list[dict[str, Any]], overtime: dict[str, Any] | None) -> None:
        super().__init__(slots=slots, overtime=overtime)


class SlotFull(Refusal):
    """This time is fully booked. Please choose another time."""

    code = "slot-full"

    def __init__(self, slots: list[dict[str, Any]]) -> None:
        super().__init__(slots=slots)


class SlotNotOffered(Refusal):
    """This time cannot be booked."""

    code = "slot-not-offered"


class AlreadyBooked(Refusal):
    """This person already has an appointment. It can be changed or cancelled."""

    code = "already-booked"


class HoldExpired(Refusal):
    """The hold on this place has expired. Please book again."""

    code = "hold-expired"


class HoldLimit(Refusal):
    """Too many places are held. Confirm one, or wait until a hold expires."""

    code = "hold-limit"


class CodeUsed(Refusal):
    """This code has already been used."""

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
    """The time of this appointment is over. Please take a number or book again."""

    code = "appointment-missed"


class NumberNotLeased(Refusal):
    """This kiosk does not have this number, or has issued a later one."""

    code = "number-not-leased"


class NumberNotReported(Refusal):
    """This number is valid. It will appear when its kiosk is online again."""

    code = "number-not-reported"

    def __init__(self, number: str) -> None:
        super().__init__(number=number)


class LeaseLimit(Refusal):
    """This kiosk has reached its limit of numbers for today."""

    code = "lease-limit"


class OnlyAtOptionalStages(Refusal):
    """Volunteers may do this only at counters of an optional stage."""

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
    """The request contains invalid values."""

    status = 422
    code = "body-invalid"

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(errors=[{"path": path, "why": why} for path, why in errors])


class KeyReused(Refusal):
    """This idempotency key was already used for another request."""

    status = 422
    code = "idempotency-key-reused"


class Busy(Refusal):
    """The service is busy. Please try again in a moment."""

    status = 503
    code = "busy"


class DayHasEnded(Refusal):
    """This day has ended."""

    code = "wrong-state"

    def __init__(self) -> None:
        super().__init__(state="ended")
