"""Tests of opaque tokens: forged tokens cause no queries and evict nothing from the cache."""

import secrets
from hashlib import sha256

import pytest

from service.credentials.signer import TOKEN_FORM
from service.identity.opaque_tokens import GONE_MAX, REMEMBERED_MAX, REMEMBERED_S, SignedTokens, TokenCache
from tests.api.checked import Checked
from tests.service import ADMIN, Service


def keyed(secret: bytes) -> SignedTokens:
    """Build tokens signed with a secret."""
    return SignedTokens("session", lambda said: sha256(secret + said).digest(), lambda _: [])


def test_a_token_has_the_common_form_and_is_authentic() -> None:
    for _ in range(100):
        token = keyed(b"one").sign(secrets.token_bytes(24))

        assert TOKEN_FORM.fullmatch(token)
        assert keyed(b"one").is_authentic(token)


def test_a_forged_or_changed_token_is_not_authentic() -> None:
    token = keyed(b"one").sign(secrets.token_bytes(24))
    other = "B" if token[5] == "A" else "A"

    made_up = [secrets.token_urlsafe(32) for _ in range(1000)]

    assert not any(keyed(b"one").is_authentic(one) for one in made_up)
    assert not keyed(b"one").is_authentic(token[:5] + other + token[6:])
    assert not keyed(b"another").is_authentic(token)


def test_a_token_of_another_kind_is_not_authentic() -> None:
    token = SignedTokens("device", lambda said: sha256(said).digest(), lambda _: []).sign(bytes(24))

    assert not SignedTokens("session", lambda said: sha256(said).digest(), lambda _: []).is_authentic(token)


def test_tokens_of_a_replaced_secret_are_authentic_while_it_is_accepted() -> None:
    token = keyed(b"old").sign(bytes(24))

    new = SignedTokens(
        "session", lambda said: sha256(b"new" + said).digest(), lambda said: [sha256(b"old" + said).digest()]
    )

    assert new.is_authentic(token)
    assert new.sign(bytes(24)) != token


def test_revoked_tokens_do_not_evict_valid_ones() -> None:
    now_s = [0.0]
    memory: TokenCache[str] = TokenCache(lambda: now_s[0])
    memory.put(b"mine", 0.0, "me")

    for number in range(REMEMBERED_MAX + GONE_MAX):
        memory.put(str(number).encode(), 0.0, None)

    assert memory.get(b"mine") == (0.0, "me")
    assert sum(memory.get(str(number).encode()) is not None for number in range(REMEMBERED_MAX + GONE_MAX)) == GONE_MAX
    now_s[0] = REMEMBERED_S
    assert memory.get(b"mine") is None


def test_beyond_the_limit_the_oldest_entry_is_evicted() -> None:
    memory: TokenCache[int] = TokenCache(lambda: 0.0)

    for number in range(REMEMBERED_MAX + 1):
        memory.put(str(number).encode(), 0.0, number)

    assert memory.get(b"0") is None
    assert memory.get(b"1") == (0.0, 1)


@pytest.fixture
def reads(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the queries of the service from now on."""
    seen: list[str] = []
    fetch = service.running.database.fetch

    async def counted(sql: str, *arguments: object) -> object:
        seen.append(sql)
        return await fetch(sql, *arguments)

    monkeypatch.setattr(service.running.database, "fetch", counted)
    return seen


async def test_forged_credentials_cause_no_query(service: Service, reads: list[str]) -> None:
    async with Checked(service.api.base) as api:
        for _ in range(20):
            made_up = secrets.token_urlsafe(32)
            replies = [
                await api.call("GET", "/v1/session", headers={"Cookie": f"paihao_session={made_up}"}),
                await api.call("GET", "queue", headers={"Cookie": f"paihao_session={made_up}"}),
                await api.call("GET", "queue", token=f"phd_{made_up}"),
            ]
            assert [reply.status for reply in replies] == [200, 401, 401]

    assert reads == []


async def test_ended_sessions_and_revoked_devices_are_queried_once(service: Service, reads: list[str]) -> None:
    async with Checked(service.api.base) as api:
        device = (await api.staff("POST", "devices", {"name": "Door", "role": "kiosk"})).body
        signed_in = await api.call("POST", "/v1/session", {"name": "admin", "password": ADMIN})
        cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
        own = {"Sec-Fetch-Site": "same-origin"} | cookie
        found = [
            await api.call("GET", "queue", headers=cookie),
            await api.call("GET", "entrance", token=device["token"]),
        ]
        await api.call("DELETE", "/v1/session", headers=own)
        await api.staff("DELETE", f"devices/{device['id']}")
        gone = []
        for _ in range(3):
            gone += [
                await api.call("GET", "queue", headers=cookie),
                await api.call("GET", "entrance", token=device["token"]),
            ]
        reads.clear()
        for _ in range(3):
            await api.call("GET", "queue", headers=cookie)
            await api.call("GET", "entrance", token=device["token"])

    assert [reply.status for reply in found] == [200, 200]
    assert [reply.status for reply in gone] == [401] * 6
    assert reads == []


async def test_a_hall_that_is_none_is_asked_about_once_until_the_next_look(service: Service, reads: list[str]) -> None:
    async with Checked(service.api.base) as api:
        reads.clear()
        statuses = [(await api.call("GET", "/v1/halls/nowhere")).status for _ in range(10)]
        asked = len(reads)
        await service.running.halls.refresh()
        reads.clear()
        await api.call("GET", "/v1/halls/nowhere")

    assert statuses == [404] * 10
    assert asked <= 2  # background jobs of the service may run meanwhile
    assert reads
