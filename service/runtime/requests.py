"""Requests to a day of a hall, their idempotency keys, and their answers.

An answer is a pure function of the events of its command, so every process can repeat it.
"""

from datetime import datetime

from msgspec import Struct

from service.domain.command_results import CommandResult
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.refusals import KeyReused
from service.journal.values import Applicant


class RequestKey(Struct, frozen=True, kw_only=True):
    """Identity of a request, for idempotency.

    `command_id` is derived from (credential, route, key) if the request has an idempotency key, and random otherwise.
    `fingerprint` is the keyed hash of the body; None without a key. `fingerprints_before` are the hashes with older
    secrets.
    """

    command_id: str
    fingerprint: bytes | None = None
    fingerprints_before: tuple[bytes, ...] = ()

    def matches(self, fingerprint: bytes | None) -> bool:
        """Tell whether a request with the same key and this fingerprint had the same body."""
        return fingerprint == self.fingerprint or fingerprint in self.fingerprints_before


class Request(RequestKey, frozen=True, kw_only=True):
    """A command with its actor and time. `now_at` is read once, when the request arrives."""

    command: Command
    actor: str
    now_at: datetime
    applicant: Applicant | None = None


class Answer(Struct, frozen=True):
    """Result of a request. `done` is None if the command produced no events; `seq` is that of the day, afterwards."""

    day: Day
    seq: int
    done: CommandResult | None


def earlier_answer(day: Day, key: RequestKey) -> Answer | None:
    """Return the answer that a day gave earlier to the same idempotency key; None for a new key or no key.

    Raises:
        KeyReused: the key belongs to a request with another body.
    """
    done = None if key.fingerprint is None else day.find_result(key.command_id)
    if done is None:
        return None
    if not key.matches(done.fingerprint):
        raise KeyReused
    return Answer(day, done.seq, done)
