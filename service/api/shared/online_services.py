"""Count requests that are referred to an online service, so that reports show how many visits were saved."""

from typing import Literal

from aiohttp import web

from service.api.app_keys import METRICS, SENT_ONLINE
from service.domain.model import HallId
from service.domain.refusals import OnlineOnly

ReferredFrom = Literal["ticket", "slots", "appointment"]
"""The kind of request that was refused with the address of the online service."""


class counting_online_referrals:  # noqa: N801  (used like a function, in `with`)
    """Context manager that counts a referral if the code inside raises OnlineOnly."""

    __slots__ = ("_hall", "_request", "_service", "_via")

    def __init__(self, request: web.Request, hall: HallId, service: str, via: ReferredFrom) -> None:
        self._request = request
        self._hall = hall
        self._service = service
        self._via = via

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OnlineOnly):
            app = self._request.app
            app[METRICS].sent_online(self._hall, self._service, self._via)
            app[SENT_ONLINE].count(self._hall, self._service)
