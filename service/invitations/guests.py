"""Convert the rows of a list to people to invite, or to errors.

The header is the first line with a name column, among the first ten lines, because lists often have a title above it.
Columns may be in any order, with English or Chinese names. An unknown column is refused, because ignoring it could lose
information that was meant to be imported. Error texts never contain the content of a row, because it is personal data.

Source: CONTRACT 5 (invitations); ApplicantForm.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from service.domain.hall.document import Language, ServiceCode
from service.domain.refusals import BodyInvalid
from service.invitations.sheets import HEADER_LINES_MAX, MergedRange, Table, table_of_csv
from service.primitives.contacts import e164
from service.primitives.personal_data import Personal
from service.primitives.text_fields import Email, is_email, plain_reason

GUESTS_MAX = 10_000
"""Maximum number of people in one import."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "full name", "applicant", "姓名", "名字", "申请人"),
    "phone": ("phone", "phone number", "mobile", "telephone", "tel", "手机", "手机号", "手机号码", "电话", "联系电话"),
    "email": ("email", "e-mail", "mail", "邮箱", "电子邮箱", "邮件", "电子邮件"),
    "service": ("service", "事项", "业务", "服务", "办理事项"),
    "prechecked": ("prechecked", "pre-checked", "checked", "预审", "已预审", "材料已预审"),
    "locale": ("locale", "language", "语言"),
}
"""Accepted column names, in lower case."""

YES = frozenset({"true", "yes", "y", "1", "x", "是", "已", "√", "✓"})
NO = frozenset({"false", "no", "n", "0", "否", "未", "×"})

NAME_MAX = 200
EMAIL_MAX = 254
PHONE_MAX = 32
LOCALE_MAX = 35

_COLUMN_OF = {name: column for column, names in COLUMNS.items() for name in names}
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_WHOLE = re.compile(r"(\+?[0-9]+)\.0+")


class GuestForm(Personal, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person to invite. `service` None: for any service. `prechecked`: the papers have been checked."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
    phone: Annotated[str, Meta(min_length=3, max_length=PHONE_MAX)] | None = None
    email: Email | None = None
    service: ServiceCode | None = None
    prechecked: bool = True
    locale: Language | None = None


class GuestsForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The JSON form of a list of people."""

    items: Annotated[list[GuestForm], Meta(min_length=1, max_length=GUESTS_MAX)]


class Guest(Personal, frozen=True, kw_only=True):
    """A valid person to invite; `line` is the line in the list, from 1, `phone` in E.164."""

    SHOWN = ("line",)

    line: int
    name: str
    phone: str | None
    email: str | None
    service: str | None
    prechecked: bool
    locale: str | None


class BadRow(Struct, frozen=True):
    """An error in a line; `path` is the column, empty for the whole line."""

    line: int
    path: str
    why: str


class ListContext(Struct, frozen=True):
    """Data of the hall to read a list: service ids by id and lower-case name, and the country of phone numbers."""

    services: Mapping[str, str]
    country: str | None


class _Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    items: list[msgspec.Raw]


class _Refused(Exception):  # noqa: N818  (it becomes a BadRow)
    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why


ReadResult = tuple[list[Guest], list[BadRow]]


def guests_of_json(raw: bytes, offer: ListContext) -> ReadResult:
    """Read `{"items": [...]}`.

    Raises:
        BodyInvalid: there is no item, or too many.
        msgspec.DecodeError: the body is not JSON or has another form.
    """
    items = msgspec.json.decode(raw, type=_Envelope).items
    _require_size(len(items))
    guests, bad = [], []
    for line, item in enumerate(items, 1):
        try:
            guests.append(_guest(line, msgspec.json.decode(item, type=GuestForm), offer))
        except msgspec.ValidationError as error:
            bad.append(BadRow(line, *_path_and_reason(str(error))))
        except _Refused as refused:
            bad.append(BadRow(line, refused.path, refused.why))
    return _without_duplicates(guests, bad)


def guests_of_csv(raw: bytes, offer: ListContext) -> ReadResult:
    """Read a CSV file. Raises BodyInvalid if it is not CSV, and as `guests_of_table`."""
    return guests_of_table(table_of_csv(raw, lambda cells: "name" in _columns_of(cells).values()), offer)


def guests_of_table(table: Table, offer: ListContext) -> ReadResult:
    """Read a table. Raises BodyInvalid if it has no header, an unknown column, no people or too many."""
    at, columns = _header_of(table)
    lines = table.rows[at + 1 :]
    _require_size(len(lines))
    faults = {(line, column): why for line, column, why in table.faults}
    merged = _Merged(table.merged, dict(table.rows))
    guests, bad = [], []
    for line, cells in lines:
        try:
            guests.append(_guest(line, _form_of(line, cells, columns, faults, merged), offer))
        except _Refused as refused:
            bad.append(BadRow(line, refused.path, refused.why))
    known = {line for line, _ in table.rows}
    of_empty = [
        BadRow(line, columns.get(column, ""), why)  # lines that calamine reads as empty because of the faulty cell
        for line, column, why in table.faults
        if line not in known and line > table.rows[at][0]
    ]
    guests, bad = _without_duplicates(guests, bad + of_empty)
    return guests, sorted(bad, key=lambda row: row.line)


def _require_size(count: int) -> None:
    if count == 0:
        raise BodyInvalid(("items", "names nobody"))
    if count > GUESTS_MAX:
        raise BodyInvalid(("items", f"names more than {GUESTS_MAX} people; import them in several parts"))


def _header_of(table: Table) -> tuple[int, dict[int, str]]:
    """Find the header: its index in the rows, and the field of each column. Raises BodyInvalid."""
    for at, (line, cells) in enumerate(table.rows[:HEADER_LINES_MAX]):
        found = _columns_of(cells)
        if "name" not in found.values():
            continue
        errors = [
            (f"lines[{line}]", f"column {column + 1} is none of {', '.join(COLUMNS)}")
            for column, name in found.items()
            if name is None
        ]
        named = [name for name in found.values() if name is not None]
        errors += [(f"lines[{line}]", f"two columns are {name}") for name in COLUMNS if named.count(name) > 1]
        if errors:
            raise BodyInvalid(*errors)
        return at, {column: name for column, name in found.items() if name is not None}
    raise BodyInvalid(("lines[1]", f"has no column name, or 姓名; the columns are {', '.join(COLUMNS)}"))


def _columns_of(cells: list[str]) -> dict[int, str | None]:
    """Return the field of each non-empty header cell; None for an unknown column."""
    return {column: _COLUMN_OF.get(_squeezed(cell).lower()) for column, cell in enumerate(cells) if cell}


class _Merged:
    """Values of merged cells: merged down a column, the value counts for each line; across columns it is an error."""

    def __init__(self, merged: Iterable[MergedRange], rows: Mapping[int, list[str]]) -> None:
        self._down: dict[tuple[int, int], str] = {}
        self._across: set[int] = set()
        last = max(rows, default=0)
        for line, column, last_line, last_column in merged:
            lines = range(line, min(last_line, last) + 1)
            if last_column > column:
                self._across.update(lines)
            else:
                cells = rows.get(line, [])
                self._down |= {(covered, column): cells[column] if column < len(cells) else "" for covered in lines}

    def cell(self, line: int, column: int, name: str, text: str) -> str:
        """Return the text of a cell. Raises _Refused for a merged cell that must be different for each person."""
        if line in self._across:
            raise _Refused("", "has cells that are merged across columns")
        merged = self._down.get((line, column))
        if merged is None:
            return text
        if name in {"name", "phone", "email"}:
            raise _Refused(name, "the cell is merged with others")
        return merged


def _form_of(
    line: int,
    cells: list[str],
    columns: Mapping[int, str],
    faults: Mapping[tuple[int, int], str],
    merged: _Merged,
) -> GuestForm:
    """Convert a row to a form, not yet validated. Raises _Refused."""
    if any(cell for column, cell in enumerate(cells) if column not in columns):
        raise _Refused("", "has a cell beyond the columns")
    texts: dict[str, str] = {}
    for column, name in columns.items():
        if (line, column) in faults:
            raise _Refused(name, faults[line, column])
        texts[name] = merged.cell(line, column, name, cells[column] if column < len(cells) else "")
    if not texts["name"]:
        raise _Refused("name", "is missing")
    return GuestForm(
        name=texts["name"],
        phone=_unrounded(texts.get("phone", "")) or None,
        email=texts.get("email") or None,
        service=texts.get("service") or None,  # type: ignore[arg-type]  # validated in `_guest`
        prechecked=_truth(texts.get("prechecked", "")),
        locale=texts.get("locale") or None,
    )


def _unrounded(phone: str) -> str:
    """Restore a phone number that a spreadsheet stored as a number. Raises _Refused if digits are lost."""
    if _ROUNDED.fullmatch(phone):
        raise _Refused("phone", "the spreadsheet program has rounded the number; format the column as text")
    whole = _WHOLE.fullmatch(phone)
    return whole[1] if whole else phone


def _truth(text: str) -> bool:
    lower = text.lower()
    if lower in NO:
        return False
    if lower and lower not in YES:
        raise _Refused("prechecked", "is neither yes nor no")
    return True


def _guest(line: int, form: GuestForm, offer: ListContext) -> Guest:
    """Validate the values of a form and convert it. Raises _Refused."""
    name = _squeezed(form.name)
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise _Refused("name", f"is no name of 1 to {NAME_MAX} letters")
    if form.email is not None and (len(form.email) > EMAIL_MAX or not is_email(form.email)):
        raise _Refused("email", "is no e-mail address")
    if form.locale is not None and (len(form.locale) > LOCALE_MAX or not _LOCALE.fullmatch(form.locale)):
        raise _Refused("locale", "is no language like zh-CN or en")
    service = None
    if form.service is not None:
        service = offer.services.get(_squeezed(form.service).lower())
        if service is None:
            raise _Refused("service", "the hall offers no such service")
    return Guest(
        line=line,
        name=name,
        phone=None if form.phone is None else _phone(form.phone, offer.country),
        email=form.email,
        service=service,
        prechecked=form.prechecked,
        locale=form.locale,
    )


def _phone(text: str, country: str | None) -> str:
    if len(text) > PHONE_MAX:
        raise _Refused("phone", "is no phone number")
    try:
        return e164("phone", text, country)
    except BodyInvalid as invalid:
        raise _Refused("phone", invalid.fields["errors"][0]["why"]) from invalid


def _without_duplicates(guests: list[Guest], bad: list[BadRow]) -> ReadResult:
    """Keep the first line of each person; later ones are errors. The same phone with another name is another person."""
    first: dict[tuple[str | None, ...], int] = {}
    unique = []
    for guest in guests:
        contact = guest.phone or guest.email
        key = (guest.name, contact, guest.service if contact is None else None)
        if key in first:
            bad.append(BadRow(guest.line, "", f"names the same person as line {first[key]}"))
        else:
            first[key] = guest.line
            unique.append(guest)
    return unique, sorted(bad, key=lambda row: row.line)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _path_and_reason(error: str) -> tuple[str, str]:
    """Split msgspec's error text, which never contains the value, into the path in the item and the reason."""
    why, _, path = error.partition(" - at `$.")
    return path.rstrip("`"), plain_reason(why)
