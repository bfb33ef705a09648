"""The load generator. It is its own process, so that it costs the server no more than real clients.

It reads a `Plan` as JSON from standard input and writes a `Report` to standard output. Connections are kept open and
carry one request at a time. Requests are prepared bytes. Of an answer only the status, the length and what the next
request needs are parsed. `Report.cpu_share` tells whether the generator itself was the bottleneck.

A stream with a rate measures latency from when a request was due, so that a stall counts for all requests that were due
meanwhile.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import cast

import msgspec
import uvloop

from benchmarks.load_plan import Counted, Plan, Report, Stream
from benchmarks.load_scripts import SCRIPTS, Request, Script

GIVE_UP_AFTER_S = 60.0
"""If an answer is missing this long after the end of the plan, the generator ends with an error."""


class StreamRun:
    """One stream while it runs."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.script: Script = SCRIPTS[stream.script](stream)
        self.left = sys.maxsize if stream.count is None else stream.count
        self.counts_from_s = self.ends_s = 0.0
        self.latencies_s: dict[str, list[float]] = {}
        self.statuses: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def record(self, request: Request, status: bytes, since_s: float, now_s: float) -> None:
        """Count an answer."""
        operation_and_status = f"{request.operation} {status.decode()}"
        self.statuses[operation_and_status] += 1
        if status not in request.status:
            self.wrong[operation_and_status] += 1
        if now_s < self.counts_from_s:
            return
        if now_s > self.ends_s:
            if request.operation in self.latencies_s:
                return
            self.ends_s = now_s  # nothing was answered in time, on a very busy machine: the first late answer counts
        self.latencies_s.setdefault(request.operation, []).append(now_s - since_s)


class Connection(asyncio.Protocol):
    """One client: sends a request, waits for the answer, sends the next."""

    def __init__(self, run: StreamRun, number: int) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._run = run
        self._number = number
        self._every_s = None if run.stream.per_s is None else run.stream.connections / run.stream.per_s
        self._due_s = 0.0
        self._rest = b""
        self._request = Request("", b"", b"")
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's transport does not inherit from it

    def begin(self) -> None:
        """Send the first request; the connections of a stream with a rate start one after another."""
        self._due_s = time.perf_counter()
        if self._every_s is not None:
            self._due_s += self._every_s * self._number / self._run.stream.connections
        self._send_or_wait()

    def data_received(self, data: bytes) -> None:
        """Handle an answer once it is complete."""
        if self._rest:
            data = self._rest + data
        head = data.find(b"\r\n\r\n")
        if head < 0 or len(data) < head + 4 + _length(data, head):
            self._rest = data
            return
        self._rest = b""
        self._run.record(self._request, data[9:12], self._due_s, time.perf_counter())
        self._run.script.handle(self._request, data)
        if self._every_s is not None:
            self._due_s += self._every_s
        self._send_or_wait()

    def close(self) -> None:
        """Close the connection."""
        assert self._transport is not None, "connected"
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection; before the end of the plan this is an error."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("the server closed a connection"))

    def _send_or_wait(self) -> None:
        run = self._run
        now_s = time.perf_counter()
        if self._every_s is None:
            self._due_s = now_s
        if run.left <= 0 or max(now_s, self._due_s) >= run.ends_s:
            if not self.ended.done():
                self.ended.set_result(None)
        elif self._due_s > now_s:
            self._loop.call_later(self._due_s - now_s, self._send)
        else:
            self._send()

    def _send(self) -> None:
        run = self._run
        run.left -= 1
        self._request = run.script.next_request(self._number)
        assert self._transport is not None, "connected"
        self._transport.write(self._request.raw)


def _length(data: bytes, head: int) -> int:
    """Return the length of the body that the headers announce."""
    at = data.find(b"Content-Length: ", 0, head)
    return 0 if at < 0 else int(data[at + 16 : data.index(b"\r", at)])


async def carry_out(plan: Plan) -> Report:
    """Run all streams of a plan."""
    runs = [StreamRun(stream) for stream in plan.streams]
    loop = asyncio.get_running_loop()
    connections: list[Connection] = []
    for run in runs:
        for number in range(run.stream.connections):
            _, connection = await loop.create_connection(
                lambda run=run, number=number: Connection(run, number),  # type: ignore[misc]
                "127.0.0.1",
                run.stream.port,
            )
            connections.append(connection)
    began_s = time.perf_counter()
    cpu_s = time.process_time()
    for run in runs:
        run.counts_from_s = began_s + plan.warm_up_s
        run.ends_s = run.counts_from_s + plan.seconds
    for connection in connections:
        connection.begin()
    async with asyncio.timeout(plan.warm_up_s + plan.seconds + GIVE_UP_AFTER_S):
        await asyncio.gather(*(connection.ended for connection in connections))
    ended_s = time.perf_counter()
    for connection in connections:
        connection.close()
    return Report(
        seconds=min(ended_s, max(run.ends_s for run in runs)) - began_s - plan.warm_up_s,
        cpu_share=(time.process_time() - cpu_s) / (ended_s - began_s),
        counted=[
            _counted(run.stream.name, operation, sorted(found))
            for run in runs
            for operation, found in run.latencies_s.items()
        ],
        statuses=dict(sum((run.statuses for run in runs), Counter[str]())),
        wrong=dict(sum((run.wrong for run in runs), Counter[str]())),
    )


def _counted(stream: str, operation: str, ranked_s: Sequence[float]) -> Counted:
    def rank_ms(share: float) -> float:
        return ranked_s[min(len(ranked_s) - 1, int(share * len(ranked_s)))] * 1000

    return Counted(
        stream=stream,
        operation=operation,
        answered=len(ranked_s),
        p50_ms=rank_ms(0.5),
        p99_ms=rank_ms(0.99),
        max_ms=ranked_s[-1] * 1000,
    )


def main() -> None:
    """Read a plan, run it, write the report."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(carry_out(plan))))


if __name__ == "__main__":
    main()
