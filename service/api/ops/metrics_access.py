"""Access to the metrics of a process without the API, such as `display`.

Source: CONTRACT 5 (`GET /metrics`).
"""

from service.api.access.roles import Role
from service.clock import Clock
from service.config.settings import Settings
from service.credentials.signer import Signer
from service.identity.devices import TOKEN_FORM, Devices
from service.metrics.metrics import CONTENT_TYPE, Metrics


class MetricsAccess:
    """Returns the metrics to the admin and to devices with the role ops, or to everyone if the setting is on."""

    def __init__(self, settings: Settings, signer: Signer, devices: Devices, clock: Clock, metrics: Metrics) -> None:
        self._open = settings.metrics_open
        self._signer = signer
        self._devices = devices
        self._clock = clock
        self._metrics = metrics

    async def __call__(self, authorization: str | None) -> tuple[str, str] | None:
        """The content type and text of the metrics, or `None` if this Authorization header gives no access.

        Raises:
            StorageUnavailable: the device cannot be looked up.
        """
        if self._open or (authorization is not None and await self._is_allowed(authorization)):
            return CONTENT_TYPE, self._metrics.text().decode()
        return None

    async def _is_allowed(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.isascii():
            return False
        if self._signer.is_admin_token(token):
            return True
        device = None
        if TOKEN_FORM.fullmatch(token):
            device = await self._devices.find(token, self._clock.now_at())
        return device is not None and device.role == Role.OPS
