"""The time from a call to the last of 100, 500 and 2,000 screens, and the memory of an idle screen.

It is compared with a loop of socket sends of the same bytes in a process that does nothing else. The receiver measures
both, from before the command is sent (a request to call the next; a byte to the loop) until the last screen has read
the number. So ours includes HTTP, the commit, and making the board.
"""

import threading
import time
from collections import defaultdict
from statistics import median

import msgspec

from benchmarks.harness import TOKEN, Process, Served, environment_with, helper, serving
from benchmarks.result import BenchmarkFailed, Options, Result, row
from benchmarks.screen_clients import Seen, Watch

SCREENS = (100, 500, 2_000)
CALLS = 5
"""Calls in each round."""

COUNTER = "1"
SPARE = 5
"""Tickets beyond the number of calls."""


def run(options: Options) -> Result:
    """Run the benchmark."""
    sizes = sorted({max(2, options.sized(size)) for size in SCREENS})
    last_ms: defaultdict[int, list[float]] = defaultdict(list)
    bare_ms: defaultdict[int, list[float]] = defaultdict(list)
    spread_ms: defaultdict[int, list[float]] = defaultdict(list)
    bare_spread_ms: defaultdict[int, list[float]] = defaultdict(list)
    memory_kb: list[float] = []
    cpu: list[float] = []
    calls = options.sized(CALLS)
    with serving() as served:
        prepare(served, "demo", calls * options.rounds * len(sizes) + SPARE)
        number = 1
        for _ in range(options.rounds):
            for size in sizes:
                watch = Watch(
                    mode="once",
                    hall="demo",
                    display_port=served.display_port,
                    port=served.port,
                    token=TOKEN,
                    counter=COUNTER,
                    screens=size,
                    calls=calls,
                    first=number,
                )
                before_kb = served.process.memory_kb
                with helper(served.folder, "benchmarks.send_loop") as (_, port):
                    watch.bare_port = port
                    seen, peak_kb = watched(served, watch)
                number += calls
                if size == sizes[-1] and not memory_kb:
                    memory_kb.append((peak_kb - before_kb) / size)
                last_ms[size] += [1000 * second for second in seen.last_s]
                bare_ms[size] += [1000 * second for second in seen.bare_last_s]
                spread_ms[size] += [1000 * second for second in seen.spread_s]
                bare_spread_ms[size] += [1000 * second for second in seen.bare_spread_s]
                cpu.append(seen.cpu_share)
    most = sizes[-1]
    return Result(
        name="screens",
        ours="a call until the last screen",
        other="a bare loop of sends",
        rows=[
            *(
                row(f"{size:,} screens", last_ms[size], bare_ms[size], "ms", "≤ 1.2" if size == most else "")
                for size in sizes
            ),
            *(
                row(f"{size:,} screens, from the first to the last", spread_ms[size], bare_spread_ms[size], "ms")
                for size in sizes
            ),
            row("memory per idle screen", memory_kb, [], "KB", "ours ≤ 32"),
        ],
        notes=[
            f"a board is {seen.frame_bytes} bytes; the receiver was busy {median(cpu):.0%} of the time",
            "memory is the service's, as it grew when most screens connected; the kernel's own is not in it",
        ],
    )


def prepare(served: Served, hall: str, tickets: int) -> None:
    """Open a counter and take tickets, so that the calls begin with number 1."""
    served.call("POST", f"/v1/halls/{hall}/counters/{COUNTER}/open")
    served.fill(hall, tickets)


def watched(served: Served, watch: Watch) -> tuple[Seen, float]:
    """Run the screens; also return the service's peak memory. Raises BenchmarkFailed."""
    process = Process(["benchmarks.screen_clients"], environment_with(), served.folder / "watch", talks=True)
    peak_kb = served.process.memory_kb
    answers: list[bytes] = []
    talk = threading.Thread(target=lambda: answers.append(process.popen.communicate(msgspec.json.encode(watch))[0]))
    try:
        talk.start()
        while talk.is_alive():
            peak_kb = max(peak_kb, served.process.memory_kb)
            talk.join(0.1)
    finally:
        process.stop()
    if process.popen.returncode:
        raise BenchmarkFailed(f"the screens: {process.log.read_text()[-2000:]}")
    time.sleep(0.1)  # so that closing these sockets does not slow down the next measurement
    return msgspec.json.decode(answers[0], type=Seen), peak_kb
