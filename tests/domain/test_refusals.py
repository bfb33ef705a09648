"""Refusals: a stable code for programs, a title for people.

Source: CONTRACT 2.
"""

import re
from collections import Counter

import pytest

from service.domain import refusals
from service.domain.refusals import BodyInvalid, DayHasEnded, Refusal, WrongState


def all_of(kind: type[Refusal]) -> list[type[Refusal]]:
    return [found for one in kind.__subclasses__() for found in (one, *all_of(one))]


OF_THE_DOMAIN = [kind for kind in all_of(Refusal) if kind.__module__ == refusals.__name__]


def test_a_code_means_one_refusal_and_a_day_that_has_ended_is_a_wrong_state() -> None:
    codes = Counter(kind.code for kind in OF_THE_DOMAIN)

    assert [code for code, times in codes.items() if times > 1] == ["wrong-state"]
    assert {kind for kind in OF_THE_DOMAIN if kind.code == "wrong-state"} == {WrongState, DayHasEnded}


def test_no_two_refusals_say_the_same() -> None:
    titles = Counter(kind.title() for kind in OF_THE_DOMAIN)

    assert max(titles.values()) == 1


@pytest.mark.parametrize("kind", OF_THE_DOMAIN)
def test_a_refusal_has_a_code_a_status_of_its_kind_and_a_sentence(kind: type[Refusal]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    assert re.fullmatch(r"[A-Z][^\n]{5,78}\.", kind.title())
    assert kind.title() == (kind.__doc__ or "").strip()
    assert (kind.status == 404) == kind.code.endswith("-not-found")
    assert kind.status in {403, 404, 409, 422, 503}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("service-not-found", 404),
        ("counter-not-found", 404),
        ("ticket-not-found", 404),
        ("hall-not-found", 404),
        ("forbidden", 403),
        ("wrong-state", 409),
        ("counter-busy", 409),
        ("counter-closed", 409),
        ("hall-closed", 409),
        ("hall-suspended", 409),
        ("online-only", 409),
        ("body-invalid", 422),
        ("idempotency-key-reused", 422),
        ("busy", 503),
    ],
)
def test_the_contracts_codes_have_the_contracts_status(code: str, status: int) -> None:
    assert {kind.status for kind in OF_THE_DOMAIN if kind.code == code} == {status}


def test_a_refusal_carries_what_helps_to_go_on() -> None:
    refusal = BodyInvalid(("count", "too many"), ("then", "too long"))

    assert str(refusal) == "body-invalid"
    assert refusal.fields == {"errors": [{"path": "count", "why": "too many"}, {"path": "then", "why": "too long"}]}
