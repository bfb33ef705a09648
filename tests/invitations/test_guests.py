"""Tests of reading lists of people: valid rows, and the errors of invalid ones."""

from typing import Any

import msgspec
import pytest

from service.domain.refusals import BodyInvalid
from service.invitations.guests import (
    GUESTS_MAX,
    BadRow,
    Guest,
    ListContext,
    guests_of_csv,
    guests_of_json,
    guests_of_table,
)
from service.invitations.sheets import Table

OFFER = ListContext({"loan-first": "loan-first", "首次申请贷款": "loan-first", "enquiry": "enquiry"}, "CN")


def of_csv(text: str, encoding: str = "utf-8") -> tuple[list[Guest], list[BadRow]]:
    return guests_of_csv(text.encode(encoding), OFFER)


def of_json(*items: Any) -> tuple[list[Guest], list[BadRow]]:  # noqa: ANN401  (any JSON)
    return guests_of_json(msgspec.json.encode({"items": items}), OFFER)


def why_refused(text: str) -> list[dict[str, str]]:
    with pytest.raises(BodyInvalid) as refused:
        of_csv(text)
    errors: list[dict[str, str]] = refused.value.fields["errors"]
    return errors


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_list_is_read_in_each_encoding_that_spreadsheet_programs_write(encoding: str, mark: str) -> None:
    guests, bad = of_csv(f"{mark}姓名,手机,事项\r\n张伟,13800138000,首次申请贷款\r\n", encoding)

    assert bad == []
    assert guests == [
        Guest(
            line=2,
            name="张伟",
            phone="+8613800138000",
            email=None,
            service="loan-first",
            prechecked=True,
            locale=None,
        )
    ]


@pytest.mark.parametrize("title", ["", "List of May\n", "School of Law, May; first list\n\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_that_of_the_header(delimiter: str, title: str) -> None:
    guests, _ = of_csv(title + delimiter.join(('"name"', "email")) + "\n" + delimiter.join(("Ann", "ann@example.org")))

    assert [(one.name, one.email) for one in guests] == [("Ann", "ann@example.org")]


def test_columns_may_be_in_any_order_below_a_title_and_empty_lines_are_counted() -> None:
    guests, bad = of_csv("List of May,,\n\nlocale,NAME,Pre-checked\n,,\nen,Ann Lee,no\n,  Bo   Li ,是\n")

    assert bad == []
    assert [(one.line, one.name, one.prechecked, one.locale) for one in guests] == [
        (5, "Ann Lee", False, "en"),
        (6, "Bo Li", True, None),
    ]


@pytest.mark.parametrize(
    ("row", "path", "why"),
    [
        (",13800138000,,,,", "name", "is missing"),
        ("x" * 201 + ",,,,,", "name", "is no name of 1 to 200 letters"),
        ("Ann\x07,,,,,", "name", "is no name of 1 to 200 letters"),
        ("Ann,12,,,,", "phone", "is no phone number"),
        ("Ann,call me,,,,", "phone", "is no phone number"),
        ("Ann,1.38E+10,,,,", "phone", "the spreadsheet program has rounded the number; format the column as text"),
        ("Ann," + "1" * 33 + ",,,,", "phone", "is no phone number"),
        ("Ann,,ann.example.org,,,", "email", "is no e-mail address"),
        ("Ann,,a@" + "x" * 253 + ",,,", "email", "is no e-mail address"),
        ("Ann,,,passport,,", "service", "the hall offers no such service"),
        ("Ann,,,,maybe,", "prechecked", "is neither yes nor no"),
        ("Ann,,,,,Deutsch!", "locale", "is no language like zh-CN or en"),
        ("Ann,,,,,,a note", "", "has a cell beyond the columns"),
    ],
)
def test_a_bad_row_is_reported_by_line_and_reason_without_its_content(row: str, path: str, why: str) -> None:
    guests, bad = of_csv(f"name,phone,email,service,prechecked,locale\nBo,,,,,\n{row}\n")

    assert [one.name for one in guests] == ["Bo"]
    assert bad == [BadRow(3, path, why)]


def test_a_phone_stored_as_a_number_is_read_as_typed() -> None:
    guests, bad = of_csv("name,phone\nAnn,13800138000.0\nBo,+8613800138001\n")

    assert bad == []
    assert [one.phone for one in guests] == ["+8613800138000", "+8613800138001"]


def test_a_duplicate_person_is_invited_once_and_a_family_may_share_a_phone() -> None:
    guests, bad = of_csv("name,phone\nAnn,13800138000\nBo,13800138000\nAnn, 138 0013 8000\nCy,\nCy,\n")

    assert [one.name for one in guests] == ["Ann", "Bo", "Cy"]
    assert bad == [
        BadRow(4, "", "names the same person as line 2"),
        BadRow(6, "", "names the same person as line 5"),
    ]


def test_line_numbers_are_those_of_a_text_editor() -> None:
    _, bad = of_csv('name,phone\n"Ann\nLee",x\nBo,y\n')

    assert [one.line for one in bad] == [2, 4]


def test_unknown_columns_are_refused_without_quoting_them() -> None:
    assert why_refused("name,phone,remarks\nAnn,,x\n") == [
        {"path": "lines[1]", "why": "column 3 is none of name, phone, email, service, prechecked, locale"}
    ]
    assert why_refused("name,姓名\nAnn,安\n") == [{"path": "lines[1]", "why": "two columns are name"}]
    assert "has no column name" in why_refused("Ann,13800138000\n")[0]["why"]


@pytest.mark.parametrize("text", ["name,phone\n", "name,phone\n,\n\n"])
def test_an_empty_list_is_refused(text: str) -> None:
    assert why_refused(text) == [{"path": "items", "why": "names nobody"}]


def test_a_list_of_more_than_ten_thousand_is_refused() -> None:
    rows = "".join(f"Ann {number}\n" for number in range(GUESTS_MAX + 1))

    assert len(of_csv("name\n" + rows.partition("\n")[2])[0]) == GUESTS_MAX
    assert "names more than 10000 people" in why_refused("name\n" + rows)[0]["why"]
    assert why_refused("name\n" + rows + "Ann\n" * 100) == [{"path": "", "why": "has too many lines"}]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"name\nAnn\0\n", "is no text"),
        (b"name\n\xff\xff\n", "is neither UTF-8 nor GB18030"),
        (b'name\n"Ann\n', "the quotes are not closed, or stand within a cell"),
        (b'name\n"Ann"x\n', "the quotes are not closed, or stand within a cell"),
        (b"name\n" + b"Ann," * 60 + b"x\n", "has too many cells"),
    ],
)
def test_a_file_that_is_not_csv_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(BodyInvalid) as refused:
        guests_of_csv(raw, OFFER)

    assert refused.value.fields["errors"][0]["why"] == why


def test_json_gives_the_same_people_and_errors() -> None:
    guests, bad = of_json(
        {"name": "Ann", "phone": "13800138000", "service": "enquiry", "prechecked": False},
        {"name": "Bo", "note": "likes tea"},
        {"phone": "13800138000"},
        {"name": "Cy", "email": "nobody"},
        {"name": "Di", "service": "passport"},
        {"name": "Ed\0"},
        "Flo",
        {"name": "Gil", "phone": "abc"},
    )

    assert [(one.line, one.name, one.service, one.prechecked) for one in guests] == [(1, "Ann", "enquiry", False)]
    assert [(one.line, one.path) for one in bad] == [
        (2, ""),
        (3, ""),
        (4, "email"),
        (5, "service"),
        (6, "name"),
        (7, ""),
        (8, "phone"),
    ]
    assert not any(said in one.why for one in bad for said in ("tea", "nobody", "passport", "abc"))


def test_the_repr_of_a_guest_contains_no_personal_data() -> None:
    guests, _ = of_json({"name": "Ann", "phone": "13800138000"})

    assert "Ann" not in repr(guests)
    assert "138" not in repr(guests)


@pytest.mark.parametrize("column", [0, 1])
def test_merged_cells_with_names_or_contacts_are_bad(column: int) -> None:
    rows = [(1, ["name", "phone", "service"]), (2, ["Ann", "13800138000", "enquiry"]), (3, ["Bo", "", ""])]

    guests, bad = guests_of_table(Table(rows, merged=[(2, column, 3, column)]), OFFER)

    assert guests == []
    assert bad == [BadRow(line, ("name", "phone")[column], "the cell is merged with others") for line in (2, 3)]


def test_a_service_merged_down_a_column_counts_for_each_line() -> None:
    rows = [(1, ["name", "service"]), (2, ["Ann", "enquiry"]), (3, ["Bo", ""]), (4, ["Cy", ""])]

    guests, bad = guests_of_table(Table(rows, merged=[(1, 0, 1, 0), (2, 1, 3, 1)]), OFFER)

    assert bad == []
    assert [one.service for one in guests] == ["enquiry", "enquiry", None]


def test_cells_merged_across_columns_are_bad_below_the_header() -> None:
    rows = [(1, ["List"]), (2, ["name", "service"]), (3, ["Ann", ""]), (4, ["Bo", ""])]

    guests, bad = guests_of_table(Table(rows, merged=[(1, 0, 1, 1), (3, 0, 3, 1)]), OFFER)

    assert [one.name for one in guests] == ["Bo"]
    assert bad == [BadRow(3, "", "has cells that are merged across columns")]
