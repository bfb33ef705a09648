"""Pages as they are sent: all styles of a page in one file, all its scripts in another.

The sources are plain files, one subject each, and stay so. But over HTTP/1.1 each would be a request, and thirty
requests of a kilobyte are most of what a phone waits for. So, once, when the service starts, the styles that a page
names are put one after another, and so are its modules, in the order in which a browser would run them. The address of
each file says what it holds (`?v=`): a browser keeps it for good, and asks anew after a release.

Every module keeps a scope of its own, and what it exports is taken from there. That of the page comes last, in one that
may wait, as the top of a module may. Of the module syntax only what our modules use is understood: named imports and
exports of functions, classes and constants; anything else ends the start, as does a circle of imports. Comments, which
are a third of our files, stay behind: whole lines only, so no text of a module may have a line that begins as one.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

from msgspec import Struct

_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">\n')
_SCRIPT = re.compile(r'<script type="module" src="([^"]+)"></script>\n')
_IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<address>[^"]+)";$', re.MULTILINE)
_REEXPORT = re.compile(r'^export \{(?P<names>[^}]*)\} from "(?P<address>[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_UNSUPPORTED = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_TAG_LETTERS = 16
_EFFORT = 6
"""Of gzip: the highest makes files a three-hundredth smaller, and the start of the service slower by a twentieth."""


class BundleError(Exception):
    """A page loads what cannot be put into one file; the message says where."""


class Text(Struct, frozen=True):
    """A text as it is sent: plain, or compressed to who can read it; its tag tells it from any other."""

    content_type: str
    plain: bytes
    compressed: bytes
    tag: str


class BundledPage(Struct, frozen=True):
    """A page and the files it loads, by their address."""

    page: Text
    files: dict[str, Text]


def text_of(content_type: str, text: str) -> Text:
    """Make a text ready to be sent."""
    plain = text.encode()
    tag = hashlib.sha256(plain).hexdigest()[:_TAG_LETTERS]
    return Text(content_type, plain, gzip.compress(plain, _EFFORT, mtime=0), tag)


def bundle_page(path: Path, mounts: Mapping[str, Path], at: str) -> BundledPage:
    """Pack a page. `at` begins the addresses of its files. Raises NotPacked."""
    text = path.read_text("utf-8")
    read = _reader(mounts)
    files = {}
    for pattern, ending, put_together, element in (
        (_STYLE, "css", _styles, '<link rel="stylesheet" href="{}">\n'),
        (_SCRIPT, "js", _scripts, '<script type="module" src="{}"></script>\n'),
    ):
        named = pattern.findall(text)
        if not named:
            continue
        address = f"{at}{path.stem}.{ending}"
        file = text_of({"css": "text/css", "js": "text/javascript"}[ending], put_together(named, read))
        files[address] = file
        first, *_ = pattern.finditer(text)
        rest = pattern.sub("", text[first.end() :])
        text = text[: first.start()] + element.format(f"{address}?v={file.tag}") + rest
    return BundledPage(text_of("text/html", text), files)


def _reader(mounts: Mapping[str, Path]) -> Callable[[str], str]:
    def read(address: str) -> str:
        for mount, folder in mounts.items():
            if address.startswith(mount):
                return (folder / address.removeprefix(mount)).read_text("utf-8")
        raise BundleError(f"{address} is in no folder of pages")

    return cache(read)


def _styles(named: list[str], read: Callable[[str], str]) -> str:
    return "\n".join(_COMMENT.sub("", read(address)) for address in named)


def _scripts(named: list[str], read: Callable[[str], str]) -> str:
    """All modules of a page, each after those it needs."""
    done: dict[str, str] = {}
    under_way: list[str] = []

    def add(address: str) -> None:
        if address in done:
            return
        if address in under_way:
            raise BundleError(f"a circle of imports: {' → '.join([*under_way, address])}")
        under_way.append(address)
        text = _COMMENT.sub("", read(address))
        for statement in (_IMPORT, _REEXPORT):
            for found in statement.finditer(text):
                add(urljoin(address, found["address"]))
        under_way.pop()
        done[address] = _in_scope(address, text, is_page=address == named[-1])

    for address in named:
        add(address)
    return "\n".join(done.values())


def _in_scope(address: str, text: str, *, is_page: bool) -> str:
    """A module with its imports taken from those before it, and its exports given to those after."""
    exports: list[str] = []

    def taken(found: re.Match[str]) -> str:
        return f"const {{ {_renamed(found['names'])} }} = {_scope(urljoin(address, found['address']))};"

    def given(found: re.Match[str]) -> str:
        exports.append(found["name"])
        return ""

    def handed_on(found: re.Match[str]) -> str:
        exports.extend(name for name in re.split(r"[,\s]+", found["names"]) if name)
        return taken(found)

    text = _IMPORT.sub(lambda found: taken(found) if found["names"] else "", text)
    text = _EXPORT.sub(given, _REEXPORT.sub(handed_on, text))
    if (left := _UNSUPPORTED.search(text)) is not None:
        raise BundleError(f"{address}: {left[0]}")
    if is_page:
        return f"await (async () => {{\n{text}\n}})();"
    return f"const {_scope(address)} = (() => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();"


def _renamed(names: str) -> str:
    """Names of an import as names of a pattern: `a as b` is `a: b`."""
    return re.sub(r"\s+as\s+", ": ", names.strip().rstrip(","))


def _scope(address: str) -> str:
    return "$" + re.sub(r"\W", "_", address.strip("/"))
