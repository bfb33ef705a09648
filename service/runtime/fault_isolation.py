"""Run a job for every hall. An error in one hall is logged and does not stop the others."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.domain.refusals import Refusal
from service.journal.faults import JournalFault

Reraised = type[Exception] | tuple[type[Exception], ...]

log = structlog.get_logger(__name__)


@contextmanager
def isolated(event: str, hall: str, *, reraise: Reraised = (), **more: str) -> Iterator[None]:
    """Log an exception of the work for one hall, and suppress it.

    A refusal or a fault of the journal is a warning. Any other exception is logged as an error with its traceback.

    Args:
        event: the event of the log line.
        hall: the hall that the work is for.
        reraise: exceptions that do not concern this hall alone; they are not suppressed.
        more: further fields of the log line.
    """
    try:
        yield
    except reraise:
        raise
    except (Refusal, JournalFault) as refused:
        log.warning(event, hall=hall, why=str(refused), **more)
    except Exception:
        log.exception(event, hall=hall, **more)
