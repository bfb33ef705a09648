"""Spoken calls: after a tap, one after another, from clips played in order without gaps."""

import asyncio
import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.screen import Screen
from tests.service import Service

SPOKEN_WITHIN_MS = 90_000
"""A spoken call takes about 15 s."""

LISTEN = """
window.spoken = [];
window.played = [];
document.addEventListener("paihao:spoken", (event) => {
  spoken.push({ ...event.detail, begun: played.length });
  document.documentElement.dataset.spoken = spoken.map((_, place) => place + 1).join(" ");
});
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when) {
  played.push({ from: when, to: when + this.buffer.duration });
  return start.call(this, when);
};
"""


def sentence(language: str, number: str, counter: str) -> list[str]:
    """Return the clips of a sentence, as in the README of the voice."""
    digits, where = list(number.lower()), list(counter.lower())
    names = {
        "zh": ["please", *digits, "go-to", *where, *(["counter"] if counter.isdigit() else [])],
        "en": ["number", *digits, "go-to-counter" if counter.isdigit() else "go-to", *where],
    }[language]
    return [f"/display/voice/{language}/{name}.mp3" for name in names]


def announcement(number: str, counter: str) -> list[list[str]]:
    """Return the clips of a call: a chime, then two sentences in each language."""
    sentences = [sentence(language, number, counter) for language in ("zh", "zh", "en", "en")]
    return [["/display/voice/chime.mp3", *sentences[0]], *sentences[1:]]


@pytest.fixture
async def screen(service: Service, context: BrowserContext) -> Screen:
    """A screen that records played clips."""
    screen = await Screen.prepare(context)
    await screen.page.add_init_script(LISTEN)
    await screen.go(service.api.base)
    return screen


async def tap_for_sound(screen: Screen) -> None:
    await screen.page.locator("#sound").click()
    await expect(screen.page.locator("body")).to_have_attribute("data-sound", "on")
    await expect(screen.page.locator("#sound")).to_be_hidden()


async def sentence_begun(screen: Screen, place: int) -> None:
    """Wait until this sentence starts, after those before it."""
    begun = re.compile(rf"\b{place}\b")
    await expect(screen.page.locator("html")).to_have_attribute("data-spoken", begun, timeout=SPOKEN_WITHIN_MS)


async def test_two_calls_within_a_second_are_both_shown_and_spoken_one_after_another(
    service: Service, screen: Screen
) -> None:
    api = service.api
    await api.open("2", "4")
    await api.take()
    await api.take()
    fetched: list[str] = []
    screen.page.on("request", lambda request: fetched.append(request.url.removeprefix(api.base)))
    await tap_for_sound(screen)

    await asyncio.gather(api.next("2"), api.next("4"))

    calls = [(call["number"], call["counter"]) for call in reversed((await api.call("GET", "board")).body["called"])]
    assert sorted(number for number, _ in calls) == ["A001", "A002"]
    await expect(screen.banner).to_have_attribute("data-number", calls[1][0])
    await expect(screen.banner).to_have_attribute("data-counter", calls[1][1])
    await expect(screen.stubs).to_have_count(1)
    await expect(screen.stubs).to_have_attribute("data-number", calls[0][0])
    said = [*announcement(*calls[0]), announcement(*calls[1])[0]]
    clips = [clip for spoken in said for clip in spoken]
    await sentence_begun(screen, len(said) + 1)
    spoken: list[dict[str, Any]] = (await screen.script("spoken"))[: len(said)]
    assert [event["clips"] for event in spoken] == said
    assert [event["number"] for event in spoken] == [calls[0][0]] * 4 + [calls[1][0]]
    assert [event["lang"] for event in spoken] == ["zh", "zh", "en", "en", "zh"]
    assert [event["begun"] for event in spoken] == [sum(map(len, said[:before])) for before in range(len(said))]
    played: list[dict[str, float]] = (await screen.script("played"))[: len(clips)]
    assert all(clip["to"] > clip["from"] for clip in played)
    assert all(clip["to"] <= after["from"] + 1e-6 for clip, after in pairwise(played))
    assert [path for path in fetched if path.startswith("/display/voice/")] == list(dict.fromkeys(clips))
    assert screen.complaints == []


async def test_a_counter_with_a_name_of_its_own_is_not_called_a_window(service: Service, screen: Screen) -> None:
    await service.api.open("P1")
    await service.api.take()
    await tap_for_sound(screen)

    await service.api.next("P1")

    await sentence_begun(screen, 1)
    assert (await screen.script("spoken"))[0]["clips"] == announcement("A001", "P1")[0]
    await expect(screen.banner.locator(".where .pair")).to_have_text("请到预审台Go to pre-check")


async def test_a_screen_that_nobody_tapped_shows_calls_in_silence(service: Service, screen: Screen) -> None:
    fetched: list[str] = []
    screen.page.on("request", lambda request: fetched.append(request.url))
    await service.api.open("2")
    await service.api.take()

    await service.api.next("2")

    await expect(screen.banner).to_have_attribute("data-number", "A001")
    await expect(screen.page.locator("#sound")).to_be_visible()
    assert await screen.script("spoken") == []
    assert [url for url in fetched if "/voice/" in url] == []
