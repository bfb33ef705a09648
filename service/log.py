"""Logging: one JSON object per line on stderr, or coloured lines if stderr is a terminal.

Lines of this program come from structlog, those of libraries from `logging`; both have the same form. A line contains
ids, codes and numbers, no personal data. Exceptions could contain some. So they are logged without local variables,
without the DETAIL in which PostgreSQL quotes the rejected row, and without the argument that asyncpg quotes.

A line that cannot be written is lost: the disk may be full, or the reader of the pipe may have ended. Code that
logs must not fail because of that.
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
"""Stack frames that are logged per exception: the innermost."""

ARGUMENT = "invalid input for query argument"
QUOTES = re.compile(rf"\nDETAIL:.*|(?P<of>{ARGUMENT}[^:]*):.*", re.DOTALL)
"""Parts of the text of an asyncpg error that quote a row or an argument. The cause of the latter may quote it, too."""

QUIET = ("aiohttp.access", "apscheduler", "websockets")
"""Libraries that log each request or job; only their warnings are logged."""


class _LossyStream:
    """A text stream that drops what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write the text, or drop it."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream. Text that cannot be written may stay in its buffer."""
        with suppress(OSError):
            self._stream.flush()


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all log lines of this process to `stream` (by default stderr).

    Args:
        level: the lowest level that is logged: debug, info, warning or error.
        stream: the output.
    """
    stream = sys.stderr if stream is None else stream
    lossy_stream = cast("TextIO", _LossyStream(stream))
    least = logging.getLevelNamesMapping()[level.upper()]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        format_exception,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(timestamp_key="at", exception_formatter=structlog.dev.plain_traceback)
        if stream.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(lossy_stream),
        cache_logger_on_first_use=False,  # loggers made at import follow a later call of `configure`
    )
    handler = logging.StreamHandler(lossy_stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        ),
    )
    logging.basicConfig(level=least, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


def format_exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by a text, as a structlog processor."""
    del logger, name
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info and info[0] is not None:
        event["exception"] = "\n".join(exception_lines(extract(*info, show_locals=False).stacks))
    return event


def exception_lines(stacks: list[Stack], margin: str = "") -> Iterator[str]:
    """Yield the lines of exceptions: frames, class and text, then the causes. Members of a group get a margin."""
    quoted = False
    for depth, stack in enumerate(stacks):
        if depth > 0:
            yield f"{margin}caused by" if stack.is_cause else f"{margin}while handling"
        for frame in stack.frames[-FRAMES_MAX:]:
            yield f"{margin}{frame.filename}:{frame.lineno} {frame.name}"
        text = "" if quoted and stack.is_cause else ": " + QUOTES.sub(r"\g<of>", stack.exc_value)
        yield f"{margin}{stack.exc_type}{text}"
        quoted = ARGUMENT in stack.exc_value
        for member in stack.exceptions:
            yield from exception_lines(member.stacks, f"{margin}| ")
