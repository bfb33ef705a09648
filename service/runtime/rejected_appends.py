"""Turn an append that the database rejected into the answer to its command."""

from collections.abc import Callable
from datetime import date

import structlog

from service.domain.model import HallId
from service.domain.refusals import AlreadyBooked, Busy, CodeNotFound, CodeUsed, KeyReused, Refusal
from service.errors import Fault
from service.journal.faults import ConstraintBroken, RecordsRefused

REFUSAL_OF_CONSTRAINT: dict[str, Callable[[], Refusal]] = {
    "code_once_per_hall": Busy,  # one code in a million collides; the client's next try draws another
    "appointment_code_once_per_hall": Busy,
    "person_limit_kept": AlreadyBooked,
    "person_within_limit": AlreadyBooked,
    "person_once_per_start": AlreadyBooked,
    "conditional_used_once": CodeUsed,
    "invitation_used_once": CodeUsed,
    "revoked_is_unused": CodeNotFound,  # the invitation was revoked after it was read
    "booking_done_once": KeyReused,  # another request used the key on another day
}
"""The refusal for each violated constraint. A violation of any other constraint is an error of the program.

`slot_not_oversold` is missing because a committed append was decided with all bookings of the day.
`command_done_once` is missing because such an append was decided with all earlier commands of the day; the violating
command might also be the same request again, which needs an answer and not a refusal.
"""

CROSS_DAY_CONSTRAINTS = frozenset({"person_limit_kept"})
"""Constraints that an append of another day may just have violated: the ordinal is taken, another one may be free."""

log = structlog.get_logger(__name__)


def refusal_for(rejected: ConstraintBroken | RecordsRefused, hall: HallId, on: date) -> Exception:
    """Return the answer to the command of a rejected append: a refusal for known constraints, otherwise `Fault`."""
    if isinstance(rejected, ConstraintBroken) and rejected.name in REFUSAL_OF_CONSTRAINT:
        return REFUSAL_OF_CONSTRAINT[rejected.name]()
    log.error("append_rejected", hall=hall, day=str(on), why=type(rejected).__name__, rule=violated_rule(rejected))
    return Fault()


def violated_rule(rejected: ConstraintBroken | RecordsRefused) -> str | None:
    """Return the name of the violated constraint, or the sqlstate of a value that cannot be stored."""
    return rejected.name if isinstance(rejected, ConstraintBroken) else rejected.sqlstate
