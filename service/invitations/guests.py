"""What a row of a list means: a person to invite, or why it means nobody.

The header is the first line that has a column of names, among the first ten: lists often have a title above. Columns
may stand in any order and be named in English or Chinese; one that we do not know is refused, for what would be read
past silently might be what somebody meant to say. Reasons never repeat what a row says: it is about a person.

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
from service.primitives.text_fields import Email, in_words, is_email

GUESTS_MAX = 10_000
"""People in one import; more are several imports."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "full name", "applicant", "姓名", "名字", "申请人"),
    "phone": ("phone", "phone number", "mobile", "telephone", "tel", "手机", "手机号", "手机号码", "电话", "联系电话"),
    "email": ("email", "e-mail", "mail", "邮箱", "电子邮箱", "邮件", "电子邮件"),
    "service": ("service", "事项", "业务", "服务", "办理事项"),
    "prechecked": ("prechecked", "pre-checked", "checked", "预审", "已预审", "材料已预审"),
    "locale": ("locale", "language", "语言"),
}
"""How columns may be named, in small letters."""

YES = frozenset({"true", "yes", "y", "1", "x", "是", "已", "√", "✓"})
NO = frozenset({"false", "no", "n", "0", "否", "未", "×"})

NAME_MAX = 200
EMAIL_MAX = 254
PHONE_MAX = 32
LOCALE_MAX = 35

_NAMED = {name: column for column, names in COLUMNS.items() for name in names}
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_WHOLE = re.compile(r"(\+?[0-9]+)\.0+")


class GuestForm(Personal, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person to invite: for any service when none is said; `prechecked` says that the papers were looked at."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
    phone: Annotated[str, Meta(min_length=3, max_length=PHONE_MAX)] | None = None
    email: Email | None = None
    service: ServiceCode | None = None
    prechecked: bool = True
    locale: Language | None = None


class GuestsForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """People to invite."""

    items: Annotated[list[GuestForm], Meta(min_length=1, max_length=GUESTS_MAX)]


class Guest(Personal, frozen=True, kw_only=True):
    """A person to invite; `line` is where the list says so, from 1, `phone` as E.164."""

    SHOWN = ("line",)

    line: int
    name: str
    phone: str | None
    email: str | None
    service: str | None
    prechecked: bool
    locale: str | None


class BadRow(Struct, frozen=True):
    """Why a line means nobody; `path` is the column, nothing for the whole line."""

    line: int
    path: str
    why: str


class ListContext(Struct, frozen=True):
    """What a list may refer to: services by id and by their names in small letters, and the hall's country."""

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
    """Read `{"items": [...]}`. Raises BodyInvalid for no item or too many, and what msgspec raises for other JSON."""
    items = msgspec.json.decode(raw, type=_Envelope).items
    _require_size(len(items))
    guests, bad = [], []
    for line, item in enumerate(items, 1):
        try:
            guests.append(_guest(line, msgspec.json.decode(item, type=GuestForm), offer))
        except msgspec.ValidationError as error:
            bad.append(BadRow(line, *_where(str(error))))
        except _Refused as refused:
            bad.append(BadRow(line, refused.path, refused.why))
    return _without_twice(guests, bad)


def guests_of_csv(raw: bytes, offer: ListContext) -> ReadResult:
    """Read a CSV file. Raises BodyInvalid where it is none, and as `guests_of_table` does."""
    return guests_of_table(table_of_csv(raw, lambda cells: "name" in _columns_of(cells).values()), offer)


def guests_of_table(table: Table, offer: ListContext) -> ReadResult:
    """Read a table. Raises BodyInvalid when it has no header, an unknown column, nobody, or too many people."""
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
        BadRow(line, columns.get(column, ""), why)  # a line of which calamine saw nothing but what is wrong
        for line, column, why in table.faults
        if line not in known and line > table.rows[at][0]
    ]
    guests, bad = _without_twice(guests, bad + of_empty)
    return guests, sorted(bad, key=lambda one: one.line)


def _require_size(count: int) -> None:
    if count == 0:
        raise BodyInvalid(("items", "names nobody"))
    if count > GUESTS_MAX:
        raise BodyInvalid(("items", f"names more than {GUESTS_MAX} people; import them in several parts"))


def _header_of(table: Table) -> tuple[int, dict[int, str]]:
    """Where in the rows the header is, and which column is what. Raises BodyInvalid."""
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
    """What each column of a header is called by us; None for one that we do not know."""
    return {column: _NAMED.get(_squeezed(cell).lower()) for column, cell in enumerate(cells) if cell}


class _Merged:
    """What merged cells say: one value down a column counts for each of its lines; across columns for none."""

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
                self._down |= {(one, column): cells[column] if column < len(cells) else "" for one in lines}

    def cell(self, line: int, column: int, name: str, text: str) -> str:
        """The text of a cell. Raises _Refused where it is merged and says who somebody is."""
        if line in self._across:
            raise _Refused("", "has cells that are merged across columns")
        said = self._down.get((line, column))
        if said is None:
            return text
        if name in {"name", "phone", "email"}:
            raise _Refused(name, "the cell is merged with others")
        return said


def _form_of(
    line: int,
    cells: list[str],
    columns: Mapping[int, str],
    faults: Mapping[tuple[int, int], str],
    merged: _Merged,
) -> GuestForm:
    """A row in the words of the form. Raises _Refused."""
    if any(cell for column, cell in enumerate(cells) if column not in columns):
        raise _Refused("", "has a cell beyond the columns")
    said: dict[str, str] = {}
    for column, name in columns.items():
        if (line, column) in faults:
            raise _Refused(name, faults[line, column])
        said[name] = merged.cell(line, column, name, cells[column] if column < len(cells) else "")
    if not said["name"]:
        raise _Refused("name", "is missing")
    return GuestForm(
        name=said["name"],
        phone=_unrounded(said.get("phone", "")) or None,
        email=said.get("email") or None,
        service=said.get("service") or None,  # type: ignore[arg-type]  # checked with the form's other values
        prechecked=_truth(said.get("prechecked", "")),
        locale=said.get("locale") or None,
    )


def _unrounded(phone: str) -> str:
    """A phone as it was typed, where a spreadsheet took it for a number. Raises _Refused where digits are lost."""
    if _ROUNDED.fullmatch(phone):
        raise _Refused("phone", "the spreadsheet program has rounded the number; format the column as text")
    whole = _WHOLE.fullmatch(phone)
    return whole[1] if whole else phone


def _truth(text: str) -> bool:
    said = text.lower()
    if said in NO:
        return False
    if said and said not in YES:
        raise _Refused("prechecked", "is neither yes nor no")
    return True


def _guest(line: int, form: GuestForm, offer: ListContext) -> Guest:
    """Check what no type can. Raises _Refused."""
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


def _without_twice(guests: list[Guest], bad: list[BadRow]) -> ReadResult:
    """Of people who are named twice the first counts; the same phone may be that of a family."""
    first: dict[tuple[str | None, ...], int] = {}
    once = []
    for guest in guests:
        contact = guest.phone or guest.email
        key = (guest.name, contact, guest.service if contact is None else None)
        if key in first:
            bad.append(BadRow(guest.line, "", f"names the same person as line {first[key]}"))
        else:
            first[key] = guest.line
            once.append(guest)
    return once, sorted(bad, key=lambda one: one.line)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _where(said: str) -> tuple[str, str]:
    """Where in an item a type was not kept, and how; msgspec quotes nothing of the value."""
    why, _, path = said.partition(" - at `$.")
    return path.rstrip("`"), in_words(why)
