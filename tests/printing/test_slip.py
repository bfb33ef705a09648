"""Tests of the bytes of a slip: for printers with Chinese characters, without them, and without a font."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from PIL import ImageFont

from service.config.values import NetworkPrinter
from service.printing import fonts
from service.printing.slip import KANJI_OFF, KANJI_ON, Slip, _drawn, _lines, render_slip

SLIP = Slip(
    hall={"zh-CN": "学生资助贷款办理大厅", "en": "Student Loan Hall"},
    number="A058",
    service={"zh-CN": "首次贷款签约", "en": "First loan contract"},
    taken_local=datetime(2026, 11, 23, 10, 42, tzinfo=UTC),
    code="7K3M9QXR",
    url="https://hall.example/t/1#token",
    count=3,
)
GS_QR_STORE = b"\x31P0"
GS_IMAGE = b"\x1dv0"
SIZE_4 = b"\x1d!\x33\x1bE\x01\x1ba\x01"


def printer(profile: str = "TM-T88V", *, gb18030: bool = False) -> NetworkPrinter:
    return NetworkPrinter("demo", "door", "127.0.0.1", 9100, profile, gb18030)


def test_a_printer_with_chinese_characters_gets_gb18030() -> None:
    data = render_slip(SLIP, printer(gb18030=True))

    assert KANJI_ON + "学生资助贷款办理大厅".encode("gb18030") + KANJI_OFF in data
    assert KANJI_ON + "取号时间 11月23日 10:42".encode("gb18030") + KANJI_OFF in data
    assert b"First loan contract\n" in data
    assert GS_IMAGE not in data


def test_a_slip_has_a_large_number_a_code_in_two_halves_and_a_qr_code() -> None:
    data = render_slip(SLIP, printer(gb18030=True))

    assert SIZE_4 + b"A058\n" in data
    assert b"7K3M 9QXR\n" in data
    assert GS_QR_STORE + SLIP.url.encode() in data
    assert b"3 people\n" in data
    assert b"Taken 23 Nov, 10:42\n" in data
    assert data.startswith(b"\x1b@")
    assert data.rstrip().endswith(b"\x1dV\x00")


def test_a_name_in_another_language_only_is_used() -> None:
    data = render_slip(replace(SLIP, hall={"de": "Rathaus"}, service={"fr": "Passeport"}), printer(gb18030=True))

    assert b"Rathaus\n" in data
    assert b"Passeport\n" in data


def test_a_name_is_one_line_without_printer_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = ImageFont.load_default(28)
    monkeypatch.setattr(fonts, "chinese_font", lambda _size: built_in)
    named = replace(SLIP, hall={"zh-CN": "市民\n大厅", "en": "Town\x1b@\x1dV\x00 Hall\n"})

    written, drawn = (render_slip(named, printer(gb18030=gb18030)) for gb18030 in (True, False))

    assert KANJI_ON + "市民 大厅".encode("gb18030") + KANJI_OFF in written
    assert b"Town @ V Hall\n" in written
    assert b"Town @ V Hall\n" in drawn


def test_a_printer_without_chinese_characters_gets_images(monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = ImageFont.load_default(28)
    monkeypatch.setattr(fonts, "chinese_font", lambda _size: built_in)

    data = render_slip(SLIP, printer())

    assert data.count(GS_IMAGE) >= 6
    assert KANJI_ON not in data
    assert b"First loan contract\n" in data


def test_without_a_font_only_latin_text_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "chinese_font", lambda _size: None)

    data = render_slip(SLIP, printer())

    assert SIZE_4 + b"A058\n" in data
    assert b"Student Loan Hall\n" in data
    assert "学".encode("gb18030") not in data
    assert GS_IMAGE not in data


def test_a_long_name_is_drawn_in_lines_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = ImageFont.load_default(28)
    monkeypatch.setattr(fonts, "chinese_font", lambda _size: built_in)

    lines = _lines("W" * 60, 384)

    assert len(lines) > 1
    assert all(built_in.getlength(line) <= 384 for line in lines)


@pytest.mark.parametrize("profile", ["NT-5890K", "POS-5890", "TM-T20II", "default"])
def test_every_common_profile_prints_a_slip(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "chinese_font", lambda _size: None)

    data = render_slip(SLIP, printer(profile))

    assert b"A058" in data
    assert (GS_QR_STORE in data) or (GS_IMAGE in data), "a QR code of its own, or a drawn one"


def test_an_unknown_printer_profile_is_an_error() -> None:
    with pytest.raises(KeyError):
        render_slip(SLIP, printer("TM-9999"))


def test_a_drawn_line_is_black_on_white_and_as_wide_as_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "chinese_font", lambda _size: ImageFont.load_default(28))

    image = _drawn("A058", 384)

    assert (image.mode, image.width) == ("1", 384)
    assert image.convert("L").getextrema() == (0, 255)
