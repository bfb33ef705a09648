"""Bundle pages: all styles of a page in one file, all its modules in another.

The sources are plain files with one subject each. Over HTTP/1.1 each file would be a request, and thirty small requests
are most of the time that a phone waits. So when the service starts, the styles of a page are concatenated, and its
modules too, in the order in which a browser would run them. The address of a bundle contains a hash of its content
(`?v=`), so browsers cache it forever and load a new one after a release.

Each module becomes a function scope that returns its exports. The page's own module is last, in an async scope, because
its top level may await. Only the module syntax that our modules use is supported: named imports, and exports of
functions, classes and constants. Anything else raises `BundleError` at start, and so does an import cycle. Comments, a
third of the files, are removed. Only whole lines are removed, so no text in a module may contain a line that looks like
a comment.

Pages with the same frame name it in their first line, `<!-- frame /pages/phone.frame -->`. Each `<!-- fill NAME -->` is
followed by the lines that replace `<!-- slot NAME -->` in the frame.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

from msgspec import Struct

_FRAME = re.compile(r"<!-- frame (\S+) -->\n")
_FILL = re.compile(r"^<!-- fill (\w+) -->\n", re.MULTILINE)
_SLOT = re.compile(r"^<!-- slot (\w+) -->\n", re.MULTILINE)
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">\n')
_SCRIPT = re.compile(r'<script type="module" src="([^"]+)"></script>\n')
_IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<address>[^"]+)";$', re.MULTILINE)
_REEXPORT = re.compile(r'^export \{(?P<names>[^}]*)\} from "(?P<address>[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_UNSUPPORTED = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_TAG_LETTERS = 16
_GZIP_LEVEL = 6
"""The highest level makes files only 0.3 % smaller, and the start of the service 5 % slower."""


class BundleError(Exception):
    """A page cannot be bundled; the message names the file and the reason."""


class Text(Struct, frozen=True):
    """A response body, plain and gzipped. `tag` is a hash of the plain body."""

    content_type: str
    plain: bytes
    compressed: bytes
    tag: str


class BundledPage(Struct, frozen=True):
    """A page and its bundles by address."""

    page: Text
    files: dict[str, Text]


def text_of(content_type: str, text: str) -> Text:
    """Encode and compress a text, and hash it."""
    plain = text.encode()
    tag = hashlib.sha256(plain).hexdigest()[:_TAG_LETTERS]
    return Text(content_type, plain, gzip.compress(plain, _GZIP_LEVEL, mtime=0), tag)


def bundle_page(path: Path, mounts: Mapping[str, Path], at: str) -> BundledPage:
    """Bundle a page.

    Args:
        path: the HTML file of the page.
        mounts: the folder of each address prefix.
        at: the address prefix of the bundles.

    Raises:
        BundleError: a file of the page uses unsupported syntax, is in no mounted folder, or imports itself.
    """
    read = _reader(mounts)
    text = _fill_frame(path.read_text("utf-8"), read)
    files = {}
    for pattern, ending, bundle, element in (
        (_STYLE, "css", _styles, '<link rel="stylesheet" href="{}">\n'),
        (_SCRIPT, "js", _scripts, '<script type="module" src="{}"></script>\n'),
    ):
        named = pattern.findall(text)
        if not named:
            continue
        address = f"{at}{path.stem}.{ending}"
        file = text_of({"css": "text/css", "js": "text/javascript"}[ending], bundle(named, read))
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
        raise BundleError(f"{address} is in no mounted folder")

    return cache(read)


def _fill_frame(text: str, read: Callable[[str], str]) -> str:
    """Return a page with its frame around it; a page without a frame is returned unchanged."""
    frame = _FRAME.match(text)
    if frame is None:
        return text
    _, *parts = _FILL.split(text[frame.end() :])
    fills = dict(zip(parts[::2], parts[1::2], strict=True))
    body = read(frame[1])
    if sorted(fills) != sorted(_SLOT.findall(body)):
        raise BundleError(f"{frame[1]} has other slots than {', '.join(fills)}")
    return _SLOT.sub(lambda slot: fills[slot[1]], body)


def _styles(named: list[str], read: Callable[[str], str]) -> str:
    return "\n".join(_COMMENT.sub("", read(address)) for address in named)


def _scripts(named: list[str], read: Callable[[str], str]) -> str:
    """Return all modules of a page, each after the modules that it imports."""
    done: dict[str, str] = {}
    importing: list[str] = []

    def add(address: str) -> None:
        if address in done:
            return
        if address in importing:
            raise BundleError(f"import cycle: {' → '.join([*importing, address])}")
        importing.append(address)
        text = _COMMENT.sub("", read(address))
        for statement in (_IMPORT, _REEXPORT):
            for found in statement.finditer(text):
                add(urljoin(address, found["address"]))
        importing.pop()
        done[address] = _in_scope(address, text, is_page=address == named[-1])

    for address in named:
        add(address)
    return "\n".join(done.values())


def _in_scope(address: str, text: str, *, is_page: bool) -> str:
    """Wrap a module into a function scope: imports read the scopes of earlier modules, and exports are returned."""
    exports: list[str] = []

    def import_from(found: re.Match[str]) -> str:
        return f"const {{ {_renamed(found['names'])} }} = {_scope(urljoin(address, found['address']))};"

    def export(found: re.Match[str]) -> str:
        exports.append(found["name"])
        return ""

    def reexport(found: re.Match[str]) -> str:
        exports.extend(name for name in re.split(r"[,\s]+", found["names"]) if name)
        return import_from(found)

    text = _IMPORT.sub(lambda found: import_from(found) if found["names"] else "", text)
    text = _EXPORT.sub(export, _REEXPORT.sub(reexport, text))
    if (unsupported := _UNSUPPORTED.search(text)) is not None:
        raise BundleError(f"{address}: {unsupported[0]}")
    if is_page:
        return f"await (async () => {{\n{text}\n}})();"
    return f"const {_scope(address)} = (() => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();"


def _renamed(names: str) -> str:
    """Return the names of an import as a destructuring pattern: `a as b` becomes `a: b`."""
    return re.sub(r"\s+as\s+", ": ", names.strip().rstrip(","))


def _scope(address: str) -> str:
    return "$" + re.sub(r"\W", "_", address.strip("/"))
