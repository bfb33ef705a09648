"""What handlers find in their application."""

from aiohttp import web

from service.clock import Clock
from service.config import Settings
from service.entrance import Entrance
from service.forecasts.maker import Maker
from service.halls import Halls
from service.identity.identity import Identity
from service.invitations.sheets import Workbooks
from service.invitations.store import Invitations
from service.journal.find import Finder
from service.known_tokens import KnownTokens
from service.lanes import Lanes
from service.limits.limits import Limits
from service.metrics import Metrics
from service.moves import Moves
from service.notify.managers import DeadLetters
from service.offers import Offers
from service.printing.printers import Printers
from service.privacy import Privacy
from service.ready import Readiness
from service.reports.online import SentOnline
from service.reports.overview import Overview
from service.reports.reports import Reports
from service.reports.screens import Screens
from service.signer import Signer

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
