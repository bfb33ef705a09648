"""Tests of reading workbooks in a separate process, which harmful files may end but not exploit."""

import io
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from service.domain.refusals import BodyInvalid, Busy
from service.invitations import sheets, workbook
from service.invitations.guests import BadRow, ListContext, guests_of_table
from service.invitations.sheets import Workbooks
from tests.invitations.books import HEADER, SHEET, book, sheet_of, with_parts

OFFER = ListContext({"enquiry": "enquiry"}, "CN")
SOUND = book([HEADER, ("Ann", 13800138000.0, "enquiry")])


async def refusal(raw: bytes) -> str:
    """Return the error of a whole file."""
    with pytest.raises(BodyInvalid) as refused:
        await Workbooks().table_of(raw)
    why: str = refused.value.fields["errors"][0]["why"]
    return why


async def test_cells_are_read_as_they_are_displayed() -> None:
    raw = book([HEADER, ("Ann", 13800138000.0, "enquiry"), (), ("Bo", "138 0013 8001", None), (True, None, date.max)])

    table = await Workbooks().table_of(raw)

    assert table.rows == [
        (1, ["name", "phone", "service"]),
        (2, ["Ann", "13800138000", "enquiry"]),
        (4, ["Bo", "138 0013 8001", ""]),
        (5, ["true", "", "9999-12-31"]),
    ]


async def test_the_first_visible_sheet_is_read() -> None:
    def hide(sheet: Worksheet) -> None:
        assert sheet.parent is not None
        other = sheet.parent.create_sheet("shown")
        other.append(["name"])
        other.append(["Ann"])
        sheet.sheet_state = "hidden"

    table = await Workbooks().table_of(book([("name",), ("Bo",)], hide))

    assert table.rows == [(1, ["name"]), (2, ["Ann"])]


async def test_a_formula_has_its_stored_value_and_is_bad_without_one() -> None:
    def formulas(sheet: Worksheet) -> None:
        sheet["A3"] = "=A2"
        sheet["B4"] = "=1+1"
        sheet["C5"] = "=A1"
        sheet["A6"] = "#N/A"

    raw = book([HEADER, ("Ann", None, "enquiry"), (), ("Bo",), ("Cy",)], formulas)
    reckoned = (
        sheet_of(raw).replace(b"<f>A2</f><v />", b"<f>A2</f><v>Di</v>").replace(b'<c r="A3">', b'<c r="A3" t="str">')
    )

    table = await Workbooks().table_of(with_parts(raw, {SHEET: reckoned}))
    guests, bad = guests_of_table(table, OFFER)

    assert [(one.line, one.name) for one in guests] == [(2, "Ann"), (3, "Di")]
    assert bad == [
        BadRow(4, "phone", "the cell is a formula without a value"),
        BadRow(5, "service", "the cell is a formula without a value"),
        BadRow(6, "name", "the cell is an error of the spreadsheet program"),
    ]


async def test_merged_cells_are_returned_with_their_lines() -> None:
    raw = book([("List of May",), HEADER, ("Ann", None, "enquiry"), ("Bo",)], lambda sheet: _merge(sheet, "A1:C1"))

    table = await Workbooks().table_of(raw)

    assert table.merged == [(1, 0, 1, 2)]
    assert [one.name for one in guests_of_table(table, OFFER)[0]] == ["Ann", "Bo"]


def _merge(sheet: Worksheet, cells: str) -> None:
    sheet.merge_cells(cells)


def _zipped(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return written.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        b"hello",
        b"PK\x03\x04 and then nothing",
        SOUND[: len(SOUND) // 2],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),  # an .xls
        _zipped(content=b"<x/>"),  # an .ods, a .docx
        with_parts(SOUND, {"xl/_rels/workbook.xml.rels": None}),
        with_parts(SOUND, {SHEET: None}),
    ],
    ids=["text", "half a zip", "cut short", "xls", "another zip", "without relations", "without its sheet"],
)
async def test_a_file_that_is_not_a_workbook_is_refused(raw: bytes) -> None:
    assert await refusal(raw) == "is no .xlsx workbook"


async def test_a_workbook_without_a_sheet_is_refused() -> None:
    empty = b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/></workbook>'

    assert await refusal(with_parts(SOUND, {workbook.WORKBOOK: empty})) == "has no sheet"


async def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = with_parts(SOUND, {"xl/media/zeros.bin": bytes(workbook.UNPACKED_MAX_BYTES // 8)})

    assert len(bomb) < 100_000
    assert await refusal(bomb) == "is too large when it is unpacked"


async def test_a_zip_with_too_many_files_is_refused() -> None:
    many = with_parts(SOUND, {f"xl/media/{number}": b"x" for number in range(workbook.ENTRIES_MAX)})

    assert await refusal(many) == "is too large when it is unpacked"


async def test_a_zip_with_a_false_size_is_refused() -> None:
    """The zip directory names a small size and another checksum than the unpacked sheet has."""
    zeros = sheet_of(SOUND).replace(b"</sheetData>", b"<row/>" * 2_000_000 + b"</sheetData>")
    raw = bytearray(with_parts(SOUND, {SHEET: zeros}))
    for start in (raw.rindex(SHEET.encode()) - 46, raw.index(SHEET.encode()) - 30):
        at = start + (24 if raw[start + 2 : start + 4] == b"\x01\x02" else 22)
        raw[at : at + 4] = (1000).to_bytes(4, "little")

    assert await refusal(bytes(raw)) == "is no .xlsx workbook"


async def test_a_declared_document_type_is_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'

    assert await refusal(with_parts(SOUND, {SHEET: laughs})) == "declares a document type"


async def test_invalid_xml_is_refused() -> None:
    assert await refusal(with_parts(SOUND, {SHEET: b"<worksheet><row>"})) == "is not XML inside"


@pytest.mark.parametrize(("cell", "why"), [("A1048576", "has too many lines"), ("XFD2", "has too many columns")])
async def test_one_cell_far_away_is_refused_instead_of_a_table_of_millions(cell: str, why: str) -> None:
    def far(sheet: Worksheet) -> None:
        sheet[cell] = "x"

    assert await refusal(book([HEADER, ("Ann",)], far)) == why


async def test_a_workbook_with_too_much_text_is_refused() -> None:
    raw = book([("name",), *(["x" * 500] * 5 for _ in range(workbook.TEXTS_MAX // 2500 + 1))])

    assert await refusal(raw) == "has too much text"


async def test_overlapping_merged_cells_beyond_the_limit_are_refused() -> None:
    def merged(times: int) -> bytes:
        said = b"</sheetData><mergeCells>" + b'<mergeCell ref="C2:C10001"/>' * times + b"</mergeCells>"
        return with_parts(SOUND, {SHEET: sheet_of(SOUND).replace(b"</sheetData>", said)})

    assert len((await Workbooks().table_of(merged(50))).merged) == 50
    assert await refusal(merged(51)) == "has too many merged cells"


def test_a_repeated_faulty_cell_is_reported_once() -> None:
    again = b'<worksheet><row r="2">' + b'<c r="A2" t="e"><v>#N/A</v></c>' * 3 + b"</row></worksheet>"

    assert workbook.SheetScanner().scan(again) == [(2, 0, "the cell is an error of the spreadsheet program")]


async def test_a_protected_workbook_is_refused() -> None:
    raw = bytearray(SOUND)
    at = 0
    while (at := raw.find(b"PK\x01\x02", at)) >= 0:
        raw[at + 8] |= 1
        at += 4

    assert await refusal(bytes(raw)) == "is protected by a password"


async def test_a_reader_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(sheets, "_PROGRAM", endless)
    monkeypatch.setattr(sheets, "READ_TIMEOUT_S", 0.05)

    assert await refusal(SOUND) == "takes too long to read"


async def test_a_reader_ended_by_the_system_refuses_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy.py"
    greedy.write_text("import os; os.abort()")
    monkeypatch.setattr(sheets, "_PROGRAM", greedy)

    assert await refusal(SOUND) == "cannot be read"


async def test_beyond_the_concurrency_limit_files_are_refused_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "CONCURRENT_MAX", 0)
    monkeypatch.setattr(sheets, "WAIT_MAX_S", 0.01)

    with pytest.raises(Busy):
        await Workbooks().table_of(SOUND)


def test_the_program_imports_no_module_of_the_service_and_gets_no_secret() -> None:
    """The program starts within hundredths of a second, and its process contains no secrets."""
    assert not any("service" in line for line in Path(workbook.__file__).read_text().splitlines() if "import" in line)
    assert sys.executable
