"""The settings: environment variables `PAIHAO_*`, read once at the start.

`SETTINGS` is the list of them as data. The reference of settings, `check-config` and the tests read it. A name that is
not in the list is an error, so that a misspelt setting is noticed at the start. An empty value is the same as none.

Two settings are secrets that nobody has to choose: where `PAIHAO_ADMIN_TOKEN` or `PAIHAO_SECRET` is unset,
`secrets_of` makes one in the data folder. The value is written whole to a file of its own, flushed, and then linked
to its name: the link succeeds for one process only, and whoever comes later, or at the same moment, reads what the
first one made.

Nothing secret is ever shown: `repr` of `Settings` and `Secrets` leaves it out, and errors name the variable, never
the value of a secret one.
"""

import contextlib
import difflib
import ipaddress
import os
import re
import secrets
import tempfile
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, structs

PREFIX = "PAIHAO_"
LOG_LEVELS = ("debug", "info", "warning", "error")
RETENTION_DAYS_MAX = 3650
"""Ten years: whoever wants to keep names and phones for longer has mistyped."""

WEBHOOK_SECRET_BYTES_MIN = 24
SECRET_BYTES = 32
"""What is drawn for a secret that nobody chose."""

ADMIN_TOKEN_BYTES = 36
"""What is drawn for an admin token: 48 characters, for a ticket's token has 43, and another instance's admin token, or
one that was replaced, must not be taken for one."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting is unknown or cannot be used; the message is one line and names it."""


class Setting(Struct, frozen=True):
    """One line of the list of settings."""

    name: str
    default: str
    """In words where it is not a value."""
    meaning: str


SETTINGS = (
    Setting(
        "PAIHAO_DATABASE_URL",
        "the embedded PostgreSQL",
        "The PostgreSQL to use: postgresql://user:password@host/database",
    ),
    Setting("PAIHAO_DATA_DIR", "./var", "The folder for the embedded database, the admin token and the secret"),
    Setting("PAIHAO_HOST", "127.0.0.1", "The address to listen on; 0.0.0.0 is every one"),
    Setting("PAIHAO_PORT", "8080", "The port for pages and calls; 0 takes any free one"),
    Setting("PAIHAO_DISPLAY_PORT", "8081", "The port for the sockets of screens and tickets; 0 takes any free one"),
    Setting(
        "PAIHAO_PUBLIC_URL", "http://HOST:PORT", "The address people reach us at: in mails, QR codes and calendars"
    ),
    Setting(
        "PAIHAO_DISPLAY_URL",
        "the page's own host with PAIHAO_DISPLAY_PORT",
        "The address pages reach the sockets at: wss://screens.example",
    ),
    Setting(
        "PAIHAO_ADMIN_TOKEN",
        "made once, in the data folder's admin-token",
        "The bearer token of the role admin",
    ),
    Setting(
        "PAIHAO_SECRET",
        "made once, in the data folder's secret",
        "The key of all tokens but the admin's; after a comma an older one that is still accepted",
    ),
    Setting(
        "PAIHAO_TRUSTED_PROXIES",
        "none",
        "Addresses or networks, with commas, whose X-Forwarded-For is believed: 10.0.0.0/8,::1",
    ),
    Setting("PAIHAO_RATE_LIMIT", "off", "on limits how much one address may ask for: on or off"),
    Setting(
        "PAIHAO_METRICS_OPEN",
        "1 with the embedded PostgreSQL, otherwise 0",
        "Whether /metrics and the detail of /readyz need no token: 0 or 1",
    ),
    Setting(
        "PAIHAO_DEMO_ALWAYS_OPEN",
        "0",
        "Whether the demo hall is made open around the clock, with all its counters: 0 or 1",
    ),
    Setting("PAIHAO_NATS_URL", "PostgreSQL's NOTIFY", "The NATS server that wakes followers: nats://host:4222"),
    Setting(
        "PAIHAO_SMTP_URL", "no mail is sent", "The mail server: smtp://user:password@host:587, or smtps://host:465"
    ),
    Setting("PAIHAO_MAIL_FROM", "none", "The sender of mails: hall@city.example"),
    Setting(
        "PAIHAO_WEBHOOK_URL",
        "no webhook is sent",
        "Where messages are posted that a gateway sends on as text messages: https://sms.example/paihao",
    ),
    Setting(
        "PAIHAO_WEBHOOK_SECRET", "none", "The secret that webhooks are signed with: whsec_ and 24 to 64 bytes in base64"
    ),
    Setting(
        "PAIHAO_PRINTERS",
        "none",
        "Network printers of kiosks, with commas: HALL/KIOSK=HOST:PORT:PROFILE, a profile of python-escpos, with "
        "+gb18030 where the printer has Chinese characters of its own",
    ),
    Setting("PAIHAO_OIDC_ISSUER", "no single sign-on", "The OpenID Connect provider staff sign in with"),
    Setting("PAIHAO_OIDC_CLIENT_ID", "none", "Our client id at that provider"),
    Setting("PAIHAO_OIDC_CLIENT_SECRET", "none", "Our client secret at that provider"),
    Setting("PAIHAO_RETENTION_DAYS", "30", "Days after their last visit until a person's name and contacts are erased"),
    Setting("PAIHAO_LOG_LEVEL", "info", "The least severe lines to log: debug, info, warning or error"),
)


class NetworkPrinter(Struct, frozen=True):
    """A printer of ESC/POS: of the kiosk of this name, in this hall; `gb18030`: it has Chinese characters."""

    hall: str
    kiosk: str
    host: str
    port: int
    profile: str
    gb18030: bool = False


class Settings(Struct, frozen=True, kw_only=True):
    """What `load` read; the fields are the settings' names in small letters, without the prefix."""

    database_url: str | None = None
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8080
    display_port: int = 8081
    public_url: str = ""
    display_url: str | None = None
    admin_token: str | None = None
    secret: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    rate_limit: bool = False
    metrics_open: bool = False
    demo_always_open: bool = False
    nats_url: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    printers: tuple[NetworkPrinter, ...] = ()
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    retention_days: int = 30
    log_level: str = "info"

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        hidden = {name: "(hidden)" for name in HIDDEN if getattr(self, name) is not None}
        return list((structs.asdict(self) | hidden).items())


NEEDS = (
    ("smtp_url", "mail_from", ""),
    ("smtp_url", "public_url", ": messages link to it"),
    ("webhook_url", "webhook_secret", ""),
    ("webhook_url", "public_url", ": messages link to it"),
    ("oidc_issuer", "oidc_client_id", ""),
)
"""Which setting needs which other, and why where that has to be said."""

HIDDEN = frozenset(
    # The URLs may carry passwords.
    {
        "database_url",
        "nats_url",
        "smtp_url",
        "webhook_url",
        "admin_token",
        "secret",
        "webhook_secret",
        "oidc_client_secret",
    },
)


class Secrets(Struct, frozen=True):
    """The admin's token, and the keys of tokens: the first one signs, all of them verify."""

    admin_token: str
    secrets: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Secrets()"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a `PAIHAO_*` that does not exist, a value that cannot be used, or one that needs another.
    """
    known = [setting.name for setting in SETTINGS]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"{name} is not a setting{suggestion(name, known)}")

    values: dict[str, Any] = {
        field: parsed(name, environ[name].strip())
        for name, field in ((name, name.removeprefix(PREFIX).lower()) for name in known)
        if environ.get(name, "").strip()
    }
    values["data_dir"] = values.get("data_dir", Path("var")).absolute()
    values.setdefault("metrics_open", "database_url" not in values)
    settings = Settings(**values)
    if not settings.public_url:
        settings = structs.replace(settings, public_url=own_url(settings.host, settings.port))

    if settings.port == settings.display_port != 0:
        raise SettingsError("PAIHAO_PORT and PAIHAO_DISPLAY_PORT must differ")
    for field, needed, why in NEEDS:
        if field in values and needed not in values:
            raise SettingsError(f"{PREFIX}{field.upper()} needs {PREFIX}{needed.upper()}{why}")
    if settings.webhook_url is not None and not is_safe(settings.webhook_url):
        raise SettingsError("PAIHAO_WEBHOOK_URL must be https: phone numbers go there")
    if settings.oidc_issuer is not None and not is_safe(settings.oidc_issuer):
        raise SettingsError("PAIHAO_OIDC_ISSUER must be https: who can change what it says can be anybody here")
    return settings


def is_safe(address_: str) -> bool:
    """Tell whether nobody on the way to an address can listen, or answer in its place: by TLS, or on this machine."""
    parts = urlsplit(address_)
    return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}


def suggestion(name: str, known: list[str]) -> str:
    """Name the nearest setting, where one is near."""
    bare = [one.removeprefix(PREFIX) for one in known]  # the prefix all share would make everything near
    nearest = difflib.get_close_matches(name.removeprefix(PREFIX).upper(), bare, n=1)
    return f"; did you mean {PREFIX}{nearest[0]}?" if nearest else "; docs/reference/settings.md lists them all"


def own_url(host: str, port: int) -> str:
    """Make the address that a browser on this machine would use."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  (compared, not bound)
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def parsed(name: str, text: str) -> object:
    """Turn the text of one setting into its value.

    Raises:
        SettingsError: the text is not of the setting's kind; the message shows it unless it is secret.
    """
    field = name.removeprefix(PREFIX).lower()
    parser, expected = KINDS[field]
    try:
        return parser(text)
    except ValueError:
        got = "" if field in HIDDEN else f", not {text!r}"
        raise SettingsError(f"{name} must be {expected}{got}") from None


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make a parser of whole numbers within bounds, both included."""

    def parse(text: str) -> int:
        number = int(text)
        if not text.isascii() or not least <= number <= most:
            raise ValueError(text)
        return number

    return parse


def one_of(values: Mapping[str, object]) -> Callable[[str], object]:
    """Make a parser of words."""

    def parse(text: str) -> object:
        try:
            return values[text.lower()]
        except KeyError:
            raise ValueError(text) from None

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """Make a parser of URLs; a slash at the end is dropped."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname or (parts.port or 1) < 1:
            raise ValueError(text)
        return text.rstrip("/")

    return parse


def database_url(text: str) -> str:
    """Parse the address of a PostgreSQL: of any number of hosts with commas between them, each with its port or not."""
    parts = urlsplit(text)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    if parts.scheme not in {"postgresql", "postgres"} or not all(urlsplit(f"//{host}").port != 0 for host in hosts):
        raise ValueError(text)
    return text.rstrip("/")


def web_url(text: str) -> str:
    """Parse the address of pages: nothing may follow its path."""
    parts = urlsplit(text)
    if parts.query or parts.fragment or parts.username:
        raise ValueError(text)
    return url("http", "https")(text)


def socket_url(text: str) -> str:
    """Parse the address of sockets; http and https are taken for ws and wss."""
    given = url("ws", "wss", "http", "https")(text)
    return "ws" + given.removeprefix("http") if given.startswith("http") else given


def networks(text: str) -> tuple[Network, ...]:
    """Parse addresses and networks with commas between them."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))


def visible(text: str) -> str:
    """Parse a token or secret: visible ASCII, so that it fits into a header."""
    if not all("!" <= character <= "~" for character in text):
        raise ValueError(text)
    return text


def secrets_with_commas(text: str) -> str:
    """Parse secrets with commas between them, the one that signs first."""
    if not all(visible(one.strip()) for one in text.split(",")):
        raise ValueError(text)
    return text


def webhook_secret(text: str) -> str:
    """Parse a secret of Standard Webhooks: `whsec_`, which may be left out, and 24 to 64 bytes in base64."""
    if not WEBHOOK_SECRET_BYTES_MIN <= len(b64decode(text.removeprefix("whsec_"), validate=True)) <= 64:
        raise ValueError(text)
    return text


def address(text: str) -> str:
    """Parse a mail address, roughly: the mail server has the last word."""
    name, at, domain = text.rpartition("@")
    if not (name and at and domain) or any(character.isspace() for character in text):
        raise ValueError(text)
    return text


_PRINTER = re.compile(
    r"(?P<hall>[a-z0-9-]{1,32})/(?P<kiosk>[^=,/]{1,100})=(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:\[\],]+):(?P<port>[0-9]{1,5})"
    r":(?P<profile>[A-Za-z0-9-]+)(?P<gb18030>\+gb18030)?"
)


def printers_of(text: str) -> tuple[NetworkPrinter, ...]:
    """Parse printers with commas between them; a kiosk has one."""
    found = []
    for part in text.split(","):
        match = _PRINTER.fullmatch(part.strip())
        if match is None:
            raise ValueError(text)
        port = whole(1, 65535)(match["port"])
        host = match["host"].strip("[]")
        kiosk = match["kiosk"].strip()
        found.append(NetworkPrinter(match["hall"], kiosk, host, port, match["profile"], match["gb18030"] is not None))
    if len({(printer.hall, printer.kiosk) for printer in found}) < len(found):
        raise ValueError(text)
    return tuple(found)


SWITCH = (one_of({"0": False, "1": True}), "0 or 1")
PORT = (whole(0, 65535), "a port, 0 to 65535")

KINDS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "database_url": (database_url, "postgresql://user:password@host/database"),
    "data_dir": (Path, "a folder"),
    "host": (visible, "an address or host name"),
    "port": PORT,
    "display_port": PORT,
    "public_url": (web_url, "an address like https://hall.example"),
    "display_url": (socket_url, "an address like wss://screens.example"),
    "admin_token": (visible, "visible ASCII characters"),
    "secret": (secrets_with_commas, "one secret of visible ASCII characters, or several with commas between them"),
    "trusted_proxies": (networks, "addresses or networks like 10.0.0.0/8,::1"),
    "rate_limit": (one_of({"off": False, "on": True, "0": False, "1": True}), "on or off"),
    "metrics_open": SWITCH,
    "demo_always_open": SWITCH,
    "nats_url": (url("nats", "tls", "ws", "wss"), "an address like nats://host:4222"),
    "smtp_url": (url("smtp", "smtps"), "an address like smtp://user:password@host:587"),
    "mail_from": (address, "a mail address"),
    "webhook_url": (url("https", "http"), "an address like https://sms.example/paihao"),
    "printers": (printers_of, "kiosks and their printers, like demo/door=10.0.0.9:9100:TM-T88V, each once"),
    "webhook_secret": (webhook_secret, "whsec_ and 24 to 64 bytes in base64"),
    "oidc_issuer": (url("https", "http"), "the address of an OpenID Connect provider"),
    "oidc_client_id": (visible, "visible ASCII characters"),
    "oidc_client_secret": (visible, "visible ASCII characters"),
    "retention_days": (whole(1, RETENTION_DAYS_MAX), f"a number of days, 1 to {RETENTION_DAYS_MAX}"),
    "log_level": (one_of({level: level for level in LOG_LEVELS}), ", ".join(LOG_LEVELS[:-1]) + f" or {LOG_LEVELS[-1]}"),
}


def has_secret(settings: Settings) -> bool:
    """Tell whether there is a secret already: `secrets_of` would make none."""
    return settings.secret is not None or (settings.data_dir / "secret").exists()


def secret_source(settings: Settings) -> str:
    """Where the secret comes from, for somebody who looks for it."""
    return "PAIHAO_SECRET" if settings.secret is not None else str(settings.data_dir / "secret")


def secrets_of(settings: Settings) -> Secrets:
    """Take the secrets from the settings, or from the data folder, where they are made once.

    Raises:
        SettingsError: a file of them cannot be read or written, or holds nothing usable.
    """
    keys = settings.secret or kept(settings.data_dir / "secret", SECRET_BYTES)
    split = tuple(key.strip().encode() for key in keys.split(","))
    if not all(split):
        raise SettingsError("PAIHAO_SECRET must be one secret, or two or more with a comma between them")
    return Secrets(settings.admin_token or kept(settings.data_dir / "admin-token", ADMIN_TOKEN_BYTES), split)


def kept(path: Path, drawn_bytes: int) -> str:
    """Read a secret from its file; whoever comes first draws it and makes the file, mode 600, all at once."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            make_once(path, secrets.token_urlsafe(drawn_bytes))
        return visible(path.read_text(encoding="ascii").strip() or " ")
    except OSError as failure:
        raise SettingsError(f"{path} cannot be used: {failure.strerror}") from failure
    except ValueError:
        raise SettingsError(f"{path} must hold visible ASCII characters; remove it to have a new one made") from None


def make_once(path: Path, text: str) -> None:
    """Make a file with this text, durably, unless another process made one first."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
