"""Tasks: one that has begun before it is one, and one that nobody waits for any more."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


def start_eagerly(coroutine: Coroutine[Any, Any, T], name: str) -> "asyncio.Future[T]":
    """Run a coroutine at once up to its first wait, and from there in a task of its own.

    A task alone would begin behind everything that is ready to run, and what waits for it would wait for that too. Up
    to the first wait the coroutine runs in the caller's task, so it may not use a timeout there.
    """
    try:
        waiting_for = coroutine.send(None)
    except BaseException as end:  # noqa: BLE001  (whoever waits for it gets it)
        ended: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if isinstance(end, StopIteration):
            ended.set_result(end.value)
        else:
            ended.set_exception(end)
        return ended
    return asyncio.create_task(_Begun(coroutine, waiting_for), name=name)


class _Begun(Coroutine[Any, Any, T]):
    """A coroutine that has run to its first wait; what it waits for is the first thing it gives to its task."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waiting_for: object) -> None:
        self._coroutine = coroutine
        self._first = [waiting_for]

    def __await__(self) -> Generator[Any, Any, T]:
        raise TypeError("it is for a task to run")

    def send(self, value: Any) -> Any:  # noqa: ANN401  (what a task and a future say to each other)
        """Go on."""
        return self._first.pop() if self._first else self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401  (likewise)
        """Go on with an error."""
        self._first.clear()
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End."""
        self._coroutine.close()


def consume_exception(task: "asyncio.Future[Any]") -> None:
    """Look at a task's exception: whoever waits gets it, and when nobody does any more it is not a warning."""
    if not task.cancelled():
        task.exception()
