"""Keys of the parts of the service that handlers read from their aiohttp application."""

from aiohttp import web

from service.booking.availability import Availability
from service.booking.rescheduling import Moves
from service.clock import Clock
from service.config.settings import Settings
from service.credentials.presence_codes import Entrance
from service.credentials.signer import Signer
from service.credentials.ticket_tokens import KnownTokens
from service.forecasts.forecast_updater import ForecastUpdater
from service.identity.identity import Identity
from service.invitations.sheets import Workbooks
from service.invitations.store import Invitations
from service.journal.search import Finder
from service.limits.rate_limiter import RateLimiter
from service.metrics.metrics import Metrics
from service.notify.dead_letters import DeadLetters
from service.printing.printers import Printers
from service.privacy.data_requests import DataRequests
from service.reports.day_reports import DayReports
from service.reports.missing_screens import Screens
from service.reports.online_requests import OnlineRequests
from service.reports.overview import Overview
from service.runtime.halls import Halls
from service.runtime.lanes import Lanes
from service.runtime.readiness import Readiness

CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
DISPLAY_PORT: web.AppKey[int] = web.AppKey("display_port", int)
ENTRANCE: web.AppKey[Entrance] = web.AppKey("entrance", Entrance)
FINDER: web.AppKey[Finder] = web.AppKey("finder", Finder)
FORECASTER: web.AppKey[ForecastUpdater] = web.AppKey("forecaster", ForecastUpdater)
HALLS: web.AppKey[Halls] = web.AppKey("halls", Halls)
IDENTITY: web.AppKey[Identity] = web.AppKey("identity", Identity)
INVITATIONS: web.AppKey[Invitations] = web.AppKey("invitations", Invitations)
KNOWN_TOKENS: web.AppKey[KnownTokens] = web.AppKey("known_tokens", KnownTokens)
LANES: web.AppKey[Lanes] = web.AppKey("lanes", Lanes)
LIMITS: web.AppKey[RateLimiter] = web.AppKey("limits", RateLimiter)
"""Absent if PAIHAO_RATE_LIMIT is off."""

MESSAGES: web.AppKey[DeadLetters] = web.AppKey("messages", DeadLetters)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
PRIVACY: web.AppKey[DataRequests] = web.AppKey("privacy", DataRequests)
MOVES: web.AppKey[Moves] = web.AppKey("moves", Moves)
AVAILABILITY: web.AppKey[Availability] = web.AppKey("availability", Availability)
OVERVIEW: web.AppKey[Overview] = web.AppKey("overview", Overview)
PRINTERS: web.AppKey[Printers] = web.AppKey("printers", Printers)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
REPORTS: web.AppKey[DayReports] = web.AppKey("reports", DayReports)
SCREENS: web.AppKey[Screens] = web.AppKey("screens", Screens)
SENT_ONLINE: web.AppKey[OnlineRequests] = web.AppKey("sent_online", OnlineRequests)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
WORKBOOKS: web.AppKey[Workbooks] = web.AppKey("workbooks", Workbooks)
