"""Read CSV and .xlsx files as tables of text; .xlsx files are read by a separate program.

A CSV file is UTF-8 or GB18030 (which Excel writes in China), with or without a byte order mark. Valid UTF-8 is read as
UTF-8, because GB18030 text is hardly ever valid UTF-8. The delimiter is that of the header: comma, semicolon or tab.
Line numbers are those that a text editor or the spreadsheet program shows.

An error in the whole file is raised; an error in a line is returned with the table.

Source: RFC 4180; GB 18030-2022.
"""

import asyncio
import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from service.domain.refusals import BodyInvalid, Busy
from service.invitations import workbook

READ_TIMEOUT_S = 20.0
"""Time limit for reading a workbook; after it the program is killed and the file is refused."""

CONCURRENT_MAX = 2
"""Workbooks that are read at the same time; others wait, and are refused as `busy` after `WAIT_MAX_S`."""

WAIT_MAX_S = 10.0

HEADER_LINES_MAX = 10
"""Number of non-empty lines among which the header is searched."""

CSV_COLUMNS_MAX = workbook.COLUMNS_MAX
CSV_LINES_MAX = workbook.ROWS_MAX

_PROGRAM = Path(workbook.__file__)
_DELIMITERS = ",;\t"

MergedRange = tuple[int, int, int, int]


class Table(Struct, frozen=True):
    """The non-empty lines of a file: (line number, cells as stripped text).

    `faults` are (line, column from 0, reason); `merged` cells are (line, column, last line, last column).
    """

    rows: list[tuple[int, list[str]]]
    faults: list[tuple[int, int, str]] = []
    merged: list[MergedRange] = []


class _Output(Struct, frozen=True):
    rows: list[tuple[int, list[str]]] = []
    faults: list[tuple[int, int, str]] = []
    merged: list[MergedRange] = []
    refused: str | None = None


def table_of_csv(raw: bytes, is_header: Callable[[list[str]], bool]) -> Table:
    """Read a CSV file with the delimiter of its header. Raises BodyInvalid if it is not CSV."""
    text = _text_of(raw)
    if "\0" in text:
        raise BodyInvalid(("", "is no text"))
    lines = islice((line for line in text.splitlines() if line.strip()), HEADER_LINES_MAX)
    matching = (mark for line in lines for mark in _DELIMITERS if is_header(_cells_of(line, mark)))
    return Table(list(_rows_of_csv(text, next(matching, _DELIMITERS[0]))))


def _cells_of(line: str, delimiter: str) -> list[str]:
    """Split a line that may be the header, into at most `CSV_COLUMNS_MAX` + 1 cells."""
    return [cell.strip().strip('"') for cell in line.split(delimiter, CSV_COLUMNS_MAX)]


def _text_of(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding).removeprefix("\ufeff")
    raise BodyInvalid(("", "is neither UTF-8 nor GB18030"))


def _rows_of_csv(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BodyInvalid((f"lines[{line}]", "the quotes are not closed, or stand within a cell")) from error
        if cells is None:
            return
        if line > CSV_LINES_MAX:
            raise BodyInvalid(("", "has too many lines"))
        cells = [cell.strip() for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > CSV_COLUMNS_MAX:
            raise BodyInvalid((f"lines[{line}]", "has too many cells"))
        if cells:
            yield line, cells
        line = reader.line_num + 1


class Workbooks:
    """Reads .xlsx files, at most `CONCURRENT_MAX` at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(CONCURRENT_MAX)

    async def table_of(self, raw: bytes) -> Table:
        """Read the first visible sheet of a workbook.

        Raises:
            BodyInvalid: the file is not a workbook, is too large when unpacked, or takes longer than `READ_TIMEOUT_S`.
            Busy: the file had to wait longer than `WAIT_MAX_S`.
        """
        try:
            async with asyncio.timeout(WAIT_MAX_S):
                await self._free.acquire()
        except TimeoutError as error:
            raise Busy from error
        try:
            return await _table_of_workbook(raw)
        finally:
            self._free.release()


async def _table_of_workbook(raw: bytes) -> Table:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        _PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # it may contain personal data from the file
        env={"LANG": "C.UTF-8"},
        cwd="/",
    )
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            output, _ = await program.communicate(raw)
    except TimeoutError as error:
        raise BodyInvalid(("", "takes too long to read")) from error
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if program.returncode != 0:  # ended by the system at a resource limit
        raise BodyInvalid(("", "cannot be read"))
    read = msgspec.json.decode(output, type=_Output)
    if read.refused is not None:
        raise BodyInvalid(("", read.refused))
    return Table(read.rows, read.faults, read.merged)
