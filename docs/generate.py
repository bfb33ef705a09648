"""Write the generated parts of the reference pages from the code: `python -m docs.generate`.

A page in `docs/reference/` is prose with marked parts: `<!-- generated: NAME -->` to `<!-- end: NAME -->`. This program
replaces what is between the marks. A test fails when a committed page differs from what this program would write.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer.main
from msgspec import Struct

from benchmarks.suite import NAMES
from docs.hall_fields import MEANINGS
from service.api.route import Route
from service.api.routes import ROUTES
from service.cli.main import cli
from service.config.catalog import SETTINGS
from service.domain.events import Event
from service.domain.hall.demo import demo_document
from service.domain.hall.document import HallDocument
from service.domain.refusals import Refusal
from service.metrics.metrics import Metrics

FOLDER = Path(__file__).parent
REFERENCE = FOLDER / "reference"
HALL = "/v1/halls/{hall}/"
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)

Row = Iterable[str]


def page(path: Path) -> str:
    """Return the text of a page with its generated parts as the code has them now."""

    def generated(match: re.Match[str]) -> str:
        return f"{match[1]}\n{PARTS[match[2]]().strip()}\n\n{match[3]}"

    return _PART.sub(generated, path.read_text("utf-8"))


def refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield every refusal class. Importing `ROUTES` has imported the modules that define them."""
    for child in kind.__subclasses__():
        yield child
        yield from refusals(child)


def shortened(path: str) -> str:
    """Return a path with `…` in place of `/v1/halls/{hall}`."""
    return path.replace(HALL, "…/")


def _table(head: Row, rows: Iterable[Row]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(lines)} |\n" for lines in lines)


def _sentences(text: str | None) -> str:
    """Return a docstring on one line."""
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _settings() -> str:
    return _table(
        ("setting", "default", "meaning"),
        ((f"`{setting.name}`", setting.default, setting.meaning) for setting in SETTINGS),
    )


def _metrics() -> str:
    families = [family for family in Metrics(list).registry.collect() if family.name.startswith("paihao")]
    rows = []
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        rows.append((f"`{name}`", family.type, family.documentation))
    return _table(("metric", "kind", "meaning"), rows)


def _problems() -> str:
    rows = []
    for refusal in sorted(set(refusals()), key=lambda refusal: (refusal.status, refusal.code, refusal.title())):
        fields = [
            f"`{parameter.name}`"
            for parameter in inspect.signature(refusal).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        rows.append((f"`{refusal.code}`", str(refusal.status), refusal.title(), ", ".join(fields)))
    return _table(("code", "status", "title", "made from"), rows)


def _calls() -> str:
    tags = dict.fromkeys(route.tag for route in ROUTES)
    return "\n".join(_calls_of(tag, [route for route in ROUTES if route.tag == tag]) for tag in tags)


def _calls_of(tag: str, routes: list[Route]) -> str:
    rows = []
    for route in routes:
        summary = _sentences((inspect.getdoc(route.handler) or "").partition("\n\n")[0])
        rows.append((f"`{route.method} {shortened(route.path)}`", ", ".join(route.roles), _cell(summary)))
    details = "\n".join(filter(None, map(_details, routes)))
    return f"### {tag.capitalize()}\n\n{_table(('call', 'who', 'meaning'), rows)}\n{details}"


def _details(route: Route) -> str:
    """Return the parameters, the body, the answers and the problems of a call."""
    lines = [f"#### `{route.method} {shortened(route.path)}`\n"]
    _, _, more = (inspect.getdoc(route.handler) or "").partition("\n\n")
    more = more.partition("Raises:")[0].partition("Returns:")[0]
    if more.strip():
        lines.append(f"{_sentences(more)}\n")
    rows: list[Row] = [
        (f"`{query.name}`", query.place, _type_of(query.schema, {}), query.meaning) for query in route.query
    ]
    if route.body is not None and route.body is not HallDocument:
        schema = msgspec.json.schema(route.body)
        named = schema.get("$defs", {})
        body = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        rows += [
            (f"`{name}`", "body", _type_of(field, named), "required" if name in body.get("required", ()) else "")
            for name, field in body.get("properties", {}).items()
        ]
    if rows:
        lines.append(_table(("parameter", "in", "type", "meaning"), ([_cell(cell) for cell in row] for row in rows)))
    answers = [f"{status} {_names(kind)}".strip() for status, kind in route.answers.items()]
    lines.append(f"Answers: {', '.join(answers)}.")
    if route.refuses:
        codes = dict.fromkeys(f"`{refusal.code}`" for refusal in route.refuses)
        lines.append(f"Problems: {', '.join(codes)}.")
    return "\n".join(lines) + "\n"


def _names(kind: object) -> str:
    if kind is None:
        return ""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(f"`{getattr(each, '__name__', str(each))}`" for each in kinds)


def _type_of(schema: Mapping[str, Any], named: Mapping[str, Any], link: Callable[[str], str] | None = None) -> str:
    """Describe a JSON schema in a few words: the type, the limits and the values."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if "enum" in named.get(name, {}):
            return _type_of(named[name], named)
        return link(name) if link is not None else f"`{name}`"
    if "anyOf" in schema:
        return " or ".join(_type_of(each, named, link) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    return _plain_type_of(schema, named, link)


def _plain_type_of(
    schema: Mapping[str, Any], named: Mapping[str, Any], link: Callable[[str], str] | None = None
) -> str:
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_type_of(schema.get('items', {}), named, link)}{_limits(schema, 'Items')}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"object of {_type_of(values, named, link)}" if isinstance(values, Mapping) else "object"
    if schema.get("format"):
        return f"{kind} ({schema['format']})"
    return kind + (_limits(schema, "Length") or _bounds(schema))


def _limits(schema: Mapping[str, Any], suffix: str) -> str:
    low, high = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    unit = " characters" if suffix == "Length" else ""
    if low is None and high is None:
        return ""
    if high is None:
        return f", {low} or more{unit}"
    return f", {low} to {high}{unit}" if low else f", at most {high}{unit}"


def _bounds(schema: Mapping[str, Any]) -> str:
    low, over, high = schema.get("minimum"), schema.get("exclusiveMinimum"), schema.get("maximum")
    if high is None:
        return "" if low is None else f", {low} or more"
    return f", {low} to {high}" if over is None else f", over {over}, at most {high}"


def _hall_document() -> str:
    schema = msgspec.json.schema(HallDocument)
    parts: dict[str, Any] = schema["$defs"]
    sections = []
    for name, part in parts.items():
        rows = []
        for field, value in part["properties"].items():
            default = _default(part, field, value)
            kind = _type_of(value, parts, lambda named: f"[{named}](#{named.lower()})")
            rows.append((f"`{field}`", kind, default, MEANINGS[f"{name}.{field}"]))
        table = _table(("field", "type", "default", "meaning"), ([_cell(cell) for cell in row] for row in rows))
        sections.append(f"### {name}\n\n{table}")
    return "\n".join(sections)


def _default(part: Mapping[str, Any], field: str, value: Mapping[str, Any]) -> str:
    if field in part.get("required", ()):
        return "required"
    default = value.get("default")
    if default is None:
        return ""
    return "see there" if isinstance(default, dict) and default else f"`{json.dumps(default)}`"


def _demo_hall() -> str:
    document = msgspec.json.format(msgspec.json.encode(demo_document(always_open=False)), indent=2).decode()
    return f"```json\n{document}\n```"


def _events() -> str:
    kinds: tuple[type[Struct], ...] = Event.__args__
    _, named = msgspec.json.schema_components(kinds)
    sections = []
    for kind in kinds:
        info = kind.__struct_config__
        schema = named[kind.__name__]
        rows = [
            (f"`{field}`", _type_of(value, named), "required" if field in schema.get("required", ()) else "optional")
            for field, value in schema["properties"].items()
            if field != info.tag_field
        ]
        table = _table(("field", "type", ""), ([_cell(cell) for cell in row] for row in rows)) if rows else ""
        sections.append(f"### {info.tag}\n\n{_sentences(inspect.getdoc(kind))}\n\n{table}")
    return "\n".join(sections)


def _commands() -> str:
    return "\n".join(_commands_of(typer.main.get_command(cli), "./paihao"))


def _commands_of(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401  (typer's groups and commands)
    if hasattr(command, "commands"):
        for child in command.commands.values():
            yield from _commands_of(child, f"{name} {child.name}")
        return
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    words = [parameter.name.upper() if parameter.required else f"[{parameter.name.upper()}]" for parameter in arguments]
    if len(arguments) < len(command.params):
        words.append("[OPTIONS]")
    section = f"### {name.removeprefix('./paihao ')}\n\n```text\n{' '.join([name, *words])}\n```\n"
    section += f"\n{_sentences(command.help)}\n"
    rows = [
        (f"`{_shown(parameter)}`", _default_of(parameter), _cell(_sentences(getattr(parameter, "help", ""))))
        for parameter in command.params
    ]
    yield section + (f"\n{_table(('option', 'default', 'meaning'), rows)}" if rows else "")


def _shown(parameter: Any) -> str:  # noqa: ANN401  (an argument or an option, likewise)
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    return ", ".join(parameter.opts) + ("" if parameter.is_flag else f" {parameter.name.upper()}")


def _default_of(parameter: Any) -> str:  # noqa: ANN401  (an argument or an option, likewise)
    if parameter.required:
        return "required"
    return "" if parameter.default in {None, "", False} else f"`{parameter.default}`"


def _benchmarks() -> str:
    return "".join(f"- `./paihao bench {name}`\n" for name in NAMES)


PARTS: dict[str, Callable[[], str]] = {
    "settings": _settings,
    "metrics": _metrics,
    "problems": _problems,
    "calls": _calls,
    "hall-document": _hall_document,
    "demo-hall": _demo_hall,
    "events": _events,
    "commands": _commands,
    "benchmarks": _benchmarks,
}


def main() -> None:
    """Write all reference pages."""
    for path in sorted(REFERENCE.glob("*.md")):
        text = page(path)
        if text != path.read_text("utf-8"):
            path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
