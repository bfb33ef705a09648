"""The browser that pages are measured in."""

import shutil

from playwright.async_api import Browser, CDPSession, Error, Playwright

from benchmarks.result import BenchmarkFailed

OFF = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""Pages of the address bar, which nobody sees: two for each window, and two fifths of what opening one costs."""

OFF_BY_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""Of several such flags Chromium keeps the last: without these, playwright's own would be on again."""

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join((*OFF_BY_PLAYWRIGHT, *OFF))}",
]

THREAD_TICKS = {"timeDomain": "threadTicks"}
"""For `Performance.enable`: time of the processor, and not that of the clock."""


def executable() -> str | None:
    """The system's Chromium: at best the one without windows, whose pages open at a third of the cost."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


async def launched(playwright: Playwright) -> Browser:
    """The system's Chromium, or else the one playwright installed. Raises BenchmarkFailed when there is none."""
    try:
        return await playwright.chromium.launch(executable_path=executable(), args=CHROMIUM_FLAGS)
    except Error as error:
        raise BenchmarkFailed(f"a browser is needed, chromium-headless-shell or chromium: {error.message}") from error


async def processor_ms(devtools: CDPSession) -> float:
    """Processor time of a page's main thread so far; `Performance` was enabled with `THREAD_TICKS`."""
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    seconds: float = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    return seconds * 1000
