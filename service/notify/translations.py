"""The words of messages: Fluent texts in each language, and the choice among languages.

Dates and times are said in the hall's zone, for that is where people have to be. Weekdays and months are arguments, so
that a language is one file and nothing else.
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
"""Those there are texts in; the last is taken where neither the person nor the hall asks for one of them."""


@cache
def _bundle(language: str) -> "FluentBundle":
    from fluent.runtime import FluentBundle, FluentResource  # noqa: PLC0415  (babel with it, for the first message only)

    bundle = FluentBundle([language], use_isolating=False)  # a text message has no use for direction marks
    written = (files("service.notify") / "texts" / f"{language}.ftl").read_text("utf-8")
    bundle.add_resource(FluentResource(written))
    return bundle


def translate(language: str, text: str, **arguments: str | int) -> str:
    """Say one of the texts in one of `LANGUAGES`."""
    bundle = _bundle(language)
    value = bundle.get_message(text).value
    assert value is not None, "every text has a value"
    said, faults = bundle.format_pattern(value, arguments)
    assert not faults, f"{text} in {language}: {faults[0]!r}"
    return str(said)


def time_arguments(at: datetime, zone: ZoneInfo) -> dict[str, str | int]:
    """What `date` and `$time` in a text need to say an instant."""
    local = at.astimezone(zone)
    return {"month": local.month, "day": local.day, "weekday": local.isoweekday(), "time": f"{local:%H:%M}"}


def choose_language(locale: str | None, hall_languages: Sequence[str]) -> str:
    """The language for a person: theirs, else the hall's first one there are texts in. Tags are BCP 47.

    `zh-TW` and `zh` are met with `zh-CN`: it is nearer than English.
    """
    for wanted in (locale or "", *hall_languages):
        for language in LANGUAGES:
            if wanted.lower() == language.lower() or _primary(wanted) == _primary(language):
                return language
    return LANGUAGES[-1]


def localized_name(texts: Texts, language: str, otherwise: str) -> str:
    """What a thing of the hall document is called: in the language, a near one, or any; else by its id.

    In one line, as it stands in subjects and text messages: a name from a spreadsheet may have brought line breaks.
    """
    near = [said for tag, said in texts.items() if _primary(tag) == _primary(language)]
    found = texts.get(language) or next(iter((*near, *texts.values(), otherwise)))
    return " ".join(found.split())


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()
