"""Everything of identity that the rim asks for, in one."""

from collections.abc import Callable
from datetime import datetime
from typing import Self

from service.clock import Clock
from service.identity import acts
from service.identity.accounts import Accounts
from service.identity.audit import Audit
from service.identity.devices import Devices
from service.identity.lockout import Lockout
from service.identity.passwords import Passwords
from service.identity.sessions import Sessions
from service.identity.staff import Staff
from service.journal.database import Database


class Identity:
    """Accounts, sessions, staff, devices, and the account of it all. Use it as `with Identity(…) as identity`.

    `keyed` is a hash that only we can make.
    """

    def __init__(self, database: Database, clock: Clock, keyed: Callable[[bytes], bytes], admin_key: bytes) -> None:
        self._database = database
        self._passwords = Passwords()
        self.accounts = Accounts(database, self._passwords)
        self.sessions = Sessions(database, self.accounts, admin_key, clock.monotonic_s)
        self.staff = Staff(database, self.accounts, self.sessions, self._passwords, keyed)
        self.devices = Devices(database, keyed, clock.monotonic_s)
        self.lockout = Lockout(database, keyed)
        self.audit = Audit(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._passwords.close()

    async def sweep(self, now_at: datetime) -> None:
        """Remove what has ended or need not be remembered any more. Raises StorageUnavailable."""
        await self.sessions.sweep(now_at)
        await self.lockout.sweep(now_at)
        await acts.sweep(self._database, now_at)
