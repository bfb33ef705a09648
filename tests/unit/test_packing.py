"""Bundling of pages: one file of each kind; an unknown construct is an error, never a partial bundle."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from service.api.pages.bundling import BundleError, bundle_page
from service.api.pages.serving import MOUNTS

PAGE = """<link rel="stylesheet" href="/x/one.css">
<link rel="stylesheet" href="/x/two.css">
<link rel="stylesheet" href="/x/paper.css" media="print">
<script type="module" src="/x/first.js"></script>
<script type="module" src="/x/main.js"></script>
<p>words</p>
"""


def pack(folder: Path, files: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the page, its styles and its scripts."""
    given = {"page.html": PAGE, "one.css": "b{}", "two.css": "i{}", "first.js": "", "main.js": ""} | dict(files)
    for name, text in given.items():
        (folder / name).write_text(text, "utf-8")
    made = bundle_page(folder / "page.html", {"/x/": folder}, "/packed/")
    return (
        made.page.plain.decode(),
        made.files["/packed/page.css"].plain.decode(),
        made.files["/packed/page.js"].plain.decode(),
    )


def test_a_page_names_one_file_of_each_kind_by_what_it_holds(tmp_path: Path) -> None:
    page, styles, _ = pack(tmp_path, {})
    other, *_ = pack(tmp_path, {"two.css": "u{}"})

    lines = page.splitlines()
    assert styles == "b{}\ni{}"
    assert lines[0].startswith('<link rel="stylesheet" href="/packed/page.css?v=')
    assert lines[1] == '<link rel="stylesheet" href="/x/paper.css" media="print">'
    assert lines[2].startswith('<script type="module" src="/packed/page.js?v=')
    assert lines[3:] == ["<p>words</p>"]
    assert lines[0] != other.splitlines()[0]
    assert lines[2] == other.splitlines()[2]


def test_lines_that_are_comments_stay_behind_and_code_beside_one_does_not(tmp_path: Path) -> None:
    text = (
        "/** What it is.\n * @returns {number} */\nlet one = {\n  /** @type {any} */ a: 1,\n  // why\n"
        "  b: 2, // it is\n};\n/* over */\nlet two;\n"
    )

    _, styles, scripts = pack(tmp_path, {"main.js": text, "one.css": "/* One\nand more. */\nb{}"})

    assert "{\nlet one = {\n  /** @type {any} */ a: 1,\n  b: 2, // it is\n};\nlet two;\n\n}" in scripts
    assert styles == "b{}\ni{}"


@pytest.mark.parametrize(
    "text",
    [
        "export default 1;\n",
        "export let moving = 1;\n",
        'import * as all from "./first.js";\n',
        'import one from "./first.js";\n',
        'export * from "./first.js";\n',
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleError, match=r"^/x/main\.js: "):
        pack(tmp_path, {"main.js": text})


def test_a_circle_of_imports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"import cycle: /x/first\.js → /x/main\.js → /x/first\.js"):
        pack(tmp_path, {"first.js": 'import "./main.js";\n', "main.js": 'import "./first.js";\n'})


def test_a_file_of_no_folder_of_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"/y/other\.js is in no mounted folder"):
        pack(tmp_path, {"main.js": 'import "/y/other.js";\n'})


def test_a_page_fills_the_slots_of_its_frame(tmp_path: Path) -> None:
    frame = PAGE.replace("<p>words</p>\n", "<!-- slot words -->\n<hr>\n<!-- slot end -->\n")
    filled = "<!-- frame /x/all.frame -->\n<!-- fill words -->\n<p>words</p>\n<p>more</p>\n<!-- fill end -->\n"

    page, styles, _ = pack(tmp_path, {"all.frame": frame, "page.html": filled})

    assert page.endswith("<p>words</p>\n<p>more</p>\n<hr>\n")
    assert styles == "b{}\ni{}"


@pytest.mark.parametrize("fills", ["<!-- fill words -->\n", "<!-- fill words -->\n<!-- fill other -->\n"])
def test_a_page_that_fills_other_slots_than_its_frame_has_is_refused(tmp_path: Path, fills: str) -> None:
    frame = "<!-- slot words -->\n<!-- slot end -->\n"

    with pytest.raises(BundleError, match=r"^/x/all\.frame has other slots than words"):
        pack(tmp_path, {"all.frame": frame, "page.html": f"<!-- frame /x/all.frame -->\n{fills}"})


@pytest.mark.parametrize(
    "path", [path for folder in MOUNTS.values() for path in sorted(folder.rglob("*.html"))], ids=lambda path: path.stem
)
def test_every_page_packs_and_comes_in_less_than_150_kilobytes(path: Path) -> None:
    made = bundle_page(path, MOUNTS, "/packed/")

    assert sum(len(text.compressed) for text in (made.page, *made.files.values())) < 150_000
