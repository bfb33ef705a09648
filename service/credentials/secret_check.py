"""Check at startup that this process has one of the secrets registered in the database; refuse to start otherwise.

Tokens of tickets, appointments, devices and sessions are derived from `PAIHAO_SECRET` and not stored. A process with
another secret would reject every token without an apparent reason. The first process therefore registers a keyed hash
of each of its secrets in the table `secrets`. Later processes must have one of these secrets and register their others:
a secret is replaced by the setting `NEW,OLD`. Hashes older than that of the signing secret are deleted if their secret
is not in the settings any more, so a process that has only such a secret cannot start again.

A `display` process only compares and writes nothing.
"""

import hmac

from service.config.secret_files import Secrets, has_secret, secret_source, secrets_of
from service.config.settings import Settings, SettingsError
from service.journal.database import Database
from service.journal.faults import StorageUnavailable
from service.journal.sql_files import statements

PACKAGE = "service.credentials"

HASHED_LABEL = b"paihao: which secret a database goes by"
"""Input of the keyed hash. Never change it: existing databases would not recognise their secret."""

_SQL = statements("secret_check.sql", PACKAGE)


class NoSecretRegistered(StorageUnavailable):
    """No `serve` process of a release with this table has started on this database yet."""


async def register(database: Database, settings: Settings) -> Secrets:
    """Register the secrets of the settings in the database, after checking that one is registered, and return them.

    Raises:
        SettingsError: other secrets are registered, none of them in the settings.
        StorageUnavailable: the database does not answer.
    """
    secrets = _checked_secrets(settings, await _registered(database))
    hashes = _hashes_of(secrets)
    async with database.reading() as connection, connection.transaction():
        await connection.execute(_SQL["lock"])
        _require_common(settings, hashes, [row["known_by"] for row in await connection.fetch(_SQL["registered"])])
        for digest in reversed(hashes):  # the signing secret is registered last: it is the newest
            await connection.execute(_SQL["register"], digest)
        await connection.execute(_SQL["delete_replaced"], hashes, hashes[0])
    return secrets


async def compare(database: Database, settings: Settings) -> Secrets:
    """Check that one of the secrets of the settings is registered, and return them; write nothing.

    Raises:
        SettingsError: other secrets are registered, none of them in the settings.
        NoSecretRegistered: no secret is registered.
        StorageUnavailable: the database does not answer.
    """
    if not (await database.fetch(_SQL["has_table"]))[0]["has_table"]:
        raise NoSecretRegistered("not migrated")
    registered = await _registered(database)
    if not registered:
        raise NoSecretRegistered("no secret is registered")
    return _checked_secrets(settings, registered)


async def replace_all(database: Database, settings: Settings) -> None:
    """Replace all registered secrets by those of the settings, without a check. Raises StorageUnavailable."""
    hashes = _hashes_of(secrets_of(settings))
    async with database.reading() as connection, connection.transaction():
        await connection.execute(_SQL["lock"])
        await connection.execute(_SQL["delete_all"])
        for digest in reversed(hashes):
            await connection.execute(_SQL["register"], digest)


async def _registered(database: Database) -> list[bytes]:
    return [row["known_by"] for row in await database.fetch(_SQL["registered"])]


def _hashes_of(secrets: Secrets) -> list[bytes]:
    return [hmac.digest(secret, HASHED_LABEL, "sha256") for secret in secrets.secrets]


def _checked_secrets(settings: Settings, registered: list[bytes]) -> Secrets:
    """Return the secrets of the settings; no new secret is created if one is registered."""
    if registered and not has_secret(settings):
        raise _mismatch(settings)
    secrets = secrets_of(settings)
    _require_common(settings, _hashes_of(secrets), registered)
    return secrets


def _require_common(settings: Settings, hashes: list[bytes], registered: list[bytes]) -> None:
    if registered and not set(hashes) & set(registered):
        raise _mismatch(settings)


def _mismatch(settings: Settings) -> SettingsError:
    return SettingsError(
        f"this database was used with another secret than {secret_source(settings)}: copy the file `secret` from the "
        "data folder that was used with it, or set PAIHAO_SECRET to the content of that file (NEW,OLD to replace it); "
        "if the secret is lost, `new-secret` starts with a new one"
    )
