"""All benchmarks by name, and their command line."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console

from benchmarks import (
    booking,
    forecast,
    halls,
    issue,
    latency,
    load_day,
    ops,
    pages,
    processes,
    replay,
    screens,
    simulate,
    startup,
)
from benchmarks import next as next_
from benchmarks.result import LOAD_CALM, BenchmarkFailed, Machine, Options, Result, machine, print_result

WIDTH_OF_FILES = 160
"""The width of a table that is written to a file or a pipe."""

NAMES: dict[str, Callable[[Options], Result]] = {
    "issue": issue.run,
    "next": next_.run,
    "booking": booking.run,
    "screens": screens.run,
    "latency": latency.run,
    "halls": halls.run,
    "processes": processes.run,
    "startup": startup.run,
    "forecast": forecast.run,
    "simulate": simulate.run,
    "replay": replay.run,
    "load-day": load_day.run,
    "ops": ops.run,
    "pages": pages.run,
}


class Measured(Struct, frozen=True, kw_only=True):
    """A result and the machine it was measured on: the content of `--json`."""

    result: Result
    machine: Machine


def run(name: str, options: Options, *, as_json: bool = False) -> Measured:
    """Run a benchmark and print the result, as a table or as one line of JSON.

    Raises:
        BenchmarkFailed: the measurement failed; the message is for people.
        KeyError: there is no such benchmark.
    """
    benchmark = NAMES[name]
    load_before = os.getloadavg()[0]
    if load_before > LOAD_CALM:
        sys.stderr.write(
            f"paihao: the load average is {load_before:.2f}: other programs run, so the figures are unreliable\n"
        )
    result = benchmark(options)
    measured = Measured(result=result, machine=machine(load_before))
    if as_json:
        sys.stdout.write(f"{msgspec.json.encode(measured).decode()}\n")
    else:
        console = Console()
        if not console.is_terminal:
            console.width = WIDTH_OF_FILES
        print_result(measured.result, measured.machine, console)
    return measured


def main(argv: Sequence[str]) -> int:
    """Run the command line; return the exit code, 1 if a measurement failed."""
    parser = argparse.ArgumentParser(prog="paihao bench", description="Measure both sides on this machine in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all of them if none")
    parser.add_argument("--rounds", type=int, default=Options().rounds, help="rounds per side; medians are printed")
    parser.add_argument("--seconds", type=float, default=Options().seconds, help="seconds of each round")
    parser.add_argument("--scale", type=float, default=1.0, help="make sizes smaller, to try a benchmark")
    parser.add_argument("--trace", type=Path, help="a CSV of visits, for replay")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(argv)
    if unknown := [name for name in chosen.names if name not in NAMES]:
        parser.error(f"no benchmark {', '.join(unknown)}")
    if chosen.rounds < 1 or chosen.seconds <= 0 or not 0 < chosen.scale <= 1:
        parser.error("rounds and seconds are above 0, scale is above 0 and at most 1")
    trace = None if chosen.trace is None else chosen.trace.resolve()
    options = Options(rounds=chosen.rounds, seconds=chosen.seconds, scale=chosen.scale, trace=trace)
    try:
        for name in chosen.names or NAMES:
            run(name, options, as_json=chosen.json)
    except BenchmarkFailed as error:
        sys.stderr.write(f"paihao: {error}\n")
        return 1
    return 0
