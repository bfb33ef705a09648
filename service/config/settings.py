"""Reading the settings.

A variable `PAIHAO_*` that is not in the catalog is an error, so that a misspelt setting is noticed at the start. An
empty value counts as unset. `repr` hides secrets, and errors never show the value of a secret setting.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, structs

from service.config.catalog import PREFIX, SETTINGS
from service.config.values import KINDS, Network, NetworkPrinter


class SettingsError(Exception):
    """A setting is unknown or unusable. The message is one line and names it."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings. A field is the name of its variable in lower case, without the prefix; `SETTINGS` explains it."""

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
        """Whether the embedded PostgreSQL is used."""
        return self.database_url is None

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        hidden = {name: "(hidden)" for name in HIDDEN if getattr(self, name) is not None}
        return list((structs.asdict(self) | hidden).items())


REQUIRES = (
    ("smtp_url", "mail_from", ""),
    ("smtp_url", "public_url", ": messages link to it"),
    ("webhook_url", "webhook_secret", ""),
    ("webhook_url", "public_url", ": messages link to it"),
    ("oidc_issuer", "oidc_client_id", ""),
)
"""A setting, another one that it requires, and the reason, if it is not obvious, for the error."""

HIDDEN = frozenset(
    {
        "database_url",  # URLs may contain passwords
        "nats_url",
        "smtp_url",
        "webhook_url",
        "admin_token",
        "secret",
        "webhook_secret",
        "oidc_client_secret",
    },
)
"""Settings whose values are never shown."""


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Raises:
        SettingsError: a `PAIHAO_*` does not exist, has an unusable value, or lacks a setting that it requires.
    """
    known = [setting.name for setting in SETTINGS]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"{name} is not a setting{_suggestion(name, known)}")

    values: dict[str, Any] = {
        field: _parse(name, environ[name].strip())
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
    for field, required, reason in REQUIRES:
        if field in values and required not in values:
            raise SettingsError(f"{PREFIX}{field.upper()} needs {PREFIX}{required.upper()}{reason}")
    if settings.webhook_url is not None and not is_confidential(settings.webhook_url):
        raise SettingsError("PAIHAO_WEBHOOK_URL must be https: phone numbers are sent there")
    if settings.oidc_issuer is not None and not is_confidential(settings.oidc_issuer):
        raise SettingsError("PAIHAO_OIDC_ISSUER must be https: whoever alters its answers could sign in as anyone")
    return settings


def is_confidential(address: str) -> bool:
    """Tell whether traffic to an address cannot be read or altered on its way: it uses TLS or stays on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}


def own_url(host: str, port: int) -> str:
    """Return the address at which a browser on this machine reaches a port."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  (compared, not bound)
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _suggestion(name: str, known: list[str]) -> str:
    """Return the end of the error for an unknown setting: the most similar name, if there is one."""
    names = [setting.removeprefix(PREFIX) for setting in known]  # the common prefix would make all names similar
    nearest = difflib.get_close_matches(name.removeprefix(PREFIX).upper(), names, n=1)
    return f"; did you mean {PREFIX}{nearest[0]}?" if nearest else "; docs/reference/settings.md lists them all"


def _parse(name: str, text: str) -> object:
    """Parse the text of a setting.

    Raises:
        SettingsError: the text is not of the setting's kind; the message shows it unless the setting is secret.
    """
    field = name.removeprefix(PREFIX).lower()
    parser, expected = KINDS[field]
    try:
        return parser(text)
    except ValueError:
        got = "" if field in HIDDEN else f", not {text!r}"
        raise SettingsError(f"{name} must be {expected}{got}") from None
