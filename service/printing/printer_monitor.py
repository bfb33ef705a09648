"""Check all printers periodically, so that staff learn of an empty paper roll before the next slip is needed."""

import structlog

from service.clock import Clock
from service.config.values import NetworkPrinter
from service.domain.commands import ReportPrinter
from service.domain.model import HallId
from service.domain.refusals import HallNotFound
from service.identity.devices import Devices
from service.primitives.ids import NIL, new_id
from service.printing.printers import Printers
from service.runtime.fault_isolation import isolated
from service.runtime.lane_registry import SYSTEM
from service.runtime.lanes import Lanes
from service.runtime.requests import Request

CHECK_EVERY_S = 60
DEVICES_MAX = 1000
"""Number of devices of a hall among which the kiosk is searched by name."""

log = structlog.get_logger(__name__)


class PrinterMonitor:
    """Checks all printers and reports their states."""

    def __init__(self, printers: Printers, devices: Devices, lanes: Lanes, clock: Clock) -> None:
        self._printers = printers
        self._devices = devices
        self._lanes = lanes
        self._clock = clock

    async def check(self) -> None:
        """Query the state of every printer, and report it to its hall."""
        for printer in self._printers.known.values():
            with isolated("printer_not_reported", printer.hall, kiosk=printer.kiosk):
                try:
                    await self._report(printer)
                except HallNotFound:
                    log.warning("printer_of_no_hall", hall=printer.hall, kiosk=printer.kiosk)

    async def _report(self, printer: NetworkPrinter) -> None:
        devices = await self._devices.of_hall(printer.hall, NIL, DEVICES_MAX)
        kiosks = (device for device in devices if device.name == printer.kiosk and device.role == "kiosk")
        device = next(kiosks, None)
        if device is None:
            log.warning("printer_of_no_kiosk", hall=printer.hall, kiosk=printer.kiosk)
            return
        command = ReportPrinter(device.id, device.name, await self._printers.state(printer))
        request = Request(command=command, command_id=new_id(), actor=SYSTEM, now_at=self._clock.now_at())
        await self._lanes.do(HallId(printer.hall), request)
