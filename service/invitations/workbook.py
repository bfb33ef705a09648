"""A program that reads an .xlsx file from stdin and writes its rows as JSON to stdout. It imports none of our modules.

A workbook is untrusted: a zip archive of XML files. It is read in a separate process that can be killed, with memory
and processor time limited by the system. Before calamine reads it, the sizes in the zip directory are checked, and the
XML of the sheet is scanned once for problems that calamine does not report: a formula without a value and an error are
both read as an empty cell, and one cell far away makes a table of millions of cells.

Output: `{"rows": [[line, [text, …]], …], "faults": [[line, column, reason], …], "merged": [[line, column, last line,
last column], …]}` with lines from 1 and columns from 0, or `{"refused": reason}`.

Source: ECMA-376 part 1, 18.3.1 (sheets), 18.2 (workbook); APPNOTE.TXT 4.3 (zip).
"""

import io
import json
import posixpath
import resource
import sys
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

import python_calamine

MEMORY_MAX_BYTES = 1024**3
CPU_MAX_S = 15
"""The system ends the program at either limit, and the file is refused."""

ENTRIES_MAX = 1000
UNPACKED_MAX_BYTES = 64 * 1024**2
RATIO_MAX = 100
"""Limits of the zip archive: entries, unpacked size, and its ratio to the file size (lists of people have about 10)."""

ROWS_MAX = 10_020
COLUMNS_MAX = 50
MERGED_LINES_MAX = ROWS_MAX * COLUMNS_MAX
"""Lines of all merged ranges together; ranges written by a spreadsheet program do not overlap."""

TEXT_MAX = 500
"""Characters of a cell that are read; longer than any valid value."""

TEXTS_MAX = 8 * 1024**2
"""Characters of all cells together."""

WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"


class UnreadableWorkbook(Exception):  # noqa: N818  (it is an answer of the program, not a fault)
    """The file cannot be read as a workbook; the message gives the reason."""


class SheetScanner:
    """Scans a sheet's XML for cells with an error, or with a formula but no value."""

    def __init__(self) -> None:
        self._faults: dict[tuple[int, int], str] = {}
        self._cell = ""
        self._type = ""
        self._row = 0
        self._column = -1
        self._formula = False
        self._value = False
        self._within = ""

    def scan(self, raw: bytes) -> list[tuple[int, int, str]]:
        """List the faulty cells, each once, in order of the file. Raises UnreadableWorkbook."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _no_doctype
        _parse(parser, raw)
        return [(row, column, why) for (row, column), why in self._faults.items()]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._row = _number(attributes.get("r"), self._row + 1)
                self._column = -1
            case "c":
                self._cell = attributes.get("r", "")
                self._column = _column(self._cell) if self._cell else self._column + 1
                self._type = attributes.get("t", "n")
                self._formula = self._value = False
            case "f":
                self._formula = True
            case "v" | "t":
                self._within = "v"
            case _:
                pass

    def _text(self, text: str) -> None:
        if self._within and text.strip():
            self._value = True

    def _end(self, name: str) -> None:
        match _local(name):
            case "v" | "t":
                self._within = ""
            case "c":
                if self._value or self._formula:
                    self._check_cell()
            case _:
                pass

    def _check_cell(self) -> None:
        if self._row > ROWS_MAX:
            raise UnreadableWorkbook("has too many lines")
        if self._column >= COLUMNS_MAX:
            raise UnreadableWorkbook("has too many columns")
        if self._type == "e":
            self._faults[self._row, self._column] = "the cell is an error of the spreadsheet program"
        elif self._formula and not self._value and self._type != "str":
            self._faults[self._row, self._column] = "the cell is a formula without a value"


def _no_doctype(*_: object) -> None:
    raise UnreadableWorkbook("declares a document type")


def _parse(parser: expat.XMLParserType, raw: bytes) -> None:
    try:
        parser.Parse(raw, True)  # noqa: FBT003  (expat has no name for this argument)
    except expat.ExpatError as error:
        raise UnreadableWorkbook("is not XML inside") from error


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else otherwise


def _column(cell: str) -> int:
    """Return the column of a reference like `BC7`, from 0."""
    column = 0
    for letter in cell:
        if not "A" <= letter <= "Z":
            break
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def first_sheet(archive: zipfile.ZipFile) -> tuple[int, str]:
    """Find the first visible sheet: its index among all sheets and the path of its XML. Raises UnreadableWorkbook."""
    sheets: list[dict[str, str]] = []
    targets: dict[str, str] = {}

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "sheet":
            sheets.append({_local(key): value for key, value in attributes.items()})

    def relation(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    for path, handler in ((WORKBOOK, sheet), (RELATIONS, relation)):
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        parser.StartDoctypeDeclHandler = _no_doctype
        _parse(parser, read_entry(archive, path))
    for place, found in enumerate(sheets):
        target = targets.get(found.get("id", ""), "")
        if found.get("state", "visible") == "visible" and "worksheet" in target:
            return place, posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    raise UnreadableWorkbook("has no sheet")


def read_entry(archive: zipfile.ZipFile, path: str) -> bytes:
    """Read a file of the zip archive. Raises UnreadableWorkbook."""
    try:
        return archive.read(path)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise UnreadableWorkbook("is no .xlsx workbook") from error


def open_archive(raw: bytes) -> zipfile.ZipFile:
    """Open the zip archive of a workbook and check its size when unpacked. Raises UnreadableWorkbook."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnreadableWorkbook("is no .xlsx workbook") from error
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_MAX_BYTES or unpacked > RATIO_MAX * len(raw):
        raise UnreadableWorkbook("is too large when it is unpacked")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableWorkbook("is protected by a password")
    if WORKBOOK not in archive.namelist():
        raise UnreadableWorkbook("is no .xlsx workbook")
    return archive


def read_workbook(raw: bytes) -> dict[str, Any]:
    """Read the first visible sheet of a workbook. Raises UnreadableWorkbook."""
    archive = open_archive(raw)
    place, path = first_sheet(archive)
    faults = SheetScanner().scan(read_entry(archive, path))
    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(place)
        cells = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except python_calamine.PasswordError as error:
        raise UnreadableWorkbook("is protected by a password") from error
    except python_calamine.CalamineError as error:
        raise UnreadableWorkbook("is no .xlsx workbook") from error
    rows = [(line, [cell_text(cell) for cell in row]) for line, row in enumerate(cells, 1)]
    if sum(len(text) for _, row in rows for text in row) > TEXTS_MAX:
        raise UnreadableWorkbook("has too much text")
    if sum(max(1, min(bottom, ROWS_MAX) - top + 1) for (top, _), (bottom, _) in merged) > MERGED_LINES_MAX:
        raise UnreadableWorkbook("has too many merged cells")
    return {
        "rows": [(line, row) for line, row in rows if any(row)],
        "faults": faults,
        "merged": [(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in merged],
    }


def cell_text(cell: float | str | bool | date | datetime | time | timedelta) -> str:  # noqa: FBT001  (calamine's types)
    """Convert a cell to text; a whole number has no decimal point, because spreadsheets store phones as floats."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip()[: TEXT_MAX + 1]


def main() -> None:
    """Read a workbook from stdin and write the output to stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        output = read_workbook(sys.stdin.buffer.read())
    except UnreadableWorkbook as refused:
        output = {"refused": str(refused)}
    except MemoryError:
        output = {"refused": "is too large when it is unpacked"}
    sys.stdout.write(json.dumps(output))


if __name__ == "__main__":
    main()
