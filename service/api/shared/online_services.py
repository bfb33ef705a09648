"""What is done online: the best visit is the one that is not needed, so those that were spared are counted."""

from typing import Literal

from aiohttp import web

from service.api.app_keys import METRICS, SENT_ONLINE
from service.domain.model import HallId
from service.domain.refusals import OnlineOnly

ReferredFrom = Literal["ticket", "slots", "appointment"]
"""What people asked for who are told where it is done online."""


class counting_online_referrals:  # noqa: N801  (used like a function, in `with`)
    """Counts it when what is asked inside is refused as done online."""

    __slots__ = ("_hall", "_request", "_service", "_via")

    def __init__(self, request: web.Request, hall: HallId, service: str, via: ReferredFrom) -> None:
        self._request = request
        self._hall = hall
        self._service = service
        self._via = via

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OnlineOnly):
            app = self._request.app
            app[METRICS].sent_online(self._hall, self._service, self._via)
            app[SENT_ONLINE].count(self._hall, self._service)
