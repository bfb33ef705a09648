"""Page object of the operations page, and many halls to show on it."""

from dataclasses import dataclass
from typing import Any, Self

from msgspec import convert
from playwright.async_api import BrowserContext, Locator, Page, expect

from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from tests.api.checked import demo
from tests.browser.desk import VIOLATIONS, begin_session, sign_in
from tests.browser.screen import Complaints
from tests.service import ADMIN, Api, Service

CITY = (
    ("hz-west", "杭州城西", "Hangzhou West"),
    ("nb-haishu", "宁波海曙", "Ningbo Haishu"),
    ("wz-lucheng", "温州鹿城", "Wenzhou Lucheng"),
    ("sx-yuecheng", "绍兴越城", "Shaoxing Yuecheng"),
    ("jx-nanhu", "嘉兴南湖", "Jiaxing Nanhu"),
    ("jh-wucheng", "金华婺城", "Jinhua Wucheng"),
    ("tz-jiaojiang", "台州椒江", "Taizhou Jiaojiang"),
    ("hu-wuxing", "湖州吴兴", "Huzhou Wuxing"),
    ("qz-kecheng", "衢州柯城", "Quzhou Kecheng"),
    ("ls-liandu", "丽水莲都", "Lishui Liandu"),
    ("zs-dinghai", "舟山定海", "Zhoushan Dinghai"),
    ("hz-airport", "萧山机场", "Xiaoshan Airport"),
    ("yiwu", "义乌", "Yiwu"),
)
"""Halls of a province: id, and the name in both languages."""


@dataclass
class Ops:
    """The page, signed in."""

    page: Page
    complaints: Complaints

    @classmethod
    async def open(
        cls,
        context: BrowserContext,
        service: Service,
        hall: str = "",
        *,
        lang: str = "zh",
        name: str = "admin",
        password: str = ADMIN,
    ) -> Self:
        """Open the page, sign in if necessary, and wait until the halls are shown."""
        await begin_session(context, service.api.base, name, password)
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        await page.add_init_script(VIOLATIONS)
        await page.goto(f"{service.api.base}/ops?lang={lang}{f'#{hall}' if hall else ''}")
        await page.locator("#sign-in-name, #sums div").first.wait_for()
        if await page.locator("#sign-in-name").is_visible():
            await sign_in(page, name, password)
        ops = cls(page, complaints)
        await expect(page.locator("body")).to_have_attribute("data-facts", "read")
        return ops

    def row(self, hall: str) -> Locator:
        """The row of a hall."""
        return self.page.locator(f'tr[data-hall="{hall}"]')

    def cell(self, hall: str, column: str) -> Locator:
        """A figure of a hall."""
        return self.row(hall).locator(f".c-{column}")

    def sum(self, name: str) -> Locator:
        """A figure of all halls."""
        return self.page.locator(f'[data-sum="{name}"]')

    async def halls(self) -> list[str]:
        """Return the names of the halls in the order of the list."""
        return [str(await row.get_attribute("data-hall")) for row in await self.page.locator("#list tbody tr").all()]

    async def choose(self, hall: str) -> None:
        """Open the day of a hall."""
        await self.row(hall).locator("a").click()
        await expect(self.page.locator("#day")).to_have_attribute("data-shown", "day")


async def found(service: Service, hall: str, zh: str, en: str, **fields: Any) -> Api:  # noqa: ANN401  (fields of the document)
    """Create a hall like the demo hall; return its client."""
    assert await service.running.halls.create_if_absent(HallId(hall), _named(zh, en, **fields))
    return Api(service.api.base, hall, service.api._session)


async def found_many(service: Service, number: int) -> None:
    """Create many halls like the demo hall, with the ids `hall-000` and so on; the service loads them all at once."""
    assert service.settings.database_url is not None
    async with Database(service.settings.database_url) as database:
        for n in range(number):
            await stored.HallStore(database).create_if_absent(
                HallId(f"hall-{n:03d}"), _named(f"第{n:03d}厅", f"Hall {n:03d}")
            )
    await service.running.halls.refresh()


def _named(zh: str, en: str, **fields: Any) -> HallDocument:  # noqa: ANN401  (fields of the document)
    return convert({**demo(), "name": {"zh-CN": zh, "en": en}, **fields}, HallDocument)
