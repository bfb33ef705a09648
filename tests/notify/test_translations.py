"""Tests of the texts: complete in every language, all used, and the choice of the language."""

from datetime import date, datetime, timedelta
from importlib.resources import files

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from service.domain.hall.demo import demo_document
from service.domain.model import CancelledBy, HallId, ServiceId
from service.notify.content import RenderedMessage, render_message
from service.notify.mail import mail_text
from service.notify.model import TICKET_KINDS, Facts, Kind, Message, MessageChannel, Person
from service.notify.translations import LANGUAGES, choose_language, localized_name, translate
from tests.notify.conftest import PlainLinks, at

DOCUMENT = demo_document(always_open=False)


class Arguments(Visitor):
    """Collects the arguments of a text."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802  (the visitor's names)
        """Record an argument."""
        self.found.add(node.id.name)


def texts(language: str) -> dict[str, frozenset[str]]:
    """Return all texts of a language with their arguments."""
    written = (files("service.notify") / "texts" / f"{language}.ftl").read_text("utf-8")
    entries = FluentParser().parse(written).body
    assert [entry for entry in entries if isinstance(entry, ast.Junk)] == []
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        if isinstance(entry, ast.Message):
            arguments = Arguments()
            arguments.visit(entry)
            assert entry.id.name not in found, "a text stands twice"
            found[entry.id.name] = frozenset(arguments.found)
    return found


def letter(
    kind: Kind,
    language: str,
    *,
    by: str | None = None,
    closed: bool = False,
    over: bool = False,
    doors_at: datetime | None = None,
    name: str | None = "Wang Fang",
) -> RenderedMessage:
    """Render a message in a language."""
    facts = (
        Facts(service=ServiceId("loan-first"), number="A058", ahead=3)
        if kind in TICKET_KINDS
        else Facts(
            service=ServiceId("loan-first"),
            code="A3K9QXRT",
            starts_at=at(25, 9, 20),
            ends_at=at(25, 9, 20) + timedelta(minutes=5),
            count=2,
            by=by,
            closed=closed,
            over=over,
            doors_at=doors_at,
        )
    )
    message = Message(
        hall=HallId("demo"),
        id="0198a000-0000-7000-8000-000000000000",
        day=date(2026, 11, 25),
        subject="0198a000-0000-7000-8000-000000000001",
        kind=kind,
        channel=MessageChannel.MAIL,
        facts=facts,
        tries=1,
    )
    person = Person(name=name, phone=None, email="wang@home.example", locale=language)
    return render_message(message, person, DOCUMENT, PlainLinks())


def test_every_language_has_the_same_texts_with_the_same_arguments() -> None:
    first, *others = (texts(language) for language in LANGUAGES)

    for other in others:
        assert other == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_used(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()

    def noted(language_: str, text: str, **arguments: str | int) -> str:
        used.add(text)
        return translate(language_, text, **arguments)

    monkeypatch.setattr("service.notify.content.translate", noted)
    for kind in Kind:
        letter(kind, language)
    letter(Kind.CANCELLED, language, by=CancelledBy.STAFF, name=None)
    for kind in (Kind.CANCELLED, Kind.MISSED):
        letter(kind, language, by=CancelledBy.STAFF, closed=True)
    letter(Kind.MISSED, language, over=True)
    letter(Kind.HOUR_BEFORE, language, doors_at=at(25, 8, 30))

    assert used == set(texts(language)) - {"date"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_message_can_be_rendered_and_begins_with_the_hall(kind: Kind, language: str) -> None:
    written = letter(kind, language)

    assert written.language == language
    assert written.text.startswith(written.sender)
    assert "\n" not in written.subject + written.text
    assert "{" not in mail_text(written)
    assert "\u2068" not in mail_text(written)
    assert (written.entry is not None) == (kind in {Kind.BOOKED, Kind.CHANGED, Kind.CANCELLED})


@pytest.mark.parametrize(
    "written",
    [
        *(letter(kind, "zh-CN") for kind in Kind),
        letter(Kind.CANCELLED, "zh-CN", closed=True),
        letter(Kind.MISSED, "zh-CN", closed=True),
        letter(Kind.MISSED, "zh-CN", over=True),
        letter(Kind.HOUR_BEFORE, "zh-CN", doors_at=at(25, 8, 30)),
    ],
    ids=lambda written: written.subject[:4],
)
def test_chinese_texts_have_chinese_punctuation(written: RenderedMessage) -> None:
    assert not set(",;!?()") & set(written.subject + written.text)
    assert "你" not in mail_text(written)


def test_messages_about_closures_name_the_cause_and_link_to_other_times() -> None:
    cancelled = letter(Kind.CANCELLED, "en", by=CancelledBy.STAFF, closed=True)
    closed = letter(Kind.CLOSED, "en")
    missed = letter(Kind.MISSED, "en", closed=True)

    assert cancelled.text == (
        "Student Loan Hall: we are sorry, the hall has closed for the day and the booking for Wed 25 Nov, 09:20, "
        "First loan contract is cancelled. Please book another time."
    )
    assert cancelled.more == ["Book again: https://paihao.example/halls/demo"]
    assert "Choose another time: https://paihao.example/halls/demo#" in closed.more[0]
    assert "take a number" not in missed.text


def test_no_text_asks_people_to_come_while_the_doors_are_closed() -> None:
    early = letter(Kind.HOUR_BEFORE, "en", doors_at=at(25, 8, 30))
    over = letter(Kind.MISSED, "en", over=True)

    assert early.text.endswith("You can check in from 08:30 with code A3K9QXRT.")
    assert "no more numbers are given out that day" in over.text


@pytest.mark.parametrize(
    ("locale", "hall", "language"),
    [
        ("zh-CN", ["en"], "zh-CN"),
        ("zh-TW", ["en"], "zh-CN"),
        ("en-GB", ["zh-CN"], "en"),
        ("EN", ["zh-CN"], "en"),
        ("de", ["zh-CN", "en"], "zh-CN"),
        (None, ["en", "zh-CN"], "en"),
        (None, ["ug", "zh-CN"], "zh-CN"),
        ("", ["de"], "en"),
    ],
)
def test_the_language_is_that_of_the_person_or_the_first_of_the_hall_with_texts(
    locale: str | None, hall: list[str], language: str
) -> None:
    assert choose_language(locale, hall) == language


def test_a_name_is_in_the_language_a_related_one_or_any() -> None:
    assert localized_name({"en": "Hall", "zh-CN": "大厅"}, "zh-CN", "demo") == "大厅"
    assert localized_name({"en": "Hall", "zh-HK": "大堂"}, "zh-CN", "demo") == "大堂"
    assert localized_name({"de": "Halle"}, "zh-CN", "demo") == "Halle"
    assert localized_name({}, "zh-CN", "demo") == "demo"


def test_a_name_with_line_breaks_becomes_one_line() -> None:
    assert localized_name({"en": " Town Hall,\r\n2nd\u2028floor\n"}, "en", "demo") == "Town Hall, 2nd floor"


def test_a_service_removed_from_the_document_is_named_by_its_id() -> None:
    gone = Facts(service=ServiceId("gone"), starts_at=at(25, 9), ends_at=at(25, 10), code="A3K9QXRT")
    message = Message(
        hall=HallId("demo"),
        id="0198a000-0000-7000-8000-000000000000",
        day=date(2026, 11, 25),
        subject="0198a000-0000-7000-8000-000000000001",
        kind=Kind.BOOKED,
        channel=MessageChannel.MAIL,
        facts=gone,
        tries=1,
    )
    person = Person(name=None, phone=None, email="wang@home.example", locale="en")

    assert "gone" in render_message(message, person, DOCUMENT, PlainLinks()).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name", ["you have won!\n\nPay here", "http://evil.example", "pay: ftp://evil", "Li\u2028", " "]
)
def test_a_name_with_a_link_or_lines_of_its_own_is_left_out_of_the_greeting(name: str, language: str) -> None:
    unnamed = letter(Kind.BOOKED, language, name=None).greeting

    assert letter(Kind.BOOKED, language, name=name).greeting == unnamed
    assert letter(Kind.BOOKED, language, name="Li://").greeting == unnamed
    assert "Li: 1/2" in letter(Kind.BOOKED, language, name="Li: 1/2").greeting
