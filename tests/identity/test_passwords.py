"""Tests of passwords: hashing, one-time passwords, normalization and requirements."""

import asyncio

import pytest

from service.domain.refusals import BodyInvalid, Busy
from service.identity import passwords
from service.identity.passwords import Passwords, normalized_one_time_password, one_time_password, require_acceptable


@pytest.fixture
def hashes() -> Passwords:
    return Passwords()


async def test_a_hash_is_argon2id_as_rfc_9106_recommends_and_matches_its_password_only(hashes: Passwords) -> None:
    stored = await hashes.hash("a password of mine")

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await hashes.matches(stored, "a password of mine")
    assert not await hashes.matches(stored, "A password of mine")
    assert not await hashes.matches(None, "a password of mine")
    assert not await hashes.matches("no hash at all", "a password of mine")


async def test_a_hash_with_other_parameters_is_old(hashes: Passwords) -> None:
    assert hashes.is_old("$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
    assert not hashes.is_old(await hashes.hash("a password of mine"))


async def test_a_flood_of_sign_ins_is_refused_as_busy(hashes: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAITING_MAX", 2)

    made = await asyncio.gather(*(hashes.hash(f"password {n}") for n in range(4)), return_exceptions=True)

    assert [isinstance(one, Busy) for one in made] == [False, False, True, True]


def test_a_one_time_password_can_be_read_out() -> None:
    drawn = one_time_password(bytes(range(10)))

    assert len(drawn) == 19
    assert set(drawn) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    assert one_time_password(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"


def test_a_one_time_password_is_accepted_in_every_notation() -> None:
    assert normalized_one_time_password(" zzzz zzzz0000-1111 ") == "ZZZZ-ZZZZ-0000-1111"
    assert normalized_one_time_password("ZZZZ-ZZZZ-OOoO-iIlL") == "ZZZZ-ZZZZ-0000-1111"


@pytest.mark.parametrize("password", ["", "123456789", "x" * 201, "Wang.Fang.", "the one before"])
def test_a_bad_password_is_refused(password: str) -> None:
    with pytest.raises(BodyInvalid):
        require_acceptable("new", password, "wang.fang.", "the one before")


@pytest.mark.parametrize("password", ["x" * 10, "x" * 200, "correct horse battery staple", "密码密码密码密码密码"])
def test_a_good_password_passes(password: str) -> None:
    require_acceptable("new", password, "wang.fang", "the one before")
