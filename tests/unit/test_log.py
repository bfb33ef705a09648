"""The log: one JSON object per line, for this program and its libraries, and no personal data."""

import errno
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import structlog

from service import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Capture the log; the previous configuration is restored at the end."""
    root = logging.getLogger()
    before = structlog.get_config(), root.handlers[:], root.level, {q: logging.getLogger(q).level for q in log.QUIET}
    caught = io.StringIO()
    log.configure("info", caught)

    yield caught

    ours, handlers, level, quiet = before
    structlog.configure(**ours)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, its_level in quiet.items():
        logging.getLogger(name).setLevel(its_level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the log lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_instant(stream: io.StringIO) -> None:
    structlog.get_logger().info("day opened", hall="demo", seq=1)
    structlog.get_logger().debug("not at this level")

    (line,) = lines(stream)
    assert line.pop("at").endswith("Z")
    assert line == {"event": "day opened", "hall": "demo", "seq": 1, "level": "info"}


def test_libraries_log_in_the_same_form(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").error("it %s", "broke")
    logging.getLogger("apscheduler.executors").info("a job ran")

    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("it broke", "error", "aiohttp.server")


def test_a_line_that_cannot_be_written_is_lost_and_whoever_logs_goes_on(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(stream, "write", refuse)
        structlog.get_logger().warning("not_working")
        logging.getLogger("aiohttp.server").error("it broke")
    structlog.get_logger().info("works_again")

    assert [line["event"] for line in lines(stream)] == ["works_again"]


def test_an_exception_is_told_without_the_row_it_is_about(stream: io.StringIO) -> None:
    def refuse() -> None:
        phone = "+8613800000000"
        error = asyncpg.UniqueViolationError("duplicate key")
        error.detail = f"Key (phone)=({phone})\nalready exists."
        raise error

    try:
        try:
            refuse()
        except asyncpg.UniqueViolationError as error:
            raise ExceptionGroup("two tasks failed", [ValueError("another"), error]) from error
    except ExceptionGroup:
        structlog.get_logger().exception("fault")
        logging.getLogger("asyncio").exception("fault")

    for line in lines(stream):
        assert "UniqueViolationError: duplicate key" in line["exception"]
        assert "| ValueError: another" in line["exception"]
        assert "refuse" in line["exception"]
    assert "138" not in stream.getvalue()


@pytest.mark.parametrize("why", [ValueError("invalid UUID '+86138'"), TypeError("not +86138:\nreally")])
def test_an_exception_is_told_without_the_argument_that_could_not_be_sent(stream: io.StringIO, why: Exception) -> None:
    def encode() -> None:
        raise why

    def send() -> None:
        try:
            encode()
        except Exception as error:
            said = f"invalid input for query argument $2: '+86138\\n: (x)' ({error})"
            raise asyncpg.DataError(said) from error

    try:
        try:
            send()
        except asyncpg.DataError as error:
            raise RuntimeError(f"it went on: {error}") from error
    except RuntimeError:
        structlog.get_logger().exception("fault")
        logging.getLogger("asyncio").exception("fault")

    for line in lines(stream):
        assert [one for one in line["exception"].splitlines() if ".py:" not in one] == [
            "RuntimeError: it went on: invalid input for query argument $2",
            "caused by",
            "DataError",
            "caused by",
            type(why).__name__,
        ]
