"""Many halls in one pass: what goes wrong in one of them is said, and the next has its turn."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.domain.refusals import Refusal
from service.journal.faults import JournalFault

Through = type[Exception] | tuple[type[Exception], ...]

log = structlog.get_logger(__name__)


@contextmanager
def apart(what: str, hall: str, *, through: Through = (), **more: str) -> Iterator[None]:
    """Do what is to be done for one hall of many; what keeps it from being done is logged, and stops no other hall.

    A refusal, or a journal that cannot be asked now, is a warning; anything else is a fault of ours, with its trace.

    Args:
        what: the event of the log.
        hall: whose work it is.
        through: what is no matter of this hall alone, and raised.
        more: what else the log says.
    """
    try:
        yield
    except through:
        raise
    except (Refusal, JournalFault) as refused:
        log.warning(what, hall=hall, why=str(refused), **more)
    except Exception:
        log.exception(what, hall=hall, **more)
