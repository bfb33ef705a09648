"""The secrets a database goes by: whoever has none of them does not start.

Tokens of tickets, appointments, devices and sessions are derived from `PAIHAO_SECRET`, and the database holds nothing
they could be told by. A process with another secret would call every ticket unknown, and nobody would know why. So the
first process notes a keyed hash by each of its secrets in the database (`secrets`), and later ones look for one of
theirs. Who has one adds the others: a secret is replaced by `NEW,OLD`. What is older than the secret that signs, and
not named any more, is dropped; so a process that still has only that one does not start again.

A `display` only looks: it has nothing to show before a `serve` has started.
"""

import hmac

from service.config.secret_files import Secrets, has_secret, secret_source, secrets_of
from service.config.settings import Settings, SettingsError
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.sql_files import statements

PACKAGE = "service.credentials"

SAID = b"paihao: which secret a database goes by"
"""What the keyed hash is of; another text, and no database would know its secret."""

_SQL = statements("secret_check.sql", PACKAGE)


class NotNotedYet(StorageUnavailable):
    """No `serve` has started on this database yet, or none of this release."""


async def note(database: Database, settings: Settings) -> Secrets:
    """The secrets of the settings, which the database goes by from now on.

    Raises:
        SettingsError: it goes by others.
        StorageUnavailable: no answer.
    """
    secrets = _ours(settings, await _known(database))
    accepted = _known_by(secrets)
    async with database.reading() as connection, connection.transaction():
        await connection.execute(_SQL["lock"])
        _require_one(settings, accepted, [row["known_by"] for row in await connection.fetch(_SQL["known"])])
        for one in reversed(accepted):  # the one that signs is the newest
            await connection.execute(_SQL["note"], one)
        await connection.execute(_SQL["drop_replaced"], accepted, accepted[0])
    return secrets


async def compare(database: Database, settings: Settings) -> Secrets:
    """The secrets of the settings, one of which the database goes by; nothing is written.

    Raises:
        SettingsError: it goes by others.
        NotNotedYet: it goes by none.
        StorageUnavailable: no answer.
    """
    if not (await database.fetch(_SQL["prepared"]))[0]["prepared"]:
        raise NotNotedYet("not migrated")
    known = await _known(database)
    if not known:
        raise NotNotedYet("no secret is noted")
    return _ours(settings, known)


async def begin_anew(database: Database, settings: Settings) -> None:
    """Let the database go by the secrets of the settings alone, whatever it went by. Raises StorageUnavailable."""
    accepted = _known_by(secrets_of(settings))
    async with database.reading() as connection, connection.transaction():
        await connection.execute(_SQL["lock"])
        await connection.execute(_SQL["drop_all"])
        for one in reversed(accepted):
            await connection.execute(_SQL["note"], one)


async def _known(database: Database) -> list[bytes]:
    return [row["known_by"] for row in await database.fetch(_SQL["known"])]


def _known_by(secrets: Secrets) -> list[bytes]:
    return [hmac.digest(secret, SAID, "sha256") for secret in secrets.secrets]


def _ours(settings: Settings, known: list[bytes]) -> Secrets:
    """Our secrets; none is made where the database goes by one already."""
    if known and not has_secret(settings):
        raise _wrong(settings)
    secrets = secrets_of(settings)
    _require_one(settings, _known_by(secrets), known)
    return secrets


def _require_one(settings: Settings, accepted: list[bytes], known: list[bytes]) -> None:
    if known and not set(accepted) & set(known):
        raise _wrong(settings)


def _wrong(settings: Settings) -> SettingsError:
    return SettingsError(
        f"this database goes by another secret than {secret_source(settings)}: copy the file `secret` of the data "
        "folder it was made with, or set PAIHAO_SECRET to what is in it (NEW,OLD to replace it); where it is lost, "
        "`new-secret` begins anew"
    )
