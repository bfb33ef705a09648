"""Helpers for asyncio tasks: an eager start, and exceptions that no caller reads."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


def start_eagerly(coroutine: Coroutine[Any, Any, T], name: str) -> "asyncio.Future[T]":
    """Run a coroutine at once up to its first wait, and then in a task of its own.

    A normal task starts after all callbacks that are ready to run, which delays its result. Up to the first wait the
    coroutine runs in the task of the caller, so it must not use `asyncio.timeout` in that part.
    """
    try:
        waiting_for = coroutine.send(None)
    except BaseException as end:  # noqa: BLE001  (the caller gets it by the future)
        ended: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if isinstance(end, StopIteration):
            ended.set_result(end.value)
        else:
            ended.set_exception(end)
        return ended
    return asyncio.create_task(_StartedCoroutine(coroutine, waiting_for), name=name)


class _StartedCoroutine(Coroutine[Any, Any, T]):
    """A coroutine that has run to its first wait. The first `send` returns the future that it waits for."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waiting_for: object) -> None:
        self._coroutine = coroutine
        self._first = [waiting_for]

    def __await__(self) -> Generator[Any, Any, T]:
        raise TypeError("only a task can run it")

    def send(self, value: Any) -> Any:  # noqa: ANN401  (the protocol of tasks and futures)
        """Continue the coroutine."""
        return self._first.pop() if self._first else self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401  (likewise)
        """Continue the coroutine with an exception."""
        self._first.clear()
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()


def consume_exception(task: "asyncio.Future[Any]") -> None:
    """Read the exception of a finished task, so that asyncio does not warn if no caller waits for the task."""
    if not task.cancelled():
        task.exception()
