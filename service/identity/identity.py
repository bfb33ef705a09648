"""Build the parts of this package and run their periodic cleanup."""

from collections.abc import Callable
from typing import Self

import structlog

from service.clock import Clock
from service.errors import StorageUnavailable
from service.identity import idempotency
from service.identity.accounts import Accounts
from service.identity.audit_log import AuditLog
from service.identity.devices import Devices
from service.identity.lockout import Lockout
from service.identity.oidc import Flows, Provider
from service.identity.opaque_tokens import SignedTokens
from service.identity.passwords import Passwords
from service.identity.sessions import Sessions
from service.identity.staff import Staff
from service.journal.database import Database

SWEEP_EVERY_S = 3600

log = structlog.get_logger(__name__)


class Identity:
    """Accounts, sessions, staff, devices, lockout, audit log and single sign-on.

    Use it as `with Identity(…) as identity`. `keyed` is an HMAC with the signing secret; `keyed_before` returns the
    HMACs with the older secrets that are still accepted.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self,
        database: Database,
        clock: Clock,
        keyed: Callable[[bytes], bytes],
        admin_keys: list[bytes],
        provider: Provider | None = None,
        keyed_before: Callable[[bytes], list[bytes]] = lambda _: [],
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = Passwords()

        def hashes_of(content: bytes) -> list[bytes]:
            return [keyed(content), *keyed_before(content)]

        self.accounts = Accounts(database, self._passwords)
        self.sessions = Sessions(
            database, self.accounts, admin_keys, clock.monotonic_s, SignedTokens("session", keyed, keyed_before)
        )
        self.staff = Staff(
            database,
            self.accounts,
            self.sessions,
            self._passwords,
            hashes_of,
        )
        self.devices = Devices(database, clock.monotonic_s, SignedTokens("device", keyed, keyed_before))
        self.lockout = Lockout(database, keyed)
        self.audit = AuditLog(database)
        self.flows = Flows(hashes_of)
        self.provider = provider

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._passwords.close()

    async def sweep(self) -> None:
        """Delete expired sessions, failure counts, idempotency records and audit entries.

        Without a database the rest is left to the next run.
        """
        now_at = self._clock.now_at()
        try:
            await self.sessions.sweep(now_at)
            await self.lockout.sweep(now_at)
            await idempotency.sweep(self._database, now_at)
            await self.audit.sweep(now_at)
        except StorageUnavailable:
            log.warning("identity_not_swept")
