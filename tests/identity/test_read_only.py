"""A database that takes no changes, as after a failover: who is known there is known, though nothing can be noted."""

from datetime import timedelta
from hashlib import sha256

from service.clock import FakeClock
from service.identity.accounts import SEEN_EVERY
from service.identity.acts import Act
from service.identity.identity import Identity
from service.identity.sessions import RENEWED_AFTER
from service.identity.staff import Authority
from service.ids import new_id
from service.journal.database import Database
from tests.service import NOON_AT

LATER_AT = NOON_AT + RENEWED_AFTER + SEEN_EVERY + timedelta(seconds=1)


def identity_on(database: Database) -> Identity:
    """Who works here, by a secret of this test's."""
    return Identity(database, FakeClock(NOON_AT), lambda said: sha256(said).digest(), [b"admin"])


async def test_a_device_and_a_session_are_known_where_nothing_can_be_noted(dsn: str) -> None:
    act = Act(new_id(), None, NOON_AT, "tester")
    async with Database(dsn) as database, Database(f"{dsn}&default_transaction_read_only=on") as standby:
        with identity_on(database) as identity:
            _, token = await identity.devices.create("demo", "door", "kiosk", act)
            member, _ = await identity.staff.add("demo", "zhou", "Zhou", "staff", act, Authority())
            account = await identity.accounts.get(member.id)
            cookie, begun = await identity.sessions.begin(account, NOON_AT, "tester")

        with identity_on(standby) as identity:
            device = await identity.devices.find(token, LATER_AT)
            session = await identity.sessions.find(cookie, LATER_AT)

    assert device is not None
    assert session is not None
    assert session.account is not None
    assert (device.name, session.account.name) == ("door", "zhou")
    assert session.expires_at == begun.expires_at  # not renewed
