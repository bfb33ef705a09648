"""A replay with several observers gives each of them the same result as a replay of its own."""

from service.domain.day import Day
from service.domain.stats import facts_observer, figures_observer
from service.domain.stats.observed_replay import replay_with_observers
from tests.golden.write import a_day


def test_several_who_watch_one_fold_see_what_each_sees_alone() -> None:
    hall = a_day()
    day = Day(hall.day.hall, hall.on)
    facts, counted = (
        facts_observer.FactsObserver(day.hall, day.on, day),
        figures_observer.FiguresObserver(day.hall, day.on, day),
    )
    alone, counted_alone = (
        facts_observer.FactsObserver(day.hall, day.on),
        figures_observer.FiguresObserver(day.hall, day.on),
    )

    replay_with_observers(day, hall.records, facts, counted)
    alone.replay(hall.records)
    counted_alone.replay(hall.records)

    assert facts.facts() == alone.facts()
    assert facts.facts().lasted_s
    assert counted.figures(hall.now_at) == counted_alone.figures(hall.now_at)
    assert day.seq == len(hall.records)
