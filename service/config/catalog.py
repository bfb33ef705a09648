"""The list of settings as data: the reference of settings, `check-config`, `load` and the tests read it."""

from msgspec import Struct

PREFIX = "PAIHAO_"
LOG_LEVELS = ("debug", "info", "warning", "error")

RETENTION_DAYS_MAX = 3650
"""Ten years; a larger number is taken for a typing error."""


class Setting(Struct, frozen=True):
    """A setting. `default` is the value, or a description if there is none."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting(
        "PAIHAO_DATABASE_URL",
        "the embedded PostgreSQL",
        "The PostgreSQL database to use: postgresql://user:password@host/database",
    ),
    Setting(
        "PAIHAO_DATA_DIR",
        "./var",
        "The folder of the embedded database, and of a generated admin token and secret",
    ),
    Setting("PAIHAO_HOST", "127.0.0.1", "The address or host name to listen on; 0.0.0.0 listens on all IPv4 addresses"),
    Setting("PAIHAO_PORT", "8080", "The port of the pages and the HTTP API, 0 to 65535; 0 takes any free port"),
    Setting(
        "PAIHAO_DISPLAY_PORT",
        "8081",
        "The port of the WebSockets of screens and tickets, 0 to 65535; 0 takes any free port. Must differ from "
        "PAIHAO_PORT",
    ),
    Setting(
        "PAIHAO_PUBLIC_URL",
        "http://HOST:PORT",
        "The address at which people reach the pages: used in messages, QR codes and calendars. Required for messages",
    ),
    Setting(
        "PAIHAO_DISPLAY_URL",
        "the page's own host with PAIHAO_DISPLAY_PORT",
        "The address at which pages reach the WebSockets: wss://screens.example",
    ),
    Setting(
        "PAIHAO_ADMIN_TOKEN",
        "generated once, in the file admin-token of the data folder",
        "The bearer token of the role admin: visible ASCII characters",
    ),
    Setting(
        "PAIHAO_SECRET",
        "generated once, in the file secret of the data folder",
        "The key from which all tokens but the admin's are derived: visible ASCII characters. NEW,OLD replaces a "
        "secret: the first signs, all are accepted",
    ),
    Setting(
        "PAIHAO_TRUSTED_PROXIES",
        "none",
        "The proxies whose X-Forwarded-For header is trusted: addresses or networks, separated by commas, such as "
        "10.0.0.0/8,::1",
    ),
    Setting("PAIHAO_RATE_LIMIT", "off", "Limit the requests and sockets of each client address: on or off"),
    Setting(
        "PAIHAO_METRICS_OPEN",
        "1 with the embedded PostgreSQL, otherwise 0",
        "Serve /metrics and the details of /readyz without a token: 0 or 1",
    ),
    Setting(
        "PAIHAO_DEMO_ALWAYS_OPEN",
        "0",
        "Open the demo hall around the clock, with all its counters, unless its document was edited: 0 or 1",
    ),
    Setting(
        "PAIHAO_NATS_URL",
        "PostgreSQL's NOTIFY",
        "The NATS server that tells processes of new events, instead of NOTIFY: nats://host:4222",
    ),
    Setting(
        "PAIHAO_SMTP_URL",
        "no mail is sent",
        "The mail server: smtp://user:password@host:587 or smtps://host:465. Needs PAIHAO_MAIL_FROM and "
        "PAIHAO_PUBLIC_URL",
    ),
    Setting("PAIHAO_MAIL_FROM", "none", "The sender address of mails: hall@city.example"),
    Setting(
        "PAIHAO_WEBHOOK_URL",
        "no webhook is sent",
        "The address of a text message gateway, to which messages are posted: https://sms.example/paihao. Needs "
        "PAIHAO_WEBHOOK_SECRET and PAIHAO_PUBLIC_URL",
    ),
    Setting(
        "PAIHAO_WEBHOOK_SECRET",
        "none",
        "The secret with which webhooks are signed (Standard Webhooks): whsec_ and 24 to 64 bytes in base64",
    ),
    Setting(
        "PAIHAO_PRINTERS",
        "none",
        "The network printers of kiosks, separated by commas: HALL/KIOSK=HOST:PORT:PROFILE with a profile of "
        "python-escpos; add +gb18030 for a printer with built-in Chinese characters",
    ),
    Setting(
        "PAIHAO_OIDC_ISSUER",
        "no single sign-on",
        "The OpenID Connect provider for staff: https://login.example. Needs PAIHAO_OIDC_CLIENT_ID",
    ),
    Setting("PAIHAO_OIDC_CLIENT_ID", "none", "The client id at that provider"),
    Setting("PAIHAO_OIDC_CLIENT_SECRET", "none", "The client secret at that provider"),
    Setting(
        "PAIHAO_RETENTION_DAYS",
        "30",
        f"Days after the last visit until a person's name and contacts are erased, 1 to {RETENTION_DAYS_MAX}",
    ),
    Setting("PAIHAO_LOG_LEVEL", "info", "The least severe log lines to write: debug, info, warning or error"),
)
