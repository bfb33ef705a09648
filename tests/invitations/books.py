"""Workbooks for tests: valid ones made by openpyxl, and others with changed parts."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

SHEET = "xl/worksheets/sheet1.xml"
HEADER = ("name", "phone", "service")


def book(rows: Iterable[Iterable[Any]], change: Callable[[Worksheet], None] | None = None) -> bytes:
    """Make a workbook with one sheet of these rows."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def with_parts(raw: bytes, parts: dict[str, bytes | None]) -> bytes:
    """Replace, add or remove parts of a workbook's zip archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name not in parts:
                after.writestr(name, before.read(name))
        for name, part in parts.items():
            if part is not None:
                after.writestr(name, part)
    return written.getvalue()


def sheet_of(raw: bytes) -> bytes:
    """Return the XML of a workbook's first sheet."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(SHEET)
