"""Render messages in the recipient's language: texts of mails and text messages, and calendar entries."""

from typing import Protocol
from zoneinfo import ZoneInfo

from service.domain.hall.document import HallDocument
from service.domain.model import CancelledBy, HallId
from service.notify.calendar_files import CalendarEntry
from service.notify.model import TICKET_KINDS, Facts, Kind, Message, Person
from service.notify.translations import choose_language, localized_name, time_arguments, translate
from service.primitives.personal_data import Personal
from service.primitives.text_fields import is_line

FINAL_KINDS = frozenset({Kind.CANCELLED, Kind.MISSED})
"""Kinds after which the appointment cannot be changed any more: the mail links to a new booking."""

CALENDAR_KINDS = frozenset({Kind.BOOKED, Kind.CHANGED, Kind.CANCELLED})
"""Kinds that carry a calendar entry; the other kinds leave the recipient's calendar unchanged."""


class Links(Protocol):
    """The URLs of the pages that a message links to. URLs of appointments and tickets contain an access token."""

    def hall(self, hall: HallId) -> str:
        """URL of the booking page of a hall."""

    def appointment(self, hall: HallId, appointment: str) -> str:
        """URL of the page that shows and changes an appointment."""

    def ticket(self, hall: HallId, ticket: str) -> str:
        """URL of the page that shows a ticket's place in the queue."""


class RenderedMessage(Personal, frozen=True, kw_only=True):
    """The texts of a message in one language.

    A text message consists of `text` only. A mail consists of `greeting`, `text`, the paragraphs `more` and `closing`.
    `entry` is the appointment to add to, update in or remove from the recipient's calendar.
    """

    language: str
    sender: str
    subject: str
    text: str
    greeting: str
    more: list[str]
    closing: str
    entry: CalendarEntry | None


def render_message(message: Message, person: Person, document: HallDocument, links: Links) -> RenderedMessage:
    """Render a message in the language of its recipient."""
    language = choose_language(person.locale, document.languages)
    facts = message.facts
    hall = localized_name(document.name, language, message.hall)
    arguments = text_arguments(facts, document, language) | {"hall": hall}
    key = message.kind.replace("_", "-")
    return RenderedMessage(
        language=language,
        sender=hall,
        subject=translate(language, f"{key}-subject", **arguments),
        text=translate(language, f"{key}{_text_variant(message)}-text", **arguments),
        greeting=_greeting(person.name, language),
        more=_further_paragraphs(message, document, language, links),
        closing=translate(language, "mail-automatic"),
        entry=calendar_entry_of(message.hall, message.subject, facts, document, language, links)
        if message.kind in CALENDAR_KINDS
        else None,
    )


def _text_variant(message: Message) -> str:
    """Return the key suffix that selects the text among those of its kind."""
    facts = message.facts
    if message.kind in FINAL_KINDS and facts.closed:
        return "-closed"
    if facts.over:
        return "-over"
    if facts.doors_at is not None:
        return "-doors"
    return "-by-hall" if message.kind is Kind.CANCELLED and facts.by == CancelledBy.STAFF else ""


def calendar_entry_of(  # noqa: PLR0913, PLR0917  (a row, its hall and its words)
    hall: HallId, appointment: str, facts: Facts, document: HallDocument, language: str, links: Links
) -> CalendarEntry:
    """Build the calendar entry of an appointment, in one of `translations.LANGUAGES`."""
    assert facts.starts_at is not None and facts.ends_at is not None, "an appointment has a time"  # noqa: PT018
    name = localized_name(document.name, language, hall)
    arguments = text_arguments(facts, document, language) | {"hall": name}
    about = [translate(language, "calendar-about", **arguments), *_papers(facts, document, language)]
    return CalendarEntry(
        hall=hall,
        appointment=appointment,
        sequence=facts.sequence,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        summary=translate(language, "calendar-summary", **arguments),
        about="\n".join(about),
        location=name,
        url=links.appointment(hall, appointment),
    )


def text_arguments(facts: Facts, document: HallDocument, language: str) -> dict[str, str | int]:
    """Build the arguments of the texts about an appointment or a ticket; times are in the hall's time zone."""
    service = next((service for service in document.services if service.id == facts.service), None)
    found: dict[str, str | int] = {
        "service": facts.service if service is None else localized_name(service.name, language, service.id),
        "code": facts.code or "",
        "number": facts.number or "",
        "ahead": facts.ahead,
    }
    if facts.starts_at is not None:
        found |= time_arguments(facts.starts_at, ZoneInfo(document.time_zone))
    if facts.doors_at is not None:
        found["doors"] = f"{facts.doors_at.astimezone(ZoneInfo(document.time_zone)):%H:%M}"
    return found


def _greeting(name: str | None, language: str) -> str:
    """Greet the recipient by name. A name with a link or a line break is left out: any visitor can type a name."""
    if name is None or "://" in name or not is_line(name):
        return translate(language, "mail-greeting-unnamed")
    return translate(language, "mail-greeting", name=name)


def _further_paragraphs(message: Message, document: HallDocument, language: str, links: Links) -> list[str]:
    """Build the paragraphs of a mail after its text: number of people, papers to bring, and a link."""
    facts = message.facts
    if message.kind in TICKET_KINDS:
        return [translate(language, "mail-ticket", link=links.ticket(message.hall, message.subject))]
    if message.kind in FINAL_KINDS:
        return [translate(language, "mail-again", link=links.hall(message.hall))]
    if message.kind is Kind.CLOSED:
        return [translate(language, "mail-other-time", link=links.appointment(message.hall, message.subject))]
    count = [translate(language, "mail-count", count=facts.count)] if facts.count > 1 else []
    link = translate(language, "mail-appointment", link=links.appointment(message.hall, message.subject))
    return [*count, *_papers(facts, document, language), link]


def _papers(facts: Facts, document: HallDocument, language: str) -> list[str]:
    """Build the paragraph that lists the papers to bring; an empty list if none are required."""
    service = next((service for service in document.services if service.id == facts.service), None)
    papers = [] if service is None else [localized_name(paper.name, language, paper.id) for paper in service.papers]
    if not papers:
        return []
    return [translate(language, "mail-papers", papers=translate(language, "mail-papers-separator").join(papers))]
