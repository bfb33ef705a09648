"""The slip of a ticket as bytes of ESC/POS.

Hall, number, service, since when, how to watch it, the code to come back with. Both languages, as on the kiosk. Chinese
goes out as the printer can: as GB 18030 where it has the characters, else drawn with a font of the system's, else it is
left out and the Latin words stand alone; the number is Latin and always there.

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
"""Dots a line where the profile does not say: what is 58 mm wide, and fits on 80 mm as well."""

CHINESE_PX = 28
LINE_PX = 38

WORDS: dict[str, tuple[str, str]] = {
    "taken": ("取号时间 {at.month}月{at.day}日 {at:%H:%M}", "Taken {at.day} {at:%b}, {at:%H:%M}"),
    "people": ("共 {count} 人", "{count} people"),
    "watch": ("扫码看进度，轮到会叫号", "Scan to watch your place"),
    "code": ("凭此码签到、返回", "Your code, to come back with"),
    "keep": ("请留意屏幕和广播", "Please watch the screens"),
}
"""In Chinese, and in English."""


class Slip(Struct, frozen=True):
    """What a slip says; `taken_local` is the hall's wall time."""

    hall: Texts
    number: str
    service: Texts
    taken_local: datetime
    code: str
    url: str
    count: int = 1


def render_slip(slip: Slip, printer: NetworkPrinter) -> bytes:
    """Make the bytes that print a slip and cut it off. Raises KeyError for a profile that python-escpos has not."""
    paper = _Paper(printer)
    paper.both(*_named(slip.hall))
    paper.big(slip.number)
    paper.both(*_named(slip.service))
    if slip.count > 1:
        paper.say("people", count=slip.count)
    paper.say("taken", at=slip.taken_local)
    paper.qr(slip.url)
    paper.say("watch")
    paper.big(f"{slip.code[:4]} {slip.code[4:]}", times=2)
    paper.say("code")
    paper.say("keep")
    return paper.cut()


def unknown_profiles(printers: Iterable[NetworkPrinter]) -> list[str]:
    """The profiles of some printers that python-escpos has not."""
    return sorted({printer.profile for printer in printers} - CAPABILITIES["profiles"].keys())


def _named(texts: Texts) -> tuple[str, str]:
    """What a thing is called in Chinese, and in English; in any other language where it has neither name.

    In one line, and without control characters: they would be commands to the printer, and no font can draw them.
    """
    chinese, english = _in(texts, "zh"), _in(texts, "en")
    said = chinese, english or ("" if chinese else next(iter(texts.values()), ""))
    chinese, other = (" ".join("".join(one if one.isprintable() else " " for one in text).split()) for text in said)
    return chinese, other


def _in(texts: Texts, language: str) -> str:
    return next((text for tag, text in texts.items() if tag.lower().startswith(language)), "")


class _Paper:
    """A slip in the making."""

    def __init__(self, printer: NetworkPrinter) -> None:
        self._printer = printer
        self._out: Any = Dummy(profile=printer.profile)
        self._out.hw("INIT")
        self._out.set(align="center")

    def both(self, chinese: str, latin: str) -> None:
        """One thing in both languages, or in the one there is."""
        if chinese and chinese != latin:
            self._chinese(chinese)
        if latin:
            self._out.text(f"{latin}\n")

    def say(self, word: str, **values: object) -> None:
        """Words of ours."""
        chinese, latin = WORDS[word]
        self.both(chinese.format(**values), latin.format(**values))

    def big(self, text: str, times: int = 4) -> None:
        """Letters and digits so many times as wide and high."""
        self._out.set(align="center", bold=True, custom_size=True, width=times, height=times)
        self._out.text(f"{text}\n")
        self._out.set(align="center", bold=False, normal_textsize=True)

    def qr(self, content: str) -> None:
        """A QR code: the printer's own, else drawn."""
        native = self._out.profile.supports("qrCode")
        self._out.qr(content, size=6, native=native, center=not native)

    def cut(self) -> bytes:
        """Feed, cut, and hand over what was written."""
        self._out.cut()
        written: bytes = self._out.output
        return written

    def _chinese(self, text: str) -> None:
        if self._printer.gb18030:
            self._out._raw(KANJI_ON + text.encode("gb18030") + KANJI_OFF + b"\n")  # noqa: SLF001  (bytes as they are)
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
    """A text in lines that fit."""
    font = fonts.chinese_font(CHINESE_PX)
    assert font is not None, "asked before"
    lines = [""]
    for character in text:
        if lines[-1] and font.getlength(lines[-1] + character) > width_px:
            lines.append("")
        lines[-1] += character
    return lines


def _drawn(line: str, width_px: int) -> Image.Image:
    """A line of text in the middle of the paper, in black and white."""
    font = fonts.chinese_font(CHINESE_PX)
    assert font is not None, "asked before"
    image = Image.new("1", (width_px, LINE_PX), 1)
    draw = ImageDraw.Draw(image)
    draw.text((width_px / 2, LINE_PX / 2), line, font=font, fill=0, anchor="mm")
    return image
