"""What handlers find in their application."""

from aiohttp import web

from service.clock import Clock
from service.config import Settings
from service.halls import Halls
from service.identity.identity import Identity
from service.journal.find import Finder
from service.lanes import Lanes
from service.metrics import Metrics
from service.ready import Readiness
from service.web.auth import Signer

CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
DISPLAY_PORT: web.AppKey[int] = web.AppKey("display_port", int)
FINDER: web.AppKey[Finder] = web.AppKey("finder", Finder)
HALLS: web.AppKey[Halls] = web.AppKey("halls", Halls)
IDENTITY: web.AppKey[Identity] = web.AppKey("identity", Identity)
LANES: web.AppKey[Lanes] = web.AppKey("lanes", Lanes)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
