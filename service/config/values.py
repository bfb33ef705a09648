"""Parsers of the values of settings, one per setting (`KINDS`). Each raises ValueError for a text it cannot use."""

import ipaddress
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from service.config.catalog import LOG_LEVELS, RETENTION_DAYS_MAX

WEBHOOK_SECRET_BYTES_MIN, WEBHOOK_SECRET_BYTES_MAX = 24, 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NetworkPrinter(Struct, frozen=True):
    """The ESC/POS printer of a kiosk in a hall. `gb18030`: it has built-in Chinese characters."""

    hall: str
    kiosk: str
    host: str
    port: int
    profile: str
    gb18030: bool = False


def integer(least: int, most: int) -> Callable[[str], int]:
    """Make a parser of whole numbers from `least` to `most`, both included."""

    def parse(text: str) -> int:
        number = int(text)
        if not text.isascii() or not least <= number <= most:
            raise ValueError(text)
        return number

    return parse


def one_of(values: Mapping[str, object]) -> Callable[[str], object]:
    """Make a parser of a fixed set of words, in any case."""

    def parse(text: str) -> object:
        try:
            return values[text.lower()]
        except KeyError:
            raise ValueError(text) from None

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """Make a parser of URLs with these schemes. A trailing slash is dropped."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname or (parts.port or 1) < 1:
            raise ValueError(text)
        return text.rstrip("/")

    return parse


def database_url(text: str) -> str:
    """Parse a PostgreSQL URL. It may name several hosts, separated by commas, each with an optional port."""
    parts = urlsplit(text)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    if parts.scheme not in {"postgresql", "postgres"} or not all(urlsplit(f"//{host}").port != 0 for host in hosts):
        raise ValueError(text)
    return text.rstrip("/")


def web_url(text: str) -> str:
    """Parse the base address of the pages: http or https, without query, fragment and user."""
    parts = urlsplit(text)
    if parts.query or parts.fragment or parts.username:
        raise ValueError(text)
    return url("http", "https")(text)


def socket_url(text: str) -> str:
    """Parse the address of the WebSockets; http and https become ws and wss."""
    given = url("ws", "wss", "http", "https")(text)
    return "ws" + given.removeprefix("http") if given.startswith("http") else given


def networks(text: str) -> tuple[Network, ...]:
    """Parse addresses and networks, separated by commas."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))


def visible_ascii(text: str) -> str:
    """Parse a token or secret of visible ASCII characters, so that it fits into an HTTP header."""
    if not all("!" <= character <= "~" for character in text):
        raise ValueError(text)
    return text


def secrets_with_commas(text: str) -> str:
    """Parse one or more secrets, separated by commas. The first one signs."""
    if not all(visible_ascii(secret.strip()) for secret in text.split(",")):
        raise ValueError(text)
    return text


def webhook_secret(text: str) -> str:
    """Parse a secret of Standard Webhooks: 24 to 64 bytes in base64, with or without the prefix `whsec_`."""
    size = len(b64decode(text.removeprefix("whsec_"), validate=True))
    if not WEBHOOK_SECRET_BYTES_MIN <= size <= WEBHOOK_SECRET_BYTES_MAX:
        raise ValueError(text)
    return text


def mail_address(text: str) -> str:
    """Parse a mail address. Only its rough form is checked; the mail server checks the rest."""
    name, at, domain = text.rpartition("@")
    if not (name and at and domain) or any(character.isspace() for character in text):
        raise ValueError(text)
    return text


_PRINTER = re.compile(
    r"(?P<hall>[a-z0-9-]{1,32})/(?P<kiosk>[^=,/]{1,100})=(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:\[\],]+):(?P<port>[0-9]{1,5})"
    r":(?P<profile>[A-Za-z0-9-]+)(?P<gb18030>\+gb18030)?"
)


def network_printers(text: str) -> tuple[NetworkPrinter, ...]:
    """Parse printers, separated by commas. A kiosk has at most one."""
    found = []
    for part in text.split(","):
        match = _PRINTER.fullmatch(part.strip())
        if match is None:
            raise ValueError(text)
        port = integer(1, 65535)(match["port"])
        host = match["host"].strip("[]")
        kiosk = match["kiosk"].strip()
        found.append(NetworkPrinter(match["hall"], kiosk, host, port, match["profile"], match["gb18030"] is not None))
    if len({(printer.hall, printer.kiosk) for printer in found}) < len(found):
        raise ValueError(text)
    return tuple(found)


SWITCH = (one_of({"0": False, "1": True}), "0 or 1")
PORT = (integer(0, 65535), "a port, 0 to 65535")

KINDS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "database_url": (database_url, "postgresql://user:password@host/database"),
    "data_dir": (Path, "a folder"),
    "host": (visible_ascii, "an address or host name"),
    "port": PORT,
    "display_port": PORT,
    "public_url": (web_url, "an address like https://hall.example"),
    "display_url": (socket_url, "an address like wss://screens.example"),
    "admin_token": (visible_ascii, "visible ASCII characters"),
    "secret": (secrets_with_commas, "one secret of visible ASCII characters, or several with commas between them"),
    "trusted_proxies": (networks, "addresses or networks like 10.0.0.0/8,::1"),
    "rate_limit": (one_of({"off": False, "on": True, "0": False, "1": True}), "on or off"),
    "metrics_open": SWITCH,
    "demo_always_open": SWITCH,
    "nats_url": (url("nats", "tls", "ws", "wss"), "an address like nats://host:4222"),
    "smtp_url": (url("smtp", "smtps"), "an address like smtp://user:password@host:587"),
    "mail_from": (mail_address, "a mail address"),
    "webhook_url": (url("https", "http"), "an address like https://sms.example/paihao"),
    "printers": (network_printers, "kiosks and their printers, like demo/door=10.0.0.9:9100:TM-T88V, each once"),
    "webhook_secret": (webhook_secret, "whsec_ and 24 to 64 bytes in base64"),
    "oidc_issuer": (url("https", "http"), "the address of an OpenID Connect provider"),
    "oidc_client_id": (visible_ascii, "visible ASCII characters"),
    "oidc_client_secret": (visible_ascii, "visible ASCII characters"),
    "retention_days": (integer(1, RETENTION_DAYS_MAX), f"a number of days, 1 to {RETENTION_DAYS_MAX}"),
    "log_level": (one_of({level: level for level in LOG_LEVELS}), ", ".join(LOG_LEVELS[:-1]) + f" or {LOG_LEVELS[-1]}"),
}
"""The parser of each setting, and the words for its values in an error. Keys are the fields of `Settings`."""
