"""The browser in which pages are measured."""

import shutil

from playwright.async_api import Browser, CDPSession, Error, Playwright

from benchmarks.result import BenchmarkFailed

OFF = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""Hidden pages of the address bar: two for each window, and two fifths of the cost of opening one."""

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
"""Features that playwright turns off. Chromium uses only the last such flag, so they must be repeated here."""

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
"""For `Performance.enable`: measure processor time instead of wall time."""


def executable() -> str | None:
    """Return the path of the system's Chromium; preferably the headless shell, which costs only a third."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


async def launched(playwright: Playwright) -> Browser:
    """Launch the system's Chromium, or the one that playwright installed.

    Raises:
        BenchmarkFailed: there is no browser.
    """
    try:
        return await playwright.chromium.launch(executable_path=executable(), args=CHROMIUM_FLAGS)
    except Error as error:
        raise BenchmarkFailed(f"a browser is needed, chromium-headless-shell or chromium: {error.message}") from error


async def processor_ms(devtools: CDPSession) -> float:
    """Return the processor time of a page's main thread so far. `Performance` must be enabled with `THREAD_TICKS`."""
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    seconds: float = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    return seconds * 1000
