"""What a message says, in its person's language: the words for a mail, a text message and a calendar."""

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
"""There is nothing left to change of the appointment; the way forward is another."""

CALENDAR_KINDS = frozenset({Kind.BOOKED, Kind.CHANGED, Kind.CANCELLED})
"""What changes a calendar; reminders and the rest leave it as it is."""


class Links(Protocol):
    """The addresses of pages that a message points to; they carry the token of what they show."""

    def hall(self, hall: HallId) -> str:
        """Where people book."""

    def appointment(self, hall: HallId, appointment: str) -> str:
        """Where a person sees and changes an appointment."""

    def ticket(self, hall: HallId, ticket: str) -> str:
        """Where a person watches their place."""


class RenderedMessage(Personal, frozen=True, kw_only=True):
    """A message in words.

    `text` is all of a text message; a mail puts a greeting before it and `more` lines after it. `entry` is what a
    calendar shall have or lose.
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
    """Say a message to its person."""
    language = choose_language(person.locale, document.languages)
    facts = message.facts
    hall = localized_name(document.name, language, message.hall)
    arguments = text_arguments(facts, document, language) | {"hall": hall}
    key = message.kind.replace("_", "-")
    return RenderedMessage(
        language=language,
        sender=hall,
        subject=translate(language, f"{key}-subject", **arguments),
        text=translate(language, f"{key}{_as_it_is(message)}-text", **arguments),
        greeting=_greeting(person.name, language),
        more=_more(message, document, language, links),
        closing=translate(language, "mail-automatic"),
        entry=calendar_entry_of(message.hall, message.subject, facts, document, language, links)
        if message.kind in CALENDAR_KINDS
        else None,
    )


def _as_it_is(message: Message) -> str:
    """Which of the texts of its kind it is."""
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
    """An appointment for a calendar, in one of the languages there are texts in."""
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
    """What the texts may say of an appointment or a ticket."""
    service = next((one for one in document.services if one.id == facts.service), None)
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
    """Greet somebody, by name where it can be one: anybody may have typed it, with a link or lines of their own."""
    if name is None or "://" in name or not is_line(name):
        return translate(language, "mail-greeting-unnamed")
    return translate(language, "mail-greeting", name=name)


def _more(message: Message, document: HallDocument, language: str, links: Links) -> list[str]:
    """The lines of a mail after its text: what to bring, and the way forward."""
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
    """The line that says what to bring, where something has to be brought."""
    service = next((one for one in document.services if one.id == facts.service), None)
    papers = [] if service is None else [localized_name(paper.name, language, paper.id) for paper in service.papers]
    if not papers:
        return []
    return [translate(language, "mail-papers", papers=translate(language, "mail-papers-separator").join(papers))]
