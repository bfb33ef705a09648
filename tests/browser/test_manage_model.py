"""The modules of the manager's page, run in a browser: form of the document, merges, staffing of a date."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page

from service.domain.hall.demo import demo_document
from tests.service import Service

ON = "2026-11-23"
"""A Monday."""

DEMO: dict[str, Any] = msgspec.to_builtins(demo_document(always_open=False))

IMPORTS = """
const form = await import("/pages/manage/model/form.js");
const merge = await import("/pages/manage/model/merge.js");
const staffing = await import("/pages/manage/model/staffing.js");
const times = await import("/pages/manage/model/times.js");
const check = await import("/pages/manage/model/check.js");
const values = await import("/pages/manage/model/values.js");
const slots = await import("/pages/bookings/slots.js");
const codes = await import("/pages/codes.js");
const lists = await import("/pages/invitations/lists.js");
const faults = (made) => check.faultsOf(made, () => false).map(({ path, text }) => [path.join("/"), text]);
"""


@pytest.fixture(scope="module")
async def page(quiet_service: Service, browser: Browser) -> AsyncIterator[Page]:
    """A page of the service, which may load its modules: they are pure functions, so all tests ask the same page."""
    async with await browser.new_context(locale="zh-CN") as context:
        page = await context.new_page()
        await page.goto(quiet_service.api.base + "/docs")
        yield page


async def asked(page: Page, source: str, *given: Any) -> Any:  # noqa: ANN401  (JSON)
    """Run code with the modules; `given` has the arguments of the test."""
    return await page.evaluate(f"async (given) => {{ {IMPORTS} {source} }}", list(given))


async def test_a_document_that_nobody_edits_comes_out_of_the_form_as_it_went_in(page: Page) -> None:
    document = {
        **DEMO,
        "hours": [
            {"weekdays": [1, 3], "from": "09:00", "to": "12:00"},
            {"weekdays": [3], "from": "13:00", "to": "17:00"},
        ],
        "exceptions": [{"on": "2026-12-01", "closed": True}, {"on": "2026-12-02", "from": "10:00", "to": "11:00"}],
        "staffing": [*DEMO["staffing"], {"on": ON, "from": "10:00", "to": "11:00", "counters": 1}],
        "something_newer": {"than": ["this", "page"]},
    }

    made = await asked(
        page,
        """const [document] = given; const made = form.toForm(document);
           return form.toDocument(made, { document, form: form.toForm(document) }).document;""",
        document,
    )

    assert made == document


async def test_an_edited_day_stands_in_rows_that_say_the_same(page: Page) -> None:
    made = await asked(
        page,
        """const [document] = given; const base = { document, form: form.toForm(document) };
           let edited = values.put(base.form, ["hours", "6"], [{ from: "10:00", to: "12:00" }]);
           edited = values.put(edited, ["hours", "7"], []);
           edited = values.put(edited, ["exceptions", "2026-12-01"], { closed: true, spans: [] });
           return form.toDocument(edited, base).document;""",
        DEMO,
    )

    assert made["hours"] == [
        {"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:30"},
        {"weekdays": [6], "from": "10:00", "to": "12:00"},
    ]
    assert made["exceptions"] == [{"on": "2026-12-01", "closed": True}]
    assert made["staffing"] == DEMO["staffing"]


async def test_one_clerk_short_until_two_is_said_for_that_date_alone(page: Page) -> None:
    dates, segments, back = await asked(
        page,
        """const [document, on] = given; const made = form.toForm(document);
           const short = staffing.withStaffing(made, on, { from: 645, to: 840 }, (counters) => counters - 1);
           const again = staffing.withStaffing(short, on, { from: 645, to: 840 }, (counters) => counters + 1);
           return [short.staffing.dates, staffing.segmentsOn(short, on), again.staffing.dates];""",
        DEMO,
        ON,
    )

    assert dates == {
        ON: [
            {"from": "10:45", "to": "12:00", "counters": 4},
            {"from": "12:00", "to": "13:30", "counters": 2},
            {"from": "13:30", "to": "14:00", "counters": 4},
        ]
    }
    assert [(one["from"], one["to"], one["plan"], one["counters"]) for one in segments] == [
        (540, 645, 5, 5),
        (645, 720, 5, 4),
        (720, 810, 3, 2),
        (810, 840, 5, 4),
        (840, 1050, 5, 5),
    ]
    assert back == {}


async def test_where_no_band_says_how_many_a_change_says_the_whole_day(page: Page) -> None:
    dates = await asked(
        page,
        """const [document, on] = given; const made = form.toForm({ ...document, staffing: [] });
           return staffing.withStaffing(made, on, { from: 600, to: 660 }, (now) => now - 2).staffing.dates;""",
        DEMO,
        ON,
    )

    assert dates[ON] == [
        {"from": "09:00", "to": "10:00", "counters": 6},
        {"from": "10:00", "to": "11:00", "counters": 4},
        {"from": "11:00", "to": "17:30", "counters": 6},
    ]


async def test_a_hall_that_is_open_past_midnight_has_one_axis(page: Page) -> None:
    night = {**DEMO, "day_starts_at_local": "04:00", "hours": [{"weekdays": [1], "from": "20:00", "to": "04:00"}]}
    night["staffing"] = [{"weekdays": [1], "from": "20:00", "to": "01:00", "counters": 2}]

    windows, segments, faults = await asked(
        page,
        """const [document, on] = given; const made = form.toForm(document);
           const less = staffing.withStaffing(made, on, { from: 1440, to: 1500 }, () => 1);
           return [staffing.windowsOn(made, on), less.staffing.dates[on], faults(made)];""",
        night,
        ON,
    )

    assert windows == [{"from": 1200, "to": 1680}]
    assert segments == [{"from": "00:00", "to": "01:00", "counters": 1}]
    assert faults == []


async def test_a_time_is_read_as_people_write_it(page: Page) -> None:
    typed = {"9": "09:00", "0905": "09:05", "9:05": "09:05", "17：30": "17:30", "24:00": "24:00"}
    wrong = dict.fromkeys(("", "25:00", "24:01", "9:60", "noon"))

    read = await asked(page, "return given.map((one) => times.readTime(one))", *typed, *wrong)

    assert read == [*typed.values(), *wrong.values()]


MERGE = """
const [document, changes] = given;
const base = form.toForm(document);
const made = (name) => changes[name].reduce((one, [path, value]) => values.put(one, path, value ?? undefined), base);
const [mine, theirs] = [made("mine"), made("theirs")];
const found = merge.merge(base, mine, theirs);
const said = (list) => list.map(({ path }) => path.join("/"));
"""


async def test_two_managers_changes_of_different_fields_are_both_kept(page: Page) -> None:
    changes = {
        "mine": [
            [["rules", "credit_s", "green"], 6000],
            [["hours", "7"], []],
            [["services", "rows", "enquiry", "prefix"], "E"],
        ],
        "theirs": [
            [["rules", "credit_s", "appointment"], 1800],
            [["hours", "6"], []],
            [["services", "rows", "enquiry", "count_max"], 2],
        ],
    }

    merged, conflicts, taken, kept = await asked(
        page,
        MERGE
        + """const both = form.toDocument(found.merged, { document, form: base });
             return [both.document, found.conflicts, said(found.taken), said(found.kept)];""",
        DEMO,
        changes,
    )

    assert conflicts == []
    assert merged["rules"]["credit_s"] == {"appointment": 1800, "green": 6000, "returning": 3600}
    assert merged["hours"] == [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:30"}]
    enquiry = next(one for one in merged["services"] if one["id"] == "enquiry")
    assert (enquiry["prefix"], enquiry["count_max"]) == ("E", 2)
    assert sorted(taken) == ["hours/6", "rules/credit_s/appointment", "services/rows/enquiry/count_max"]
    assert sorted(kept) == ["hours/7", "rules/credit_s/green", "services/rows/enquiry/prefix"]


async def test_one_field_changed_by_both_is_decided_and_the_rest_is_not_touched(page: Page) -> None:
    changes = {
        "mine": [[["rules", "grace_s"], 300], [["rules", "early_s"], 0]],
        "theirs": [[["rules", "grace_s"], 900], [["rules", "early_s"], 0]],
    }

    conflicts, mine, theirs = await asked(
        page,
        MERGE
        + """return [found.conflicts, merge.decide(found.merged, found.conflicts, () => "mine").rules,
                     merge.decide(found.merged, found.conflicts, () => "theirs").rules];""",
        DEMO,
        changes,
    )

    assert conflicts == [{"path": ["rules", "grace_s"], "base": 600, "mine": 300, "theirs": 900}]
    assert (mine["grace_s"], mine["early_s"]) == (300, 0)
    assert (theirs["grace_s"], theirs["early_s"]) == (900, 0)


async def test_what_one_removed_and_the_other_changed_is_decided(page: Page) -> None:
    changes = {
        "mine": [[["counters", "rows", "5"], None], [["counters", "order"], ["1", "2", "3", "4", "P1"]]],
        "theirs": [[["counters", "rows", "5", "zone"], "east"]],
    }

    paths, mine, theirs = await asked(
        page,
        MERGE
        + """const decided = (choose) => merge.decide(found.merged, found.conflicts, () => choose);
             const ids = (choose) => form.entriesOf(decided(choose).counters).map(([key]) => key);
             return [said(found.conflicts), ids("mine"), ids("theirs")];""",
        DEMO,
        changes,
    )

    assert paths == ["counters/rows/5"]
    assert mine == ["1", "2", "3", "4", "P1"]
    assert sorted(theirs) == ["1", "2", "3", "4", "5", "P1"]


async def test_things_that_both_added_are_both_there_in_their_places(page: Page) -> None:
    order = await asked(
        page,
        """const base = form.toForm(given[0]);
           const added = (id) => form.rekeyed({ ...base, zones: form.withRow(base.zones, { id, name: {} }).list });
           const found = merge.merge(base, added("east"), added("west"));
           return [found.conflicts.length, form.entriesOf(found.merged.zones).map(([, { id }]) => id)];""",
        DEMO,
    )

    assert order[0] == 0
    assert sorted(order[1]) == ["east", "main", "west"]


async def test_a_fault_the_service_finds_is_led_to_the_field_it_is_in(page: Page) -> None:
    paths = await asked(
        page,
        """const [document] = given; const base = { document, form: form.toForm(document) };
           const edited = values.put(base.form, ["hours", "2"], [{ from: "10:00", to: "09:00" }]);
           const { pathOf } = form.toDocument(edited, base);
           const paths = ["$.services[0].papers[1].name[...]", "counters[5].zone", "hours[1]", "rules.grace_s"];
           return [...paths, "codes.missing[0]"].map((path) => pathOf(path).join("/"));""",
        DEMO,
    )

    assert paths == [
        "services/rows/loan-first/papers/rows/student-card/name",
        "counters/rows/P1/zone",
        "hours/2",
        "rules/grace_s",
        "codes/missing/rows/id-card",
    ]


async def test_what_would_be_refused_is_found_while_it_is_typed(page: Page) -> None:
    wrong = {
        **DEMO,
        "time_zone": "Mars/Olympus",
        "holidays": True,
        "country": None,
        "hours": [{"weekdays": [1], "from": "17:00", "to": "09:00"}],
        "zones": [{"id": "Main Hall", "name": {}}],
    }
    wrong["services"] = [{**DEMO["services"][0], "prefix": "AB1", "stages": []}, *DEMO["services"][1:]]

    assert await asked(page, "return faults(form.toForm(given[0]))", DEMO) == []
    found = await asked(page, "return faults(form.toForm(given[0]))", wrong)

    assert [fault for fault in found if not fault[0].startswith("counters")] == [
        ["time_zone", "fault-time-zone"],
        ["country", "fault-country-missing"],
        ["hours/1", "fault-span"],
        ["zones/rows/Main Hall/id", "fault-code"],
        ["services/rows/loan-first/prefix", "fault-prefix"],
        ["services/rows/loan-first/stages", "fault-service-stages"],
    ]
    assert ["counters/rows/1/zone", "fault-zone-unknown"] in found


SPAN = {"weekdays": [1, 2], "on": None, "from": "09:00", "to": "12:00"}
PLACES = {**SPAN, "every_min": 30, "places": 4, "services": None}
RESERVED = {**SPAN, "partner": "school-1", "share": 0.2, "release_before_s": 3600}


def booking(places: list[dict[str, Any]], reserved: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the demo document with booking spans."""
    return {**DEMO, "booking": {**DEMO["booking"], "places": places, "reserved": reserved}}


async def test_spans_of_booking_are_known_by_their_days_and_come_out_as_they_went_in(page: Page) -> None:
    document = booking([PLACES, PLACES, {**PLACES, "weekdays": None, "on": "2026-12-01"}], [RESERVED])

    keys, made, path = await asked(
        page,
        """const [document] = given; const base = { document, form: form.toForm(document) };
           const { booking } = base.form; const out = form.toDocument(base.form, base);
           return [[...booking.places.order, ...booking.reserved.order], out.document,
                   out.pathOf("booking.places[2].places").join("/")];""",
        document,
    )

    assert keys == ["w12-0900-1200", "w12-0900-1200-2", "2026-12-01-0900-1200", "w12-0900-1200-school-1"]
    assert made == document
    assert path == "booking/places/rows/2026-12-01-0900-1200/places"


async def test_no_service_chosen_for_places_by_hand_is_all_of_them(page: Page) -> None:
    made = await asked(
        page,
        """const [document] = given; const base = { document, form: form.toForm(document) };
           const path = ["booking", "places", "rows", "w12-0900-1200", "services"];
           return form.toDocument(values.put(base.form, path, []), base).document.booking.places[0].services;""",
        booking([{**PLACES, "services": ["enquiry"]}], []),
    )

    assert made is None


async def test_two_managers_spans_of_booking_meet(page: Page) -> None:
    base = booking([PLACES], [])
    theirs = booking([PLACES, {**PLACES, "from": "13:00", "to": "15:00"}], [])

    places, conflicts = await asked(
        page,
        """const [document, other] = given; const base = form.toForm(document);
           const mine = values.put(base, ["booking", "places", "rows", "w12-0900-1200", "places"], 6);
           const met = merge.merge(base, mine, form.toForm(other));
           const found = form.toDocument(met.merged, { document: other, form: form.toForm(other) }).document;
           return [found.booking.places.map(({ from, places }) => [from, places]), met.conflicts];""",
        base,
        theirs,
    )

    assert places == [["09:00", 6], ["13:00", 4]]
    assert conflicts == []


async def test_what_a_span_of_booking_lacks_is_found_while_it_is_typed(page: Page) -> None:
    wrong = booking([{**PLACES, "weekdays": []}, {**PLACES, "to": "08:00"}], [{**RESERVED, "partner": "", "share": 0}])

    found = await asked(page, "return faults(form.toForm(given[0]))", wrong)

    assert [(path.split("/")[-1], text) for path, text in found] == [
        ("weekdays", "fault-weekdays"),
        ("to", "fault-span"),
        ("partner", "fault-partner"),
        ("share", "fault-small"),
    ]


async def test_a_month_at_a_glance_is_whole_weeks_and_days_many_few_full_or_closed(page: Page) -> None:
    weeks, states, first = await asked(
        page,
        """const slot = (free, places = 2) => ({ starts_at: `${free}`, free, places });
           const days = [[slot(1), slot(2)], [slot(1), slot(0), slot(0), slot(0)], [slot(0)], [slot(0, 0)], undefined];
           return [slots.weeksOf("2026-11-25", "2026-12-01"), days.map((day) => slots.fullness(day).kind),
                   slots.soonest([slot(0), slot(1), slot(2)], 1).map(({ free }) => free)];""",
    )

    assert weeks == [
        [None, None, "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"],
        ["2026-11-30", "2026-12-01", None, None, None, None, None],
    ]
    assert states == ["many", "few", "full", "closed", "closed"]
    assert first == [1]


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("a007", [{"number": "A007"}]),
        (" b7", [{"number": "B007"}]),
        ("AB1234", [{"number": "AB1234"}]),
        (" 7k3m-9qxr ", [{"code": "7K3M9QXR"}]),
        ("7k3m 9qxO", [{"code": "7K3M9QXO"}]),
        ("Li Xiaoli", [{"code": "LIXIAOLI"}, {"name": "Li Xiaoli"}]),
        ("kydhzkaj", [{"code": "KYDHZKAJ"}, {"name": "kydhzkaj"}]),
        ("12345678", [{"phone": "12345678"}, {"code": "12345678"}]),
        ("138 0013 8000", [{"phone": "138 0013 8000"}]),
        ("+86 13800138000", [{"phone": "+86 13800138000"}]),
        ("Li Xiaolong", [{"name": "Li Xiaolong"}]),
        ("李小龙", [{"name": "李小龙"}]),
    ],
)
async def test_what_is_looked_for_is_known_by_its_form(page: Page, typed: str, sought: list[dict[str, str]]) -> None:
    assert await asked(page, "return codes.sought(given[0])", typed) == sought


async def test_lines_that_were_refused_are_told_from_a_file_that_is_no_list(page: Page) -> None:
    problem = {"errors": [{"path": "lines[4].name", "why": "is missing"}, {"path": "", "why": "is no text"}]}

    bad, types, reasons = await asked(
        page,
        """const [problem] = given;
           return [lists.badLines(problem), ["a.CSV", "b.xlsx", "c.json", "d"].map(lists.typeOf),
                   ["is missing", "names the same person as line 3", "is odd"].map((why) => lists.reasonOf(why))];""",
        problem,
    )

    assert bad == [
        {"line": 4, "path": "name", "why": "is missing"},
        {"line": None, "path": "", "why": "is no text"},
    ]
    assert types == [
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/json",
        "text/csv",
    ]
    assert reasons == [
        {"text": "invite-why-missing", "args": {"line": ""}},
        {"text": "invite-why-twice", "args": {"line": "3"}},
        None,
    ]
