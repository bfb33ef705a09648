"""What handlers find in their application."""

from typing import TYPE_CHECKING

from aiohttp import web

from service.clock import Clock
from service.config import Settings
from service.entrance import Entrance
from service.halls import Halls
from service.identity.identity import Identity
from service.journal.find import Finder
from service.lanes import Lanes
from service.metrics import Metrics
from service.ready import Readiness
from service.web.auth import Signer

if TYPE_CHECKING:
    from service.limits.limits import Limits

CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
DISPLAY_PORT: web.AppKey[int] = web.AppKey("display_port", int)
ENTRANCE: web.AppKey[Entrance] = web.AppKey("entrance", Entrance)
FINDER: web.AppKey[Finder] = web.AppKey("finder", Finder)
HALLS: web.AppKey[Halls] = web.AppKey("halls", Halls)
IDENTITY: web.AppKey[Identity] = web.AppKey("identity", Identity)
LANES: web.AppKey[Lanes] = web.AppKey("lanes", Lanes)
LIMITS: "web.AppKey[Limits]" = web.AppKey("limits")
"""Only where PAIHAO_RATE_LIMIT is on, and loaded only there."""

METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
