"""`paihao simulate`: its options, its output and its files."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from typer.testing import CliRunner, Result

from service.cli.main import cli
from tests.simulation.test_trace_days import HEADER, MONDAY, TUESDAY


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["simulate", *arguments], prog_name="paihao")


def said(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json", "-")
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = msgspec.json.decode(result.stdout)
    return report


def test_days_are_summed_up_for_people() -> None:
    result = run("--days", "2", "--against", "constant:9")

    assert result.exit_code == 0
    for words in ("walk-ins' wait, p95", "appointments called within 10", "constant:9", "days a second a core"):
        assert words in " ".join(result.output.split()), words


def test_the_peak_day_says_whether_it_reaches_what_it_shall() -> None:
    report = said("--days", "3", "--against", "constant:9")

    assert [reach["bound"] for reach in report["reached"]] == [0.45, 95.0]
    for reach in report["reached"]:
        value, bound = reach["value"]["mean"], reach["bound"]
        assert reach["ok"] == (value <= bound if bound < 1 else value >= bound)
    assert said("--days", "1", "--against", "strict")["reached"] == []


def test_the_same_seed_gives_the_same_report_on_any_number_of_processes() -> None:
    one, two = said("--days", "6", "--seed", "4"), said("--days", "6", "--seed", "4", "--jobs", "2")

    del one["days_per_core_s"], two["days_per_core_s"]
    assert one == two
    assert said("--days", "6", "--seed", "5")["ways"] != one["ways"]


def test_a_chart_and_a_report_are_written(tmp_path: Path) -> None:
    chart, report = tmp_path / "waits.svg", tmp_path / "report.json"

    result = run("--days", "2", "--against", "fifo", "--chart", str(chart), "--json", str(report))

    assert result.exit_code == 0
    drawn = ET.parse(chart).getroot()  # noqa: S314  (our own file)
    assert drawn.tag.endswith("svg")
    assert len([line for line in drawn if line.get("fill") == "none"]) == 8
    assert msgspec.json.decode(report.read_bytes())["scenario"] == "peak"


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result = run("--days", "1", "--chart", str(tmp_path / "no" / "such.svg"))

    assert result.exit_code == 1
    assert "No such file" in result.output


def test_a_trace_is_learned_from_and_lived(tmp_path: Path) -> None:
    trace = tmp_path / "bank.csv"
    trace.write_text("\n".join((HEADER, *MONDAY, *TUESDAY, "")), encoding="utf-8")

    report = said("--trace", str(trace))
    shown = run("--trace", str(trace))

    assert (report["scenario"], report["days"], report["lesson"]["days"]) == ("bank", 1, 1)
    assert report["ways"][0]["measures"]["served"]["mean"] in {2, 3}  # one has little patience
    assert "learned: NW" in shown.output


def test_halls_that_learn_stand_beside_the_one_that_knows() -> None:
    typed = ("--scenario", "loan", "--days", "2", "--learn", "0, 1")

    report = said(*typed)
    shown = " ".join(run(*typed).output.split())

    assert [(way["way"], way["learned"]) for way in report["ways"]] == [
        ("credit, places rule, learned from 0 days", 0),
        ("credit, places rule, learned from 1 day", 1),
        ("credit, places rule", None),
    ]
    assert report["ways"][0]["error_times_true"]["days"] == 2
    assert report["ways"][2]["error_times_true"] is None
    assert report["times"] is None
    assert "learned from 0 days" in shown
    assert "knows what is true" in shown
    assert "the promise's error by that of the hall with true parameters" in shown


def test_promises_are_held_against_the_oracle_of_a_hall_that_knows_and_of_one_that_has_learned() -> None:
    report = said(
        "--scenario",
        "lunch",
        "--days",
        "1",
        "--learn",
        "5",
        "--promises",
        "forecast",
        "--oracle",
        "40",
        "--counters",
        "9",
    )

    reached = [(reach["words"].split(",")[0], reach["bound"]) for reach in report["reached"]]
    assert reached == [
        ("walk-ins' p50 by what 5 days taught", 1.2),
        ("appointments' p50 by what 5 days taught", 1.2),
        ("walk-ins' p50 by what is true", 1.1),
        ("appointments' p50 by what is true", 1.1),
    ]
    for reach in report["reached"]:
        assert reach["ok"] == (reach["value"]["mean"] <= reach["bound"])


def test_a_season_is_as_long_as_its_days() -> None:
    report = said("--scenario", "season", "--days", "5", "--counters", "2")

    assert report["ways"][0]["measures"]["served"]["mean"] < 80
    assert "2 counters" in report["says"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--scenario", "picnic"), "scenario is one of peak, sick"),
        (("--policy", "bribes"), "policy is one of credit, fifo, strict, alternate, not 'bribes'"),
        (("--places", "constant:0"), "places are rule, or constant:N"),
        (("--places", "some"), "places are rule, or constant:N"),
        (("--against", "nobody"), "places are rule, or constant:N"),
        (("--promises", "tarot"), "promises is one of analytic, forecast"),
        (("--admission", "none"), "admission is one of fit, all"),
        (("--days", "0"), "days is from 1"),
        (("--jobs", "0"), "jobs is from 1"),
        (("--seed", "-1"), "seed is from 0"),
        (("--counters", "0"), "counters is from 1"),
        (("--learn", "some"), "learn is a number of days, or several after commas"),
        (("--learn", "61"), "learn is from 0 to 60"),
        (("--learn", "1", "--against", "fifo"), "give learn or against, not both"),
        (("--learn", "0", "--trace", "nowhere.csv"), "learn is from 1"),
        (("--learn", "1,2", "--trace", "nowhere.csv"), "with a trace, learn must be a single number"),
        (("--trace", "nowhere.csv"), "nowhere.csv cannot be read"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(arguments: tuple[str, ...], why: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 1
    assert why in result.output
    assert len(result.output.strip().splitlines()) == 1
