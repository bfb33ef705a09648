"""Render the slip of a ticket as ESC/POS bytes.

A slip shows the hall, number, service and time of issue, a QR code of the ticket's page, and the code to check in or
come back with, in Chinese and English. Chinese text is sent as GB 18030 if the printer has the characters, otherwise as
an image drawn with a system font. Without such a font it is left out and the English text remains.

Source: Epson, ESC/POS command reference (FS &, FS ., GS v 0, GS ( k); python-escpos.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from escpos.capabilities import CAPABILITIES
from escpos.printer import Dummy
from msgspec import Struct
from PIL import Image, ImageDraw

from service.config.values import NetworkPrinter
from service.domain.model import Texts
from service.printing import fonts

KANJI_ON = b"\x1c&"
KANJI_OFF = b"\x1c."
DOTS_DEFAULT = 384
"""Dots per line if the printer profile does not name them: 58 mm wide, which also fits on 80 mm paper."""

CHINESE_PX = 28
LINE_PX = 38

WORDS: dict[str, tuple[str, str]] = {
    "taken": ("取号时间 {at.month}月{at.day}日 {at:%H:%M}", "Taken {at.day} {at:%b}, {at:%H:%M}"),
    "people": ("共 {count} 人", "{count} people"),
    "watch": ("扫码看进度，轮到会叫号", "Scan to watch your place"),
    "code": ("凭此码签到、返回", "Your code, to come back with"),
    "keep": ("请留意屏幕和广播", "Please watch the screens"),
}
"""The texts of a slip in Chinese and English."""


class Slip(Struct, frozen=True):
    """The contents of a slip; `taken_local` is in the hall's time zone."""

    hall: Texts
    number: str
    service: Texts
    taken_local: datetime
    code: str
    url: str
    count: int = 1


def render_slip(slip: Slip, printer: NetworkPrinter) -> bytes:
    """Render the bytes that print and cut a slip. Raises KeyError if python-escpos does not have the profile."""
    paper = _Paper(printer)
    paper.both(*_named(slip.hall))
    paper.big(slip.number)
    paper.both(*_named(slip.service))
    if slip.count > 1:
        paper.text("people", count=slip.count)
    paper.text("taken", at=slip.taken_local)
    paper.qr(slip.url)
    paper.text("watch")
    paper.big(f"{slip.code[:4]} {slip.code[4:]}", times=2)
    paper.text("code")
    paper.text("keep")
    return paper.cut()


def unknown_profiles(printers: Iterable[NetworkPrinter]) -> list[str]:
    """List the profiles of printers that python-escpos does not have."""
    return sorted({printer.profile for printer in printers} - CAPABILITIES["profiles"].keys())


def _named(texts: Texts) -> tuple[str, str]:
    """Return a name in Chinese and in English; if it has neither, in any other language in place of English.

    Each is one line without control characters, which a printer would execute as commands.
    """
    chinese, english = _in(texts, "zh"), _in(texts, "en")
    return _printable(chinese), _printable(english or ("" if chinese else next(iter(texts.values()), "")))


def _printable(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _in(texts: Texts, language: str) -> str:
    return next((text for tag, text in texts.items() if tag.lower().startswith(language)), "")


class _Paper:
    """Collects the bytes of a slip."""

    def __init__(self, printer: NetworkPrinter) -> None:
        self._printer = printer
        self._out: Any = Dummy(profile=printer.profile)
        self._out.hw("INIT")
        self._out.set(align="center")

    def both(self, chinese: str, latin: str) -> None:
        """Print a text in both languages; once if they are the same or one is empty."""
        if chinese and chinese != latin:
            self._chinese(chinese)
        if latin:
            self._out.text(f"{latin}\n")

    def text(self, key: str, **values: object) -> None:
        """Print one of `WORDS`."""
        chinese, latin = WORDS[key]
        self.both(chinese.format(**values), latin.format(**values))

    def big(self, text: str, times: int = 4) -> None:
        """Print ASCII text `times` as wide and high."""
        self._out.set(align="center", bold=True, custom_size=True, width=times, height=times)
        self._out.text(f"{text}\n")
        self._out.set(align="center", bold=False, normal_textsize=True)

    def qr(self, content: str) -> None:
        """Print a QR code with the printer's own function, or as an image if it has none."""
        native = self._out.profile.supports("qrCode")
        self._out.qr(content, size=6, native=native, center=not native)

    def cut(self) -> bytes:
        """Feed and cut the paper, and return all bytes."""
        self._out.cut()
        output: bytes = self._out.output
        return output

    def _chinese(self, text: str) -> None:
        if self._printer.gb18030:
            self._out._raw(KANJI_ON + text.encode("gb18030") + KANJI_OFF + b"\n")  # noqa: SLF001  (the public methods would encode the bytes)
        elif fonts.chinese_font(CHINESE_PX) is not None:
            for line in _lines(text, self._width_px):
                self._out.image(_drawn(line, self._width_px))
        else:
            latin = "".join(character for character in text if character.isascii()).strip()
            if latin:
                self._out.text(f"{latin}\n")

    @property
    def _width_px(self) -> int:
        pixels = self._out.profile.profile_data["media"]["width"].get("pixels")
        return pixels if isinstance(pixels, int) else DOTS_DEFAULT


def _lines(text: str, width_px: int) -> list[str]:
    """Break a text into lines that fit the width."""
    font = fonts.chinese_font(CHINESE_PX)
    assert font is not None, "the caller has checked it"
    lines = [""]
    for character in text:
        if lines[-1] and font.getlength(lines[-1] + character) > width_px:
            lines.append("")
        lines[-1] += character
    return lines


def _drawn(line: str, width_px: int) -> Image.Image:
    """Draw a centred line of text in black and white."""
    font = fonts.chinese_font(CHINESE_PX)
    assert font is not None, "the caller has checked it"
    image = Image.new("1", (width_px, LINE_PX), 1)
    draw = ImageDraw.Draw(image)
    draw.text((width_px / 2, LINE_PX / 2), line, font=font, fill=0, anchor="mm")
    return image
