"""Pictures of the manager's page."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, ViewportSize, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import WINDOWS, post_notice
from tests.browser.manage import Manage, document_of, put_document
from tests.browser.pictures import PHONE, picture
from tests.browser.staff import PASSWORD, as_member, member
from tests.service import OPENS_AT, Api, Service

pytestmark = pytest.mark.pictures

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
ARRIVALS_PER_H = 54
LANGUAGES = {"中文": "", "English": "-en"}
"""Suffixes of picture names, by the name of the language in the switch."""

CLERKS = {"chen": "陈老师", "li": "李老师", "wang": "王老师", "zhao": "赵老师", "liu": "刘老师"}


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


async def morning(api: Api, clock: RunningClock, minutes: int = 102) -> None:
    """Run a morning in which the windows just keep up, so that the effect of one clerk fewer is visible."""
    for counter, (name, display_name) in zip(WINDOWS, CLERKS.items(), strict=True):
        async with as_member(api, name, display_name) as session:
            url = f"{api.base}/v1/halls/demo/counters/{counter}/open"
            async with session.post(url, json={}) as reply:
                assert reply.status == 200, await reply.text()
    free_at = dict.fromkeys(WINDOWS, 0)
    came = 0
    for minute in range(minutes):
        while came * 60 < minute * ARRIVALS_PER_H:
            await api.take("enquiry" if came % 5 in {1, 3} else "loan-first")
            came += 1
        for counter in WINDOWS:
            if free_at[counter] <= minute:
                ticket = await api.next(counter, "done")
                if ticket is not None:
                    free_at[counter] = minute + (3 if ticket["service"] == "enquiry" else 5)
        clock.advance(60)


async def one_clerk_fewer(manage: Manage) -> None:
    """Enter that one clerk is missing until 14:00."""
    await manage.page.locator("#staffing-less").click()
    await manage.page.locator("#adjust-to").fill("14:00")
    await manage.page.locator(".adjust button[type=submit]").click()
    await manage.is_tried_out()
    await expect(manage.page.locator("#effect .cap-plan")).to_have_count(1)


async def both_pictured(manage: Manage, folder: Path, section: str, ending: str) -> None:
    """Take a picture of a section on a desktop and on a phone."""
    await manage.go(section)
    await picture(manage.page, folder, f"manage-{section}{ending}.png", DESKTOP)
    await picture(manage.page, folder, f"manage-{section}-phone{ending}.png", PHONE)
    await manage.page.set_viewport_size(DESKTOP)


async def test_the_managers_page_is_pictured_in_both_languages_on_a_desk_and_on_a_phone(
    service: Service, clock: RunningClock, office: BrowserContext, tmp_path: Path
) -> None:
    api = service.api
    await member(api, "zhou", "manager", "周主任")
    document = await document_of(api)
    document |= {"holidays": True, "exceptions": [{"on": "2026-11-30", "closed": True}]}
    await put_document(api, document)
    await morning(api, clock)
    await post_notice(api, {"zh-CN": "请提前备好身份证", "en": "Please have your ID card ready."})
    manage = await Manage.open(office, api, "hours", name="zhou", password=PASSWORD)

    for language, ending in LANGUAGES.items():
        await manage.page.get_by_role("link", name=language).click()
        await both_pictured(manage, tmp_path, "today", ending)
        await manage.go("history")
        await expect(manage.page.locator("#form li, #form tbody tr").first).to_be_visible()
        await both_pictured(manage, tmp_path, "history", ending)
        await manage.go("rules")
        await manage.unfold("codes", "ratings", "rows", "friendly")
        await manage.page.locator('[id="f-codes-ratings-add"]').scroll_into_view_if_needed()
        await picture(manage.page, tmp_path, f"manage-ratings{ending}.png")
        await manage.go("hours")
        assert await manage.page.locator("#form").evaluate("form => form.scrollTop") == 0
        await one_clerk_fewer(manage)
        await picture(manage.page, tmp_path, f"manage-hours{ending}.png")
        await picture(manage.page, tmp_path, f"manage-phone{ending}.png", PHONE)
        await manage.page.locator("#effect h2").evaluate("title => title.scrollIntoView()")
        await picture(manage.page, tmp_path, f"manage-phone-effect{ending}.png")
        await manage.page.set_viewport_size(DESKTOP)
        await manage.page.locator("#discard").click()

    assert manage.complaints == []


@pytest.mark.parametrize(("lang", "ending"), [("zh", ""), ("en", "-en")])
async def test_the_edits_of_two_managers_are_pictured_side_by_side(
    service: Service, office: BrowserContext, tmp_path: Path, lang: str, ending: str
) -> None:
    manage = await Manage.open(office, service.api, "rules", lang=lang)
    await manage.edit_green_credit("120")
    await manage.field("rules", "grace_s").fill("5")
    theirs = await document_of(service.api)
    theirs["rules"]["grace_s"] = 900
    theirs["booking"]["horizon_days"] = 14
    await put_document(service.api, theirs)
    await manage.page.evaluate("dispatchEvent(new Event('focus'))")

    await expect(manage.page.locator("dialog .conflict")).to_be_visible()
    await picture(manage.page, tmp_path, f"manage-merge{ending}.png")

    assert manage.complaints == []
