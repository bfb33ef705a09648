"""Simulate days of a hall in memory, to try its rules before opening.

The simulation draws the people of a day. They book, come, wait and are served by the same `decide` and `evolve` that
run a real hall. The report gives each result with its confidence interval. Other rules can be compared with the same
people.

`scenario` defines halls and their people, `people` draws the people of a day, `hall_setup` prepares the hall.
`simulated_hall` executes commands, `day_run` runs a day, with `bookings` and `alternating_dispatch` as parts of it.
`promises` are the waits that people are promised, `day_record` is the result of a day, `measures` and `estimate`
evaluate it. `learning_halls` are halls that learn from earlier days, `trace_days` are days of a real hall. `run` runs
many days, `report` and `chart` show the result.
"""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.simulate.chart import chart_of
from service.simulate.errors import SimulateError
from service.simulate.options import Options, options_of
from service.simulate.report import Report, print_report, report_of
from service.simulate.run import number_of_days, run_days

__all__ = ["Options", "Report", "SimulateError", "chart_of", "options_of", "print_report", "simulate"]


def simulate(options: Options) -> Report:
    """Run all days and return the report; show the progress on a terminal.

    Raises:
        SimulateError: the trace cannot be used.
    """
    console = Console(stderr=True)
    results = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("days", total=number_of_days(options))
        for result in run_days(options):
            results.append(result)
            progress.advance(task)
    return report_of(options, results)
