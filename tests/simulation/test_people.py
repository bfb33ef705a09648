"""The people of a day depend only on the seed, the day and the scenario."""

from statistics import mean

import pytest

from service.domain.model import TicketClass
from service.simulate.people import MINUTE_MS, People, draw_people
from service.simulate.scenario import CLOSES_MIN, OPENS_MIN, SCENARIOS

PEAK = SCENARIOS["peak"]
DAYS = 200


@pytest.fixture(scope="module")
def crowds() -> list[People]:
    return [draw_people(PEAK, 1, day) for day in range(DAYS)]


def test_the_same_seed_and_day_bring_the_same_people() -> None:
    assert draw_people(PEAK, 1, 0) == draw_people(PEAK, 1, 0)
    assert draw_people(PEAK, 1, 0) != draw_people(PEAK, 1, 1)
    assert draw_people(PEAK, 1, 0) != draw_people(PEAK, 2, 0)


def test_as_many_come_as_the_scenario_says(crowds: list[People]) -> None:
    walk_ins = [sum(person.class_ is TicketClass.WALK_IN for person in people.unscheduled) for people in crowds]
    green = [len(people.unscheduled) - walk_in for people, walk_in in zip(crowds, walk_ins, strict=True)]
    shown = [sum(person.shows for person in people.bookings) for people in crowds]

    assert mean(walk_ins) == pytest.approx(88, abs=2)
    assert mean(green) == pytest.approx(11, abs=0.8)
    assert mean(shown) + mean(walk_ins) + mean(green) == pytest.approx(220, abs=3)
    assert all(len(people.bookings) == 138 for people in crowds)


def test_a_fifth_of_the_walk_ins_come_in_the_first_hour_and_a_few_before_the_door_opens(crowds: list[People]) -> None:
    came = [
        person.arrives_ms / MINUTE_MS
        for people in crowds
        for person in people.unscheduled
        if person.class_ is TicketClass.WALK_IN
    ]

    assert sum(at < OPENS_MIN for at in came) / len(came) == pytest.approx(0.04, abs=0.005)
    assert sum(OPENS_MIN <= at < OPENS_MIN + 60 for at in came) / len(came) == pytest.approx(0.21, abs=0.01)
    assert all(OPENS_MIN - 20 <= at < CLOSES_MIN for at in came)


def test_services_last_as_long_and_as_unevenly_as_the_scenario_says(crowds: list[People]) -> None:
    lasts_s = [person.service_ms / 1000 for people in crowds for person in (*people.bookings, *people.unscheduled)]
    middle_s = mean(lasts_s)
    spread_s = mean((one - middle_s) ** 2 for one in lasts_s) ** 0.5

    assert middle_s == pytest.approx(480, rel=0.01)
    assert spread_s / middle_s == pytest.approx(0.6, rel=0.03)


def test_bookings_are_made_before_the_hall_opens_and_in_order(crowds: list[People]) -> None:
    for people in crowds[:5]:
        made = [person.books_ms for person in people.bookings]
        assert made == sorted(made)
        assert made[-1] < OPENS_MIN * MINUTE_MS
    assert any(person.books_ms > 0 for person in crowds[0].bookings)


def test_three_services_have_the_mean_and_spread_of_the_one() -> None:
    kinds = SCENARIOS["sick"].kinds
    middle_s = sum(kind.share * kind.mean_s for kind in kinds)
    squares = sum(kind.share * kind.mean_s**2 * (1 + kind.cv**2) for kind in kinds)

    assert middle_s == pytest.approx(480, rel=0.005)
    assert (squares - middle_s**2) ** 0.5 / middle_s == pytest.approx(0.6, abs=0.01)


def test_a_season_has_its_visits_and_one_peak_of_over_two_hundred() -> None:
    season = SCENARIOS["season"]

    assert sum(season.season) == pytest.approx(3424)
    assert max(season.season) > 200
    assert sum(season.on_day(day).expected for day in range(44)) == pytest.approx(3424, rel=0.01)
    assert season.on_day(44) == season.on_day(0)


def test_nobody_knows_the_speed_of_a_day_beforehand() -> None:
    crowds = [draw_people(SCENARIOS["lunch"], 1, day) for day in range(DAYS)]

    paces = [pace for people in crowds for pace in people.pace]
    assert mean(paces) == pytest.approx(1, abs=0.03)
    assert min(paces) < 0.8
    assert max(paces) > 1.2
    assert draw_people(PEAK, 1, 0).pace == (1.0,) * 5
