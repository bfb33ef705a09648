"""The admin token and the secrets: from the settings, or generated once in the data folder.

A generated value is written to a temporary file, flushed, and then linked to its final name. The link succeeds for one
process only; all others read what that one wrote.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from msgspec import Struct

from service.config.settings import Settings, SettingsError
from service.config.values import visible_ascii

SECRET_BYTES = 32
"""Random bytes of a generated secret."""

ADMIN_TOKEN_BYTES = 36
"""Random bytes of a generated admin token: 48 characters. A ticket's token has 43, so that an admin token of another
instance, or a replaced one, is never taken for a ticket's."""


class Secrets(Struct, frozen=True):
    """The admin token, and the keys of all other tokens: the first key signs, all verify. Hidden in `repr`."""

    admin_token: str
    secrets: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Secrets()"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


def has_secret(settings: Settings) -> bool:
    """Tell whether a secret exists, so that `secrets_of` would not generate one."""
    return settings.secret is not None or (settings.data_dir / "secret").exists()


def secret_source(settings: Settings) -> str:
    """Return the setting or file that holds the secret, for messages."""
    return "PAIHAO_SECRET" if settings.secret is not None else str(settings.data_dir / "secret")


def secrets_of(settings: Settings) -> Secrets:
    """Return the secrets of the settings or of the data folder, where they are generated if absent.

    Raises:
        SettingsError: a file cannot be read or written, or its content is unusable.
    """
    keys = settings.secret or _read_or_generate(settings.data_dir / "secret", SECRET_BYTES)
    split = tuple(key.strip().encode() for key in keys.split(","))
    if not all(split):
        raise SettingsError("PAIHAO_SECRET must be one secret, or two or more with a comma between them")
    admin_token = settings.admin_token or _read_or_generate(settings.data_dir / "admin-token", ADMIN_TOKEN_BYTES)
    return Secrets(admin_token, split)


def _read_or_generate(path: Path, random_bytes: int) -> str:
    """Read a secret from its file; generate the file, mode 600, if it does not exist.

    Raises:
        SettingsError: the file cannot be used.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _create_once(path, secrets.token_urlsafe(random_bytes))
        return visible_ascii(path.read_text(encoding="ascii").strip() or " ")
    except OSError as failure:
        raise SettingsError(f"{path} cannot be used: {failure.strerror}") from failure
    except ValueError:
        raise SettingsError(f"{path} must hold visible ASCII characters; remove it to have a new one made") from None


def _create_once(path: Path, text: str) -> None:
    """Create a file durably, unless another process created it first."""
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
