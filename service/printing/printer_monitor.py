"""Looking at the printers now and then, so that staff hear of an empty roll before the next person stands there."""

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
"""Devices of a hall that are searched for the kiosk of a name."""

log = structlog.get_logger(__name__)


class PrinterMonitor:
    """The pass over all printers."""

    def __init__(self, printers: Printers, devices: Devices, lanes: Lanes, clock: Clock) -> None:
        self._printers = printers
        self._devices = devices
        self._lanes = lanes
        self._clock = clock

    async def look(self) -> None:
        """Ask every printer how it is, and report it in its hall."""
        for printer in self._printers.known.values():
            with isolated("printer_not_reported", printer.hall, kiosk=printer.kiosk):
                try:
                    await self._report(printer)
                except HallNotFound:
                    log.warning("printer_of_no_hall", hall=printer.hall, kiosk=printer.kiosk)

    async def _report(self, printer: NetworkPrinter) -> None:
        devices = await self._devices.of_hall(printer.hall, NIL, DEVICES_MAX)
        device = next((one for one in devices if one.name == printer.kiosk and one.role == "kiosk"), None)
        if device is None:
            log.warning("printer_of_no_kiosk", hall=printer.hall, kiosk=printer.kiosk)
            return
        command = ReportPrinter(device.id, device.name, await self._printers.look(printer))
        request = Request(command=command, command_id=new_id(), actor=SYSTEM, now_at=self._clock.now_at())
        await self._lanes.do(HallId(printer.hall), request)
