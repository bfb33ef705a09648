"""Fluent texts of messages in each language, and the choice of a language.

Dates and times are given in the hall's time zone. Weekdays and months are arguments of the texts, so that a language
consists of one file only.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from service.domain.model import Texts

if TYPE_CHECKING:
    from fluent.runtime import FluentBundle

LANGUAGES = ("zh-CN", "en")
"""Languages with texts. The last one is used when neither the person nor the hall asks for one of them."""


@cache
def _bundle(language: str) -> "FluentBundle":
    from fluent.runtime import FluentBundle, FluentResource  # noqa: PLC0415  (it imports babel, which is slow: only with the first message)

    bundle = FluentBundle([language], use_isolating=False)  # no direction marks in text messages
    source = (files("service.notify") / "texts" / f"{language}.ftl").read_text("utf-8")
    bundle.add_resource(FluentResource(source))
    return bundle


def translate(language: str, text: str, **arguments: str | int) -> str:
    """Format the text with the key `text` in one of `LANGUAGES`."""
    bundle = _bundle(language)
    value = bundle.get_message(text).value
    assert value is not None, "every text has a value"
    formatted, faults = bundle.format_pattern(value, arguments)
    assert not faults, f"{text} in {language}: {faults[0]!r}"
    return str(formatted)


def time_arguments(at: datetime, zone: ZoneInfo) -> dict[str, str | int]:
    """Build the arguments that the texts need for a date and a time, in the time zone `zone`."""
    local = at.astimezone(zone)
    return {"month": local.month, "day": local.day, "weekday": local.isoweekday(), "time": f"{local:%H:%M}"}


def choose_language(locale: str | None, hall_languages: Sequence[str]) -> str:
    """Choose the language for a person: their own, else the first language of the hall that has texts.

    Tags are BCP 47 and are compared by the primary language: `zh-TW` and `zh` give `zh-CN`.
    """
    for wanted in (locale or "", *hall_languages):
        for language in LANGUAGES:
            if wanted.lower() == language.lower() or _primary(wanted) == _primary(language):
                return language
    return LANGUAGES[-1]


def localized_name(texts: Texts, language: str, otherwise: str) -> str:
    """Return a name from the hall document: in the language, a related one, or any; else `otherwise`.

    The result is one line, because names are used in subjects and text messages and may contain line breaks from a
    spreadsheet.
    """
    near = [name for tag, name in texts.items() if _primary(tag) == _primary(language)]
    found = texts.get(language) or next(iter((*near, *texts.values(), otherwise)))
    return " ".join(found.split())


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()
