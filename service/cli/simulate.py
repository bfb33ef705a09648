"""`./paihao simulate`: simulate days of a hall without a server."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from service.cli.output import console, write_file
from service.cli.process import failure


def simulate(  # noqa: PLR0913  (options of a command line)
    *,
    scenario: Annotated[str, typer.Option(help="peak, sick, surge, full, lunch, loan or season.")] = "peak",
    policy: Annotated[str, typer.Option(help="Order of calls: credit, fifo, strict or alternate.")] = "credit",
    places: Annotated[
        str, typer.Option(help="Bookable places: rule, or constant:N for N places per quarter of an hour.")
    ] = "rule",
    against: Annotated[
        str, typer.Option(help="A second policy or rule for places, simulated with the same people and compared.")
    ] = "",
    trace: Annotated[
        Path | None,
        typer.Option(help="A CSV file of visits: learn from its first days, simulate the others.", dir_okay=False),
    ] = None,
    learn: Annotated[
        str,
        typer.Option(
            help="Number of days to learn from. Of a trace: default half of them. "
            "Of a scenario: one number or several to compare, such as 0,1,5,20."
        ),
    ] = "",
    days: Annotated[int, typer.Option(help="Number of days of a scenario.")] = 100,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same people.")] = 1,
    jobs: Annotated[int, typer.Option(help="Number of processes; does not change the result.")] = 1,
    counters: Annotated[int | None, typer.Option(help="Number of counters; default: the scenario's.")] = None,
    admission: Annotated[
        str, typer.Option(help="Admission of walk-ins: fit (those that fit into the day) or all.")
    ] = "fit",
    promises: Annotated[
        str, typer.Option(help="How waits are estimated: analytic (from the queue) or forecast.")
    ] = "analytic",
    oracle: Annotated[
        int, typer.Option(help="Compare every N-th estimate with an oracle that knows the true model; 0: never.")
    ] = 0,
    json: Annotated[str, typer.Option(help="Write the report as JSON to this file; - is standard output.")] = "",
    chart: Annotated[
        Path | None, typer.Option(help="Draw the waits over the day into this SVG file.", dir_okay=False)
    ] = None,
) -> None:
    """Simulate days of a scenario or of a trace by the rules of the hall, and report waits and utilisation."""
    from service.simulate import (  # noqa: PLC0415  (only this command needs it)
        SimulateError,
        chart_of,
        options_of,
        print_report,
        simulate,
    )

    try:
        options = options_of(
            scenario=scenario,
            policy=policy,
            places=places,
            against=against,
            days=days,
            seed=seed,
            jobs=jobs,
            promises=promises,
            oracle=oracle,
            admission=admission,
            counters=counters,
            trace=trace,
            learn=learn,
        )
        report = simulate(options)
    except SimulateError as error:
        raise failure(str(error)) from error
    if json != "-":
        print_report(report, console())
    if json:
        write_file(Path(json), msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if chart is not None:
        write_file(chart, chart_of(report).encode())
