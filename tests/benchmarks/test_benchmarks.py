"""Every benchmark runs and prints a comparison. These runs are short and small, so the figures mean nothing."""

import pytest

from benchmarks.result import Options
from benchmarks.suite import NAMES, main, run

GLANCE = Options(rounds=1, seconds=0.3, scale=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_prints_a_ratio(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    measured = run(name, GLANCE)

    ratios = [row.ratio for row in measured.result.rows if row.ratio is not None]
    said = capsys.readouterr().out
    assert ratios
    assert all(ratio > 0 for ratio in ratios)
    assert f"{ratios[0]:.2f}" in said
    assert "load average" in said


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])

    assert "no benchmark speed" in capsys.readouterr().err
