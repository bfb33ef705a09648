"""What is done online: the best visit is the one that is not needed, so those that were spared are counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from aiohttp import web

from service.domain.model import HallId
from service.domain.refusals import OnlineOnly
from service.web.keys import METRICS, SENT_ONLINE

Via = Literal["ticket", "slots", "appointment"]
"""What people asked for who are told where it is done online."""


@contextmanager
def counting_online(request: web.Request, hall: HallId, service: str, via: Via) -> Iterator[None]:
    """Count it when what is asked inside is refused as done online."""
    try:
        yield
    except OnlineOnly:
        request.app[METRICS].sent_online(hall, service, via)
        request.app[SENT_ONLINE].count(hall, service)
        raise
