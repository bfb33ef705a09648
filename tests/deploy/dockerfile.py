"""Parse a Dockerfile and a .dockerignore.

Only the syntax used here is supported: comments, lines continued by a backslash, flags, shell and exec form. There are
no here-documents, parser directives, ONBUILD or SHELL; unsupported syntax is an error.
"""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FLAGS: Mapping[str, frozenset[str]] = {
    "ARG": frozenset(),
    "CMD": frozenset(),
    "COPY": frozenset({"from", "chown"}),
    "ENTRYPOINT": frozenset(),
    "ENV": frozenset(),
    "EXPOSE": frozenset(),
    "FROM": frozenset(),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "retries"}),
    "RUN": frozenset(),
    "USER": frozenset(),
    "VOLUME": frozenset(),
    "WORKDIR": frozenset(),
}
"""The supported instructions and their flags."""

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
FLAG = re.compile(r"--([a-z-]+)=(\S+)\s+")


class DockerfileError(Exception):
    """A line that Docker would refuse, or that is not supported here."""


class Instruction(NamedTuple):
    """One instruction."""

    line: int
    name: str
    flags: Mapping[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The words after the name and its flags."""
        return self.text.split()

    @property
    def exec_form(self) -> list[str]:
        """The program and its arguments.

        Raises:
            DockerfileError: it is in shell form, whose shell would keep signals from the program.
        """
        try:
            words = json.loads(self.text.removeprefix("CMD ") if self.name == "HEALTHCHECK" else self.text)
        except ValueError:
            raise DockerfileError(f"line {self.line}: {self.name} must be in exec form") from None
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise DockerfileError(f"line {self.line}: {self.name} must be an array of strings")
        return words


def instructions(text: str) -> list[Instruction]:
    """Parse a Dockerfile.

    Raises:
        DockerfileError: an instruction or a flag is unknown, is empty, or stands before the first FROM.
    """
    found: list[Instruction] = []
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue  # also within a continued instruction
        begun = begun if parts else number
        parts.append(line.rstrip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            found.append(_instruction(begun, " ".join(parts)))
            parts = []
    if parts:
        raise DockerfileError(f"line {begun}: the last line is continued by nothing")
    names = [one.name for one in found]
    if "FROM" not in names or set(names[: names.index("FROM")]) - {"ARG"}:
        raise DockerfileError("it must begin with FROM; only ARG may stand before it")
    return found


def _instruction(line: int, text: str) -> Instruction:
    name, _, rest = text.partition(" ")
    if name not in FLAGS:
        raise DockerfileError(f"line {line}: {name} is not known")
    flags, rest = dict[str, str](), rest.strip()
    while (match := FLAG.match(rest)) is not None:
        flags[match[1]], rest = match[2], rest[match.end() :]
    if unknown := flags.keys() - FLAGS[name]:
        raise DockerfileError(f"line {line}: {name} has no {', '.join(sorted(unknown))} here")
    if not rest or rest.startswith("--"):
        raise DockerfileError(f"line {line}: {name} of what?")
    return Instruction(line, name, flags, rest)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Replace variables by their values.

    Raises:
        DockerfileError: a variable has no value; Docker would insert an empty string.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in variables:
            raise DockerfileError(f"${name} has no value in {text!r}")
        return variables[name]

    return VARIABLE.sub(value, text)


def assignments(instruction: Instruction) -> dict[str, str]:
    """Return the names and values of an ENV or ARG; quotes are not supported."""
    pairs = [word.partition("=") for word in instruction.words]
    if not all(name and equals for name, equals, _ in pairs) or '"' in instruction.text or "'" in instruction.text:
        raise DockerfileError(f"line {instruction.line}: {instruction.name} takes NAME=VALUE, without quotes")
    return {name: value for name, _, value in pairs}


class Ignored:
    """The rules of a .dockerignore: of the rules that match a path or a folder above it, the last one applies."""

    def __init__(self, text: str) -> None:
        self._rules = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def __call__(self, path: str) -> bool:
        """Tell whether a path of the build context is excluded."""
        above = [str(part) for part in (PurePosixPath(path), *PurePosixPath(path).parents) if str(part) != "."]
        ignored = False
        for rule in self._rules:
            if any(_matches(part, rule.removeprefix("!")) for part in above):
                ignored = not rule.startswith("!")
        return ignored


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatchcase(PurePosixPath(path).name, pattern.removeprefix("**/"))
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def context_files(folder: Path, source: str, ignored: Ignored) -> list[Path]:
    """Return the files of a COPY's source, as paths in the build context; none if the source does not exist."""
    start = folder / source
    files = [start] if start.is_file() else sorted(path for path in start.rglob("*") if path.is_file())
    return [inner for path in files if not ignored(str(inner := path.relative_to(folder)))]
