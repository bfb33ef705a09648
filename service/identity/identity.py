"""Everything of identity that the rim asks for, in one."""

from typing import Self

from service.clock import Clock
from service.identity.accounts import Accounts
from service.identity.audit import Audit
from service.identity.passwords import Passwords
from service.identity.sessions import Sessions
from service.journal.database import Database


class Identity:
    """Accounts, sessions, and the account of what they do. Use it as `with Identity(…) as identity`."""

    def __init__(self, database: Database, clock: Clock, admin_key: bytes) -> None:
        self.passwords = Passwords()
        self.accounts = Accounts(database, self.passwords)
        self.sessions = Sessions(database, self.accounts, admin_key, clock.monotonic_s)
        self.audit = Audit(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.passwords.close()
