"""Tests of learning from many days: weighted with prior values, and robust against services that were ended late."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, stdev

import msgspec
import pytest

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import ExpectedDuration, Learned, LearnedArrivals, Leaving
from service.domain.model import ServiceId, StageId
from service.domain.stats.day_facts import DayFacts, Lasted, OpenHour
from service.domain.stats.learned_changes import has_changed, walk_ins_changed
from service.domain.stats.learned_week import USUAL, LearnedWeek
from service.domain.stats.learning import learn, learned_duration, learned_leaving, learned_punctuality
from service.domain.stats.walk_in_learning import DAYS_BEFORE_WALK_INS, learned_walk_ins
from tests.domain.halls import MONDAY, town

ENQUIRY, PASSPORT, CARD = ServiceId("enquiry"), ServiceId("passport"), ServiceId("card")
PRECHECK, WINDOW, CASHIER = StageId("precheck"), StageId("window"), StageId("cashier")
PRIOR = ExpectedDuration(180.0, 0.6)
SEED = 20261123


def lognormal(count: int, mean_s: float, cv: float) -> list[int]:
    """Draw realistic service times from a seeded generator."""
    drawn = random.Random(SEED)  # noqa: S311  (a seed is wanted)
    spread = math.sqrt(math.log1p(cv**2))
    return [round(drawn.lognormvariate(math.log(mean_s) - spread**2 / 2, spread)) for _ in range(count)]


def seen(durations: Sequence[int], prior: ExpectedDuration = PRIOR, prechecked: Sequence[int] = ()) -> ExpectedDuration:
    found = learned_duration(durations, prechecked, prior)
    assert found is not None
    return found


@pytest.mark.parametrize("cv", [0.3, 0.6, 1.0])
def test_many_visits_outweigh_the_document(cv: float) -> None:
    visits = lognormal(3000, 420, cv)

    found = seen(visits)

    assert found.mean_s == pytest.approx(fmean(visits), rel=0.02), "chance makes some long ones"
    assert found.cv == pytest.approx(stdev(visits) / fmean(visits), rel=0.15)


def test_with_few_visits_the_document_counts_as_twenty() -> None:
    assert seen([300] * 20).mean_s == pytest.approx(240)
    assert seen([300] * 20).cv == pytest.approx(0.6 / math.sqrt(2))


def test_late_ends_and_accidental_finishes_do_not_count() -> None:
    sound = lognormal(400, 300, 0.6)
    forgotten = [3600 * hours for hours in range(1, 9)] * 2

    with_them = seen([*sound, *forgotten, 0, 1, 2])

    assert with_them.mean_s == pytest.approx(seen(sound).mean_s, rel=0.03)
    assert with_them.cv == pytest.approx(seen(sound).cv, abs=0.05)


def test_the_long_visits_of_a_service_that_varies_are_real_ones() -> None:
    long = lognormal(3000, 300, 1.2)

    assert sum(one > 4 * 192 for one in long) > 150, "beyond four medians, and many"
    assert seen(long).mean_s == pytest.approx(300, rel=0.08)


def test_prechecked_visits_are_learned_separately_from_the_same_prior() -> None:
    found = seen([300] * 200, prechecked=[100] * 20)

    assert found.prechecked_mean_s == pytest.approx((100 + found.mean_s) / 2)
    assert seen([300] * 20).prechecked_mean_s is None
    assert seen([300] * 20, ExpectedDuration(180.0, 0.6, 90.0)).prechecked_mean_s == 90.0


@pytest.mark.parametrize("durations", [[], [0, 1, 2]])
def test_nothing_is_learned_without_observations(durations: list[int]) -> None:
    assert learned_duration(durations, [], PRIOR) is None


def test_punctuality_is_a_median_robust_against_outliers() -> None:
    on_time = [-240, -180, -120, -60, 0] * 100

    mean_s, sd_s = learned_punctuality([*on_time, *[1800] * 30])

    assert mean_s == pytest.approx(-125, abs=40)
    assert 80 < sd_s < 200
    assert learned_punctuality([]) == (USUAL.punctuality_mean_s, USUAL.punctuality_sd_s)


def test_the_show_rate_is_weighted_with_the_usual_share() -> None:
    def show_rate(came: int, missed: int) -> float:
        return 1 - learn([DayFacts(on=MONDAY, came=came, missed=missed)], town(), MONDAY + timedelta(1)).every.no_show

    assert show_rate(0, 0) == pytest.approx(0.88)
    assert show_rate(20, 0) == pytest.approx(0.94)
    assert show_rate(1000, 1000) == pytest.approx(0.5, abs=0.01)


def test_the_leaving_rate_is_per_hour_of_waiting() -> None:
    monday = DayFacts(on=MONDAY, waited_s=40 * 3600, left=20, absent_s=[60, 120])
    tuesday = DayFacts(on=MONDAY + timedelta(1), waited_s=50 * 3600, left=5, absent_s=[100])

    assert learned_leaving([monday, tuesday]) == Leaving(0.25, 0.03, 100)
    assert learned_leaving([]) == Leaving()
    assert learned_leaving([DayFacts(on=MONDAY, waited_s=60, left=1)]).left_per_h < 0.1, (
        "the first who leaves says little"
    )


def weeks(count: int, people: Sequence[int]) -> list[DayFacts]:
    """Build the Mondays before a Monday with these arrivals from 9 to 10, and Tuesdays with half of them."""
    days = []
    for number in range(count):
        monday = MONDAY - timedelta(weeks=count - number)
        came = people[number % len(people)]
        days += [
            DayFacts(on=monday, hours={"09": OpenHour(came, 3600), "10": OpenHour(2, 600)}),
            DayFacts(on=monday + timedelta(1), hours={"09": OpenHour(came // 2, 1800)}),
            DayFacts(on=monday + timedelta(2)),
        ]
    return days


def test_walk_ins_are_the_median_of_the_last_eight_same_weekdays_per_hour() -> None:
    found = learned_walk_ins(weeks(10, [90, 90, 20, 20, 20, 20, 20, 20, 30, 10]), MONDAY)

    assert found.keys() == {1, 2}
    assert found[1].keys() == {"09", "10"}
    assert found[1]["09"].per_h == 20
    assert found[2]["09"].per_h == 20, "half as many in half an hour"


def test_ten_minutes_of_an_hour_say_together_who_comes_in_ten_minutes_and_nothing_about_an_hour() -> None:
    def after_ten(*seen: OpenHour) -> dict[str, LearnedArrivals]:
        weeks_ago = range(len(seen), 0, -1)
        days = [
            DayFacts(on=MONDAY - timedelta(weeks=ago), hours={"09": OpenHour(20, 3600), "10": one})
            for ago, one in zip(weeks_ago, seen, strict=True)
        ]
        return {hour: one for hour, one in learned_walk_ins(days, MONDAY)[1].items() if hour != "09"}

    alike = after_ten(*[OpenHour(2, 600)] * 8)["10"]
    unlike = after_ten(*[OpenHour(0, 600), OpenHour(10, 600)] * 4)["10"]

    assert alike.per_h == pytest.approx(12)
    assert alike.up_to_s == 600
    assert alike.sd == pytest.approx(math.sqrt(12 / (80 / 60)))
    beyond_chance = 8 * 30**2 / 7 - 30 * 6
    assert unlike.per_h == pytest.approx(30)
    assert unlike.sd == pytest.approx(math.sqrt(beyond_chance * 9 / 8 + 30 / (80 / 60)))
    assert after_ten(*[OpenHour(0, 600)] * 8) == {"10": LearnedArrivals(0.0, 0.0, 600)}
    assert after_ten(*[OpenHour(2, 60)] * 8) == {}, "eight minutes in all are too few"
    assert after_ten(*[OpenHour(0, 600)] * 6, *[OpenHour(12, 3600)] * 2)["10"].up_to_s is None
    assert after_ten(*[OpenHour(0, 600)] * 7, OpenHour(12, 3600))["10"].up_to_s == 600


def test_the_spread_is_what_days_differ_by_beyond_chance_and_what_few_days_leave_open() -> None:
    alike = learned_walk_ins(weeks(8, [20, 22, 18, 21]), MONDAY)[1]["09"]
    unlike = learned_walk_ins(weeks(8, [0, 40]), MONDAY)[1]["09"]

    beyond_chance = 8 * 400 / 7 - 20
    assert alike.sd == pytest.approx(math.sqrt(math.pi / 2 * 20.5 / 8))
    assert unlike.sd == pytest.approx(math.sqrt(beyond_chance + math.pi / 2 * (20 + beyond_chance) / 8))


def test_in_the_first_two_weeks_a_weekday_is_like_all_days_and_as_uncertain() -> None:
    people = (20, 30, 10, 24, 16)
    days = [DayFacts(on=MONDAY + timedelta(n), hours={"09": OpenHour(one, 3600)}) for n, one in enumerate(people)]
    saturday = MONDAY + timedelta(5)

    found = learned_walk_ins(days, saturday, [1, 2, 6])

    assert found.keys() == {1, 2, 6}
    assert found[6] == found[1]
    assert found[1]["09"].per_h == 20
    assert found[1]["09"].sd > learned_walk_ins(weeks(8, [20]), MONDAY)[1]["09"].sd
    assert learned_walk_ins(days[:4], saturday) == {}, "four days say nothing yet"
    assert learned_walk_ins(days, saturday, []) == {}


def test_only_weekdays_with_opening_hours_have_walk_ins() -> None:
    days = [DayFacts(on=MONDAY + timedelta(n), hours={"09": OpenHour(20, 3600)}) for n in range(5)]

    assert learn(days, town(), MONDAY + timedelta(5)).walk_ins.keys() == {1, 2, 3, 4, 5}


def test_no_weekday_has_walk_ins_before_two_weeks_of_days() -> None:
    days = weeks(2, [20])

    assert learned_walk_ins(days, days[0].on + timedelta(DAYS_BEFORE_WALK_INS - 1)) == {}
    assert learned_walk_ins(days, days[0].on + timedelta(DAYS_BEFORE_WALK_INS)) != {}
    assert learned_walk_ins([], MONDAY) == {}


def test_a_worked_saturday_counts_as_the_friday_it_is_like() -> None:
    friday = MONDAY - timedelta(3)
    people = {friday - timedelta(14): 30, friday - timedelta(7): 30, friday - timedelta(6): 26, friday: 30}
    people |= {one + timedelta(1): 6 for one in people if one.isoweekday() == 5 and one != friday - timedelta(7)}
    days = [DayFacts(on=one, hours={"09": OpenHour(people[one], 3600)}) for one in sorted(people)]

    found = learned_walk_ins(days, MONDAY, worked={friday - timedelta(6): 5})
    learned = learn(days, town(), MONDAY, {friday - timedelta(6): 5})

    alike = [30, 30, 26, 30]
    assert found[5]["09"] == learned_walk_ins(weeks(4, alike), MONDAY)[1]["09"]
    assert found[6]["09"].per_h == 6
    assert learned.walk_ins == found


def test_only_the_days_before_and_of_the_season_count() -> None:
    old = DayFacts(on=MONDAY - timedelta(61), lasted_s={ENQUIRY: [600] * 99})
    late = DayFacts(on=MONDAY, lasted_s={ENQUIRY: [600] * 99})
    day = DayFacts(on=MONDAY - timedelta(60), lasted_s={ENQUIRY: [240] * 20, ServiceId("gone"): [9] * 20})

    learned = learn([late, day, old], town(), MONDAY)

    assert learned.every.durations == {ENQUIRY: learned_duration([240] * 20, [], ExpectedDuration(180.0, 0.6))}
    assert learned.days == 1


def test_each_stage_is_learned_by_itself() -> None:
    """Ten minutes at the window and one at the cashier must not become five and a half at both."""
    stages = {CARD: {WINDOW: Lasted([600] * 200)}}
    day = DayFacts(on=MONDAY, lasted_s={CARD: [60] * 200}, main={CARD: CASHIER}, at_stages=stages)

    learned = learn([day], town(), MONDAY + timedelta(1)).every
    card = plan_of(town(), 1, MONDAY, (), learned).services[CARD]

    assert learned.durations == {CARD: learned_duration([60] * 200, [], ExpectedDuration(240.0, 0.6))}
    assert learned.at_stages == {CARD: {WINDOW: learned_duration([600] * 200, [], ExpectedDuration(240.0, 0.6))}}
    assert card.expected_s(WINDOW, 1, prechecked=False) > 560
    assert card.expected_s(CASHIER, 1, prechecked=False) < 80


def test_a_stage_without_observations_is_as_in_the_document() -> None:
    day = DayFacts(on=MONDAY, at_stages={PASSPORT: {PRECHECK: Lasted([60] * 20)}}, main={PASSPORT: WINDOW})

    learned = learn([day], town(), MONDAY + timedelta(1)).every

    assert learned.durations == {}
    assert learned.at_stages[PASSPORT][PRECHECK].mean_s == pytest.approx((60 + 300 * 3 / 8) / 2)


def test_facts_of_an_earlier_release_are_of_the_main_stage() -> None:
    written = f'{{"on":"{MONDAY}","lasted_s":{{"card":[90,90]}},"prechecked_lasted_s":{{"passport":[150]}},"came":3}}'
    facts = msgspec.json.decode(written, type=DayFacts)

    learned = learn([facts], town(), MONDAY + timedelta(1)).every

    assert learned.durations.keys() == {CARD, PASSPORT}
    assert learned.durations[CARD] == learned_duration([90, 90], [], ExpectedDuration(240.0, 0.6))
    assert learned.at_stages == {}


def test_a_stage_that_becomes_the_main_one_keeps_what_was_learned_of_it() -> None:
    stages = {CARD: {WINDOW: Lasted([600] * 20)}}
    day = DayFacts(on=MONDAY, lasted_s={CARD: [60] * 20}, main={CARD: CASHIER}, at_stages=stages)
    free = town(stages=[{"id": "precheck", "optional": True}, {"id": "window"}, {"id": "cashier", "optional": True}])

    learned = learn([day], free, MONDAY + timedelta(1)).every

    assert learned.durations[CARD].mean_s == pytest.approx((600 + 240) / 2)
    assert learned.at_stages[CARD][CASHIER].mean_s == pytest.approx((60 + 240 * 3 / 8) / 2)


def test_the_mix_is_of_the_services_that_are_offered() -> None:
    days = [DayFacts(on=MONDAY, walk_ins={ENQUIRY: 3, PASSPORT: 1, ServiceId("gone"): 9})]

    assert learn(days, town(), MONDAY + timedelta(1)).every.mix == {ENQUIRY: 0.75, PASSPORT: 0.25}


def test_a_learned_week_gives_the_values_of_a_date() -> None:
    night = datetime(2026, 11, 22, 16, tzinfo=UTC)
    arrivals = {"09": LearnedArrivals(20.0)}
    week = LearnedWeek(
        every=Learned(no_show=0.2), walk_ins={1: arrivals}, learned_at={0: night, 1: night + timedelta(1)}
    )

    assert week.on(MONDAY) == Learned(no_show=0.2, walk_ins=arrivals, learned_at=night + timedelta(1))
    assert week.on(MONDAY + timedelta(1)) == Learned(no_show=0.2, learned_at=night)
    assert week.on(MONDAY - timedelta(1), {MONDAY - timedelta(1): 1}) == week.on(MONDAY)
    assert LearnedWeek().on(MONDAY) == USUAL


def test_a_small_difference_is_not_a_change() -> None:
    known = Learned(
        durations={ENQUIRY: ExpectedDuration(300.0, 0.6, 200.0)},
        no_show=0.1,
        mix={ENQUIRY: 0.5, PASSPORT: 0.5},
        walk_ins={"09": LearnedArrivals(20.0, 3.0)},
    )

    def moved(**changes: object) -> bool:
        changed = {name: getattr(known, name) for name in known.__struct_fields__} | changes
        return has_changed(known, Learned(**changed))

    assert not moved()
    assert not moved(
        durations={ENQUIRY: ExpectedDuration(304.0, 0.605, 201.0)}, no_show=0.1015, punctuality_mean_s=-290.0
    )
    assert moved(durations={ENQUIRY: ExpectedDuration(310.0, 0.6, 200.0)})
    assert moved(durations={ENQUIRY: ExpectedDuration(300.0, 0.65, 200.0)})
    assert moved(durations={ENQUIRY: ExpectedDuration(300.0, 0.6, 210.0)})
    assert moved(durations={ENQUIRY: ExpectedDuration(300.0, 0.6)})
    assert moved(durations={})
    assert moved(at_stages={PASSPORT: {PRECHECK: ExpectedDuration(60.0, 0.6)}})
    assert moved(no_show=0.11)
    assert moved(punctuality_mean_s=-200.0)
    assert moved(punctuality_sd_s=400.0)
    assert moved(mix={ENQUIRY: 0.6, PASSPORT: 0.4})
    assert moved(mix={ENQUIRY: 1.0})
    assert not moved(leaving=Leaving(0.01, 0.01, 5.0))
    assert moved(leaving=Leaving(left_per_h=0.05))
    assert moved(leaving=Leaving(no_show_per_h=0.05))
    assert moved(leaving=Leaving(no_show_s=20.0))
    assert walk_ins_changed(known.walk_ins, {"09": LearnedArrivals(21.0, 3.0)})
    assert walk_ins_changed(known.walk_ins, {"09": LearnedArrivals(20.0, 4.5)})
    assert walk_ins_changed(known.walk_ins, {"09": LearnedArrivals(20.0, 3.0, 600)})
    assert walk_ins_changed(known.walk_ins, {})
    assert not walk_ins_changed(known.walk_ins, {"09": LearnedArrivals(20.2, 3.5)})


def test_a_plan_uses_learned_values_and_has_a_newer_version() -> None:
    night = datetime(2026, 11, 22, 16, tzinfo=UTC)
    before = plan_of(town(), 3, MONDAY)
    learned = plan_of(
        town(), 3, MONDAY, (), Learned(durations={ENQUIRY: ExpectedDuration(240.0, 0.8)}, learned_at=night)
    )
    changed = plan_of(town(), 4, MONDAY)

    assert (learned.services[ENQUIRY].mean_s, learned.services[ENQUIRY].cv) == (240.0, 0.8)
    assert before.version < learned.version < changed.version


def test_a_generated_season_gives_plausible_values() -> None:
    """A generated season: two services, a morning peak, some services ended late, and different days."""
    drawn = random.Random(SEED)  # noqa: S311  (a seed is wanted)
    days = []
    for back in range(56, 0, -1):
        on = MONDAY - timedelta(back)
        if on.isoweekday() > 5:
            continue
        peak = 1.5 if on.isoweekday() == 1 else 1.0
        days.append(
            DayFacts(
                on=on,
                lasted_s={
                    ENQUIRY: [round(drawn.lognormvariate(5.0, 0.55)) for _ in range(40)] + [5400],
                    PASSPORT: [round(drawn.lognormvariate(6.0, 0.7)) for _ in range(25)],
                },
                came=40,
                missed=6,
                late_s=[round(drawn.gauss(-300, 400)) for _ in range(40)],
                hours={
                    f"{hour:02d}": OpenHour(round(peak * drawn.gauss(30 if hour < 12 else 12, 3)), 3600)
                    for hour in range(9, 17)
                },
                walk_ins={ENQUIRY: 90, PASSPORT: 30},
            )
        )

    learned = learn(days, town(), MONDAY)

    assert learned.every.durations[ENQUIRY].mean_s == pytest.approx(math.exp(5.0 + 0.55**2 / 2), rel=0.05)
    assert learned.every.durations[PASSPORT].mean_s == pytest.approx(math.exp(6.0 + 0.7**2 / 2), rel=0.05)
    assert learned.every.no_show == pytest.approx(6 / 46, abs=0.01)
    assert learned.every.punctuality_mean_s == pytest.approx(-300, abs=40)
    assert learned.every.punctuality_sd_s == pytest.approx(400, rel=0.1)
    assert learned.walk_ins[1]["09"].per_h == pytest.approx(45, rel=0.1)
    assert learned.walk_ins[3]["14"].per_h == pytest.approx(12, rel=0.2)
    assert learned.walk_ins.keys() == {1, 2, 3, 4, 5}


def test_learning_works_on_any_date() -> None:
    assert learn([], town(), date(2028, 2, 29)).every == USUAL
