"""Everything of identity that the rim asks for, in one."""

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
    """Accounts, sessions, staff, devices, and the account of it all. Use it as `with Identity(…) as identity`.

    `keyed` is a hash that only we can make, `keyed_before` gives those by older secrets that are still accepted.
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

        def hashes_of(said: bytes) -> list[bytes]:
            return [keyed(said), *keyed_before(said)]

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
        """Remove what has ended or need not be remembered any more; a later pass does what this one could not."""
        now_at = self._clock.now_at()
        try:
            await self.sessions.sweep(now_at)
            await self.lockout.sweep(now_at)
            await idempotency.sweep(self._database, now_at)
            await self.audit.sweep(now_at)
        except StorageUnavailable:
            log.warning("identity_not_swept")
