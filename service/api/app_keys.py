"""What handlers find in their application."""

from aiohttp import web

from service.booking.availability import Offers
from service.booking.rescheduling import Moves
from service.clock import Clock
from service.config import Settings
from service.credentials.presence_codes import Entrance
from service.credentials.signer import Signer
from service.credentials.ticket_tokens import KnownTokens
from service.forecasts.maker import Maker
from service.identity.identity import Identity
from service.invitations.sheets import Workbooks
from service.invitations.store import Invitations
from service.journal.search import Finder
from service.limits.limits import Limits
from service.metrics.metrics import Metrics
from service.notify.undeliverable import DeadLetters
from service.printing.printers import Printers
from service.privacy.data_requests import Privacy
from service.reports.missing_screens import Screens
from service.reports.online_requests import SentOnline
from service.reports.overview import Overview
from service.reports.reports import Reports
from service.runtime.halls import Halls
from service.runtime.lanes import Lanes
from service.runtime.readiness import Readiness

CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
DISPLAY_PORT: web.AppKey[int] = web.AppKey("display_port", int)
ENTRANCE: web.AppKey[Entrance] = web.AppKey("entrance", Entrance)
FINDER: web.AppKey[Finder] = web.AppKey("finder", Finder)
FORECASTER: web.AppKey[Maker] = web.AppKey("forecaster", Maker)
HALLS: web.AppKey[Halls] = web.AppKey("halls", Halls)
IDENTITY: web.AppKey[Identity] = web.AppKey("identity", Identity)
INVITATIONS: web.AppKey[Invitations] = web.AppKey("invitations", Invitations)
KNOWN_TOKENS: web.AppKey[KnownTokens] = web.AppKey("known_tokens", KnownTokens)
LANES: web.AppKey[Lanes] = web.AppKey("lanes", Lanes)
LIMITS: web.AppKey[Limits] = web.AppKey("limits", Limits)
"""Only where PAIHAO_RATE_LIMIT is on."""

MESSAGES: web.AppKey[DeadLetters] = web.AppKey("messages", DeadLetters)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
PRIVACY: web.AppKey[Privacy] = web.AppKey("privacy", Privacy)
MOVES: web.AppKey[Moves] = web.AppKey("moves", Moves)
OFFERS: web.AppKey[Offers] = web.AppKey("offers", Offers)
OVERVIEW: web.AppKey[Overview] = web.AppKey("overview", Overview)
PRINTERS: web.AppKey[Printers] = web.AppKey("printers", Printers)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
REPORTS: web.AppKey[Reports] = web.AppKey("reports", Reports)
SCREENS: web.AppKey[Screens] = web.AppKey("screens", Screens)
SENT_ONLINE: web.AppKey[SentOnline] = web.AppKey("sent_online", SentOnline)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
WORKBOOKS: web.AppKey[Workbooks] = web.AppKey("workbooks", Workbooks)
