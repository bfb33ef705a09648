"""Days of a hall that never were: the rules of the hall, tried on a thousand days before one is opened.

`simulate` draws the people of a day, lets them book, come, wait and be served by the very `decide` and `evolve` that
run a hall, and says what came of it, with the interval to which that is known. Other rules can be lived by the same
people.

Where to look: `scenario` (the hall and its crowd), `people` (who comes), `setting` (the hall made ready), `live` (the
day), `bookings` and `alternation` (parts of it), `promises` (what people are told), `measure` and `estimate` (what is
counted, and how sure it is), `days` (many days), `learned` (halls that have to learn), `traced` (days of a
real hall), `report` and `chart` (what is shown).
"""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.simulate.chart import chart_of
from service.simulate.errors import SimulateError
from service.simulate.options import Options, options_of
from service.simulate.report import Report, print_report, report_of
from service.simulate.run import live_days, number_of_days

__all__ = ["Options", "Report", "SimulateError", "chart_of", "options_of", "print_report", "simulate"]


def simulate(options: Options) -> Report:
    """Live the days and sum them up; on a terminal it shows how far it is. Raises SimulateError."""
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
        for result in live_days(options):
            results.append(result)
            progress.advance(task)
    return report_of(options, results)
