"""The texts of the pages: complete in every language, all used, and none missing."""

import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from service import errors
from service.api.openapi import openapi
from service.api.pages.serving import PAGES, SCREEN
from service.api.routes import ROUTES
from service.domain.refusals import Refusal

assert errors, "its refusals are among those below"

TEXTS = PAGES / "texts"
LOCALES = ("zh-CN", "en")
NAMES = sorted({path.stem for path in TEXTS.glob("*/*.ftl")})
COMMON = "common"

QUOTED = re.compile(r'"([a-z][a-z0-9-]*)"')
COMPARED = re.compile(r'[!=]== "[^"]*"')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TEMPLATE = re.compile(r"`([a-z][a-z0-9-]*-)\$\{")
SAID = re.compile(r"\bsay\((.*?)\)", re.DOTALL)
MARKED = re.compile(r'data-say(?:="|": )"?([a-z0-9-]+)"')
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+|[a-z]{3,}")
UNKIND = re.compile(r"(?i)(?<![\w-])(?:errors?|invalid|fail(?:s|ed|ing|ure)?)\b|again later|稍后再|失败|错误|无效")

SUMMARY = re.compile(r'^  (\w+): "(.+)",$', re.MULTILINE)
MEANING = re.compile(r'^  "(.+?)": "(.+)",$', re.MULTILINE)

WORD_TABLES = re.compile(r"^  (?:zh|en): \{\n(.*?)^  \},", re.DOTALL | re.MULTILINE)
WORD = re.compile(r"^    (\w+):", re.MULTILINE)
WORD_SAID = re.compile(r'"([a-z][A-Za-z]*)"')

SPOKEN = sorted({*TEXTS.glob("*/*.ftl"), *PAGES.rglob("*.html"), *SCREEN.glob("*.html"), SCREEN / "words.js"})
"""Files with texts that people read."""


class Message(NamedTuple):
    """The arguments and attributes of a text."""

    arguments: frozenset[str]
    attributes: frozenset[str]


class References(Visitor):
    """Collects the arguments and messages that a text refers to."""

    def __init__(self) -> None:
        self.arguments: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802  (the visitor's names)
        """Record an argument."""
        self.arguments.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802  (the visitor's names)
        """Record another text."""
        self.messages.add(node.id.name)


@cache
def entries(locale: str, name: str) -> list[ast.EntryType]:
    """Return all entries of a file, including comments and junk."""
    return list(FluentParser().parse((TEXTS / locale / f"{name}.ftl").read_text("utf-8")).body)


@cache
def messages(locale: str, name: str) -> dict[str, Message]:
    """Return all texts of a file, with the arguments of the texts that they refer to."""
    found: dict[str, tuple[References, frozenset[str]]] = {}
    for entry in entries(locale, name):
        if isinstance(entry, ast.Message):
            references = References()
            references.visit(entry)
            found[entry.id.name] = references, frozenset(attribute.id.name for attribute in entry.attributes)

    def arguments(message: str) -> set[str]:
        references = found[message][0]
        return references.arguments.union(*(arguments(other) for other in references.messages))

    return {message: Message(frozenset(arguments(message)), attributes) for message, (_, attributes) in found.items()}


@cache
def referred(locale: str, name: str) -> set[str]:
    """Return the texts that other texts of the file refer to."""
    references = References()
    for entry in entries(locale, name):
        references.visit(entry)
    return references.messages


@cache
def sources(name: str) -> str:
    """Return the modules that use the texts of a file: those of its page, or of all pages for the common file."""
    folder = PAGES / name
    found = [*folder.rglob("*.js"), *folder.rglob("*.html")] if name != COMMON else []
    if name == COMMON:
        found = [path for path in (*PAGES.rglob("*.js"), *PAGES.rglob("*.html")) if "vendor" not in path.parts]
    return "\n".join(_code(path) for path in found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_file_of_texts_is_sound_and_says_nothing_twice(locale: str, name: str) -> None:
    written = entries(locale, name)
    ids = [entry.id.name for entry in written if isinstance(entry, ast.Message)]

    assert [entry.content for entry in written if isinstance(entry, ast.Junk)] == []
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("name", NAMES)
def test_every_language_says_the_same_with_the_same_arguments(name: str) -> None:
    first, *others = LOCALES
    for other in others:
        assert messages(first, name).keys() == messages(other, name).keys()
        # a plural may need a number that another language omits, but never an argument that no caller passes
        differing = {
            message: (said, messages(other, name)[message])
            for message, said in messages(first, name).items()
            if said != messages(other, name)[message]
        }
        assert differing == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_asked_for_by_its_page(name: str) -> None:
    source = sources(name)
    literal = {*QUOTED.findall(source), *MARKED.findall(source)}
    begun = tuple(prefix for prefix in TEMPLATE.findall(source) if prefix)

    unused = {
        message
        for message in messages("en", name)
        if message not in literal and not (begun and message.startswith(begun)) and message not in referred("en", name)
    }

    assert unused == set()


@pytest.mark.parametrize("name", [name for name in NAMES if name != COMMON])
def test_every_text_that_a_page_asks_for_is_there(name: str) -> None:
    there = {*messages("en", name), *messages("en", COMMON)}
    source = sources(name)
    said = {literal for call in SAID.findall(source) for literal in _first_argument(call)}

    missing = {literal for literal in (*said, *MARKED.findall(source)) if literal not in there}

    assert missing == set()
    for prefix in re.findall(r"\bsay\(`([a-z0-9-]+)\$\{", source):
        assert any(message.startswith(prefix) for message in there), prefix


def test_the_reference_says_in_chinese_what_each_call_does_and_names_each_group() -> None:
    said = dict(SUMMARY.findall(_code(PAGES / "docs" / "summaries.js")))

    assert said.keys() == {route.operation for route in ROUTES}
    assert [operation for operation, summary in said.items() if not re.search("[\u4e00-\u9fff]", summary)] == []
    named = {message.removeprefix("tag-") for message in messages("en", "docs") if message.startswith("tag-")}
    assert named == {route.tag for route in ROUTES}


def test_the_reference_says_in_chinese_what_each_parameter_means() -> None:
    said = dict(MEANING.findall(_code(PAGES / "docs" / "parameters.js")))
    operations = [operation for path in openapi()["paths"].values() for operation in path.values()]

    assert said.keys() == {each["description"] for operation in operations for each in operation["parameters"]}
    assert [meaning for meaning, chinese in said.items() if not re.search("[\u4e00-\u9fff]", chinese)] == []


def test_every_refusal_in_words_is_one_that_there_is() -> None:
    codes = {refusal.code for refusal in _refusals(Refusal) if hasattr(refusal, "code")}
    said = {
        message.removeprefix("problem-").removesuffix("-named")
        for message in messages("en", COMMON)
        if message.startswith("problem-")
    }

    assert said - codes == {"other", "unreached"}


def test_what_is_gone_when_staff_press_is_said_in_their_language() -> None:
    not_theirs = {"code-not-found", "printer-not-found", "route-not-found"}
    gone = {refusal.code for refusal in _refusals(Refusal) if getattr(refusal, "status", None) == HTTPStatus.NOT_FOUND}

    assert {code for code in gone - not_theirs if f"problem-{code}" not in messages("zh-CN", COMMON)} == set()


def test_every_text_of_the_shared_modules_is_common() -> None:
    source = "\n".join(_code(path) for path in PAGES.glob("*.js"))
    said = {literal for call in SAID.findall(source) for literal in _first_argument(call)}

    assert {literal for literal in said if literal not in messages("en", COMMON)} == set()


def test_the_lobby_screen_has_all_its_words_in_both_languages() -> None:
    chinese, english = (set(WORD.findall(table)) for table in WORD_TABLES.findall(_code(SCREEN / "words.js")))
    source = "\n".join(_code(path) for path in SCREEN.glob("*.js") if path.name != "words.js")
    said = {literal for call in re.findall(r"\bwords\.say\((.*?)[,)]", source) for literal in WORD_SAID.findall(call)}

    assert chinese == english
    assert said
    assert said <= english
    assert english <= set(WORD_SAID.findall(source))


@pytest.mark.parametrize("path", SPOKEN, ids=[str(path.relative_to(PAGES.parents[1])) for path in SPOKEN])
def test_nobody_is_told_of_errors_or_to_try_again_later(path: Path) -> None:
    assert UNKIND.findall(_code(path)) == []


@pytest.mark.parametrize("name", NAMES)
def test_english_has_the_quotes_that_are_as_wide_as_letters_in_every_font(name: str) -> None:
    text = (TEXTS / "en" / f"{name}.ftl").read_text("utf-8")

    assert re.findall("[\u2018\u2019\u201c\u201d]", text) == [], "a Chinese font draws them as wide as a character"


def _code(path: Path) -> str:
    """Return the source without comments."""
    return COMMENT.sub("", path.read_text("utf-8"))


def _refusals(refusal: type[Refusal]) -> set[type[Refusal]]:
    return {refusal}.union(*(_refusals(one) for one in refusal.__subclasses__()))


def _first_argument(call: str) -> list[str]:
    """Return the texts that a call may use: a literal, or the two branches of a conditional."""
    depth = 0
    for place, character in enumerate(call):
        depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            call = call[:place]
            break
    chosen = COMPARED.sub("", call.split("?", 1)[1] if "?" in call else call)
    return [literal for literal in QUOTED.findall(chosen) if ID.fullmatch(literal)]
