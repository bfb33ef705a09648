"""Check-in with the kiosk's camera: Chromium's fake camera films a picture of a code.

Chromium on Linux has no `BarcodeDetector`, so a substitute reads the pictures of the camera.
"""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.async_api import Browser, BrowserContext, expect

from benchmarks.browser import CHROMIUM_FLAGS, executable
from tests.api.booking import booked
from tests.api.checked import at
from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.pictures import picture
from tests.browser.qr import read_picture
from tests.service import Service

CAMERA = "--use-fake-device-for-media-stream"
NOBODY_ASKS = "--use-fake-ui-for-media-stream"
FRAME = (640, 480)

DETECTOR = """
globalThis.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  constructor({ formats }) { if (formats.some((format) => format !== "qr_code")) throw new TypeError(); }
  async detect(video) {
    if (!video.videoWidth) throw new DOMException("no frame yet", "InvalidStateError");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    const said = await readPicture(canvas.toDataURL("image/png"));
    return said === null ? [] : [{ rawValue: said }];
  }
};
"""
STREAMS = """
globalThis.streams = [];
globalThis.gate = Promise.resolve();
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  streams.push(stream);
  await gate;
  return stream;
};
"""
HOLD = "globalThis.gate = new Promise((resolve) => { globalThis.release = resolve; }); null"
BLIND = "globalThis.BarcodeDetector.prototype.detect = () => Promise.resolve([]); null"
FILMED = "streams.length === 1"
OFF = "streams.length === 1 && streams[0].getTracks().every(({ readyState }) => readyState === 'ended')"
PULL = "streams[0].getTracks()[0].dispatchEvent(new Event('ended'))"


def said_by(address: str) -> str | None:
    """Return the text of the code in a picture, if there is one."""
    try:
        return read_picture(base64.b64decode(address.partition(",")[2]))
    except ValueError:
        return None


def film(path: Path, text: str) -> None:
    """Write a film of a single picture with a code."""
    drawn = io.BytesIO()
    segno.make_qr(text).save(drawn, kind="png", scale=8, border=4)
    picture = Image.new("L", FRAME, 255)
    picture.paste(Image.open(drawn).convert("L"), (80, 60))
    grey = bytes([128]) * (FRAME[0] * FRAME[1] // 2)  # no colours
    path.write_bytes(b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420jpeg\nFRAME\n" + picture.tobytes() + grey)


@asynccontextmanager
async def seeing(browser: Browser, *flags: str, detector: bool = True) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk with a camera, with or without a barcode detector."""
    own = await browser.browser_type.launch(executable_path=executable(), args=[*CHROMIUM_FLAGS, *flags])
    try:
        context = await own.new_context(viewport=STANDING, locale="zh-CN")
        await context.expose_function("readPicture", said_by)
        await context.add_init_script(STREAMS)
        if detector:
            await context.add_init_script(DETECTOR)
        yield context
    finally:
        await own.close()


async def test_a_booking_held_before_the_camera_is_checked_in_and_the_camera_goes_off(
    service: Service, browser: Browser, clock: RunningClock, tmp_path: Path
) -> None:
    appointment = await booked(service.api, starts_at=at("11:30"))
    clock.advance(2400)
    film(tmp_path / "held.y4m", appointment["code"])
    async with seeing(
        browser, CAMERA, NOBODY_ASKS, f"--use-file-for-fake-video-capture={tmp_path / 'held.y4m'}"
    ) as context:
        booth = await Booth.at(context, service.api)

        await booth.page.locator("#film").click()

        await booth.is_view("ticket")
        [ticket] = (await service.api.staff("GET", "queue")).body["waiting"]
        assert (ticket["class"], ticket["number"]) == ("appointment", await booth.number())
        await booth.until(OFF)
        assert booth.complaints == []


@pytest.mark.parametrize(("lang", "ending"), [("zh", ""), ("en", "-en")])
async def test_a_camera_that_looks_for_a_code_is_pictured(
    service: Service, browser: Browser, tmp_path: Path, lang: str, ending: str
) -> None:
    film(tmp_path / "held.y4m", "7K3M9QXR")
    async with seeing(
        browser, CAMERA, NOBODY_ASKS, f"--use-file-for-fake-video-capture={tmp_path / 'held.y4m'}"
    ) as context:
        booth = await Booth.at(context, service.api, f"?lang={lang}")
        await booth.script(BLIND)
        await booth.page.locator("#film").click()
        await booth.until("document.querySelector('video')?.videoWidth === 640")

        await picture(booth.page, tmp_path, f"kiosk-camera{ending}.png", STANDING)

        await booth.is_view("camera")
        assert booth.complaints == []


async def test_what_is_held_before_the_camera_and_is_none_of_ours_is_refused_in_words(
    service: Service, browser: Browser, tmp_path: Path
) -> None:
    film(tmp_path / "held.y4m", "https://elsewhere.example/menu")
    async with seeing(
        browser, CAMERA, NOBODY_ASKS, f"--use-file-for-fake-video-capture={tmp_path / 'held.y4m'}"
    ) as context:
        booth = await Booth.at(context, service.api)

        await booth.page.locator("#film").click()

        await booth.is_view("refused")
        await expect(booth.page.locator("#title")).to_contain_text("没有找到这个凭证码")
        await booth.until(OFF)


@pytest.mark.parametrize(("flags", "detector"), [((CAMERA, NOBODY_ASKS), False), ((), True)])
async def test_there_is_no_button_for_a_camera_that_is_not_there_or_reads_nothing(
    service: Service,
    browser: Browser,
    flags: tuple[str, ...],
    detector: bool,  # noqa: FBT001  (a parameter)
) -> None:
    async with seeing(browser, *flags, detector=detector) as context:
        booth = await Booth.at(context, service.api)

        await expect(booth.page.locator("#type")).to_be_visible()
        await expect(booth.page.locator("#film")).to_have_count(0)


async def test_a_camera_that_may_not_be_used_is_said_with_the_other_ways(service: Service, browser: Browser) -> None:
    async with seeing(browser, CAMERA) as context:  # nobody can give the permission
        booth = await Booth.at(context, service.api)

        await booth.page.locator("#film").click()

        await booth.is_view("refused")
        await expect(booth.page.locator("#title")).to_contain_text("摄像头现在不能用")
        await expect(booth.page.locator("#title")).to_contain_text("The camera cannot be used just now")
        await booth.page.locator("#type").click()
        await booth.is_view("code")


async def test_a_camera_whose_cable_is_pulled_is_said_too(service: Service, browser: Browser) -> None:
    async with seeing(browser, CAMERA, NOBODY_ASKS) as context:
        booth = await Booth.at(context, service.api)
        await booth.page.locator("#film").click()
        await booth.until(FILMED)

        await booth.until(f"{PULL}, document.body.dataset.view === 'refused'")

        await expect(booth.page.locator("#title")).to_contain_text("摄像头现在不能用")
        await booth.until(OFF)


async def test_a_camera_that_comes_when_the_person_has_left_goes_off_at_once(
    service: Service, browser: Browser
) -> None:
    async with seeing(browser, CAMERA, NOBODY_ASKS) as context:
        booth = await Booth.at(context, service.api)
        await booth.script(HOLD)
        await booth.page.locator("#film").click()
        await booth.until(FILMED)
        await booth.home()

        await booth.script("release()")

        await booth.until(OFF)
        await booth.is_view("start")
