"""The log: one JSON object a line on stderr, or coloured lines where stderr is a terminal.

Our own lines come through structlog, those of libraries through the standard library's logging; both leave here in one
form. A line names ids, codes and numbers, never a person. Exceptions are where personal data would slip in, so they are
written without local variables, without the DETAIL by which PostgreSQL quotes the row that it refused, and without the
argument that asyncpg quotes when it cannot send it.

A line that cannot be written, for its disk is full or nobody reads the pipe any more, is lost. Whoever logs is often
busy with an outage, and must not fail by it.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO, cast

import structlog
from structlog.tracebacks import Stack, extract
from structlog.typing import EventDict, Processor, WrappedLogger

FRAMES_MAX = 50
"""Of one exception; of a deeper one the innermost are told."""

ARGUMENT = "invalid input for query argument"
QUOTES = re.compile(rf"\nDETAIL:.*|(?P<of>{ARGUMENT}[^:]*):.*", re.DOTALL)
"""Where the text of an asyncpg error begins to quote rows, or an argument; what caused the latter may quote it, too."""

QUIET = ("aiohttp.access", "apscheduler", "websockets")
"""Libraries that report each request or job; their warnings are enough."""


class _Written:
    """A stream, as far as a log needs one, that loses what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, or lose it."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Have it written; what the stream could not get rid of it may keep for the next time."""
        with suppress(OSError):
            self._stream.flush()


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all lines of this process to the stream (stderr), from this level on: debug, info, warning or error."""
    stream = sys.stderr if stream is None else stream
    written = cast("TextIO", _Written(stream))
    least = logging.getLevelNamesMapping()[level.upper()]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        tell_exception,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(timestamp_key="at", exception_formatter=structlog.dev.plain_traceback)
        if stream.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,  # a logger made at import obeys a later configure
    )
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        ),
    )
    logging.basicConfig(level=least, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


def tell_exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into text; a processor of structlog's."""
    del logger, name
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info and info[0] is not None:
        event["exception"] = "\n".join(told(extract(*info, show_locals=False).stacks))
    return event


def told(stacks: list[Stack], margin: str = "") -> Iterator[str]:
    """Tell exceptions in lines: where, and which; then what caused it; a group's members with a margin."""
    quoted = False
    for depth, stack in enumerate(stacks):
        if depth > 0:
            yield f"{margin}caused by" if stack.is_cause else f"{margin}while handling"
        for frame in stack.frames[-FRAMES_MAX:]:
            yield f"{margin}{frame.filename}:{frame.lineno} {frame.name}"
        said = "" if quoted and stack.is_cause else ": " + QUOTES.sub(r"\g<of>", stack.exc_value)
        yield f"{margin}{stack.exc_type}{said}"
        quoted = ARGUMENT in stack.exc_value
        for member in stack.exceptions:
            yield from told(member.stacks, f"{margin}| ")
