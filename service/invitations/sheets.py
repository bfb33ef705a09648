"""Files as tables of text: CSV here, .xlsx by a program of its own.

A CSV file is UTF-8 or GB18030, which is what Excel writes in China, with or without a byte order mark: what is valid
UTF-8 is taken for it, for GB18030 hardly ever is. Cells are apart by what the header is apart by, whatever the lines
above it: commas, semicolons or tabs. A line number is the one that a text editor, or the spreadsheet program, shows.

What is wrong with the whole file is refused at once; what is wrong with a line is kept with it.

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
"""How long the reading of a workbook may take; then it is ended, and the file is told to be too much."""

CONCURRENT_MAX = 2
"""Workbooks that are read at the same time; others wait, and after `WAIT_MAX_S` are told that we are busy."""

WAIT_MAX_S = 10.0

HEADER_LINES_MAX = 10
"""Lines that are not empty, of which one has to be the header."""

CSV_COLUMNS_MAX = workbook.COLUMNS_MAX
CSV_LINES_MAX = workbook.ROWS_MAX

_PROGRAM = Path(workbook.__file__)
_DELIMITERS = ",;\t"

MergedRange = tuple[int, int, int, int]


class Table(Struct, frozen=True):
    """Lines that are not empty: their number, and their cells as text without space around them.

    `faults` are (line, column from 0, why); `merged` cells are (line, column, last line, last column).
    """

    rows: list[tuple[int, list[str]]]
    faults: list[tuple[int, int, str]] = []
    merged: list[MergedRange] = []


class _Read(Struct, frozen=True):
    rows: list[tuple[int, list[str]]] = []
    faults: list[tuple[int, int, str]] = []
    merged: list[MergedRange] = []
    refused: str | None = None


def table_of_csv(raw: bytes, is_header: Callable[[list[str]], bool]) -> Table:
    """Read a CSV file, whose cells are apart as those of its header. Raises BodyInvalid where it is none."""
    text = _text_of(raw)
    if "\0" in text:
        raise BodyInvalid(("", "is no text"))
    lines = islice((line for line in text.splitlines() if line.strip()), HEADER_LINES_MAX)
    found = (by for line in lines for by in _DELIMITERS if is_header(_cells_of(line, by)))
    return Table(list(_rows_of_csv(text, next(found, _DELIMITERS[0]))))


def _cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a line that may be the header; of one with too many, no more than a list may have."""
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
    """Reads .xlsx files, few at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(CONCURRENT_MAX)

    async def table_of(self, raw: bytes) -> Table:
        """Read the first visible sheet of a workbook.

        Raises:
            BodyInvalid: it is none, too large when it is unpacked, or takes longer than `READ_TIMEOUT_S`.
            Busy: others are being read for longer than `WAIT_MAX_S`.
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
        stderr=asyncio.subprocess.DEVNULL,  # a stranger's file may be quoted there
        env={"LANG": "C.UTF-8"},
        cwd="/",
    )
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            said, _ = await program.communicate(raw)
    except TimeoutError as error:
        raise BodyInvalid(("", "takes too long to read")) from error
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if program.returncode != 0:  # the system ended it at its bounds
        raise BodyInvalid(("", "cannot be read"))
    read = msgspec.json.decode(said, type=_Read)
    if read.refused is not None:
        raise BodyInvalid(("", read.refused))
    return Table(read.rows, read.faults, read.merged)
