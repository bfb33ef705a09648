"""Builds an image from its Dockerfile in a scratch folder, and runs what it made; no container engine is needed.

Each stage is a folder that stands for the container's `/`. Its steps are run in order, as they are written there.

What it does not do, and what it does instead:

- **No walls.** There is no chroot. What the Dockerfile itself names as an absolute path (WORKDIR, COPY, ENV, VOLUME)
  lies in the stage's folder; a RUN must reach it through an ENV or relatively, and one that names an absolute path is
  refused. Programs other than Python are the machine's own.
- **No base image.** A stage begins with a virtual environment of a Python of this machine at `/usr/local`, with pip,
  as the Python image has it, and with Debian's first and last account. What FROM names is not looked at.
- **No accounts.** An account other than root is `nobody` where the tests run as root, and otherwise whoever runs them.
- **No limits, no network of its own.** Ports are the machine's; HEALTHCHECK is run when it is asked for.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tests.deploy.dockerfile import (
    DockerfileError,
    Ignored,
    Instruction,
    assignments,
    context_files,
    expanded,
    instructions,
)

STEP_WITHIN_S = 300.0
"""A step that takes longer hangs; the longest, installing the packages, takes about ten seconds with a warm cache."""

PATH = "/usr/local/bin:/usr/local/sbin"
"""Of the image; the machine's own follows."""

SYSTEM_PATH = os.defpath
NAMED_IN_SHELL = re.compile(r"(?:^|[\s=<>(\"'])(/(?!dev/null\b)\S*)")
"""An absolute path in a shell command."""

PASSED_ON = re.compile(r"PIP_|SSL_|REQUESTS_|(?:https?|no)_proxy$", re.IGNORECASE)
"""Of this machine's environment, what its pip needs to reach packages."""


class Account(NamedTuple):
    """An account of this machine."""

    uid: int
    gid: int


class Stage:
    """A stage of a build, and at the end an image."""

    def __init__(self, root: Path, python: Path) -> None:
        self.root = root
        self.environment: dict[str, str] = {"PATH": PATH}
        """As the image has it: paths begin at its own root."""

        self.folder = "/"
        self.user = "root"
        self.entrypoint: list[str] = []
        self.command: list[str] = []
        self.healthcheck: list[str] = []
        for name in ("build", "etc", "tmp"):
            (root / name).mkdir(parents=True)
        (root / "etc" / "passwd").write_text(
            "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n", "utf-8"
        )
        (root / "etc" / "group").write_text("root:x:0:\nnogroup:x:65534:\n", "utf-8")
        subprocess.run([python, "-m", "venv", "--without-pip", root / "usr" / "local"], check=True)
        pip = importlib.util.find_spec("pip")
        assert pip is not None
        assert pip.origin is not None
        (packages,) = (root / "usr" / "local" / "lib").glob("python3.*/site-packages")
        shutil.copytree(Path(pip.origin).parent, packages / "pip", ignore=shutil.ignore_patterns("__pycache__"))

    def path(self, inner: str) -> Path:
        """Where a path of the image lies; a relative one begins at WORKDIR."""
        return self.root / os.path.join(self.folder, inner).lstrip("/")  # noqa: PTH118  (Path would drop a last slash)

    @property
    def account(self) -> list[str]:
        """USER's line in the image's passwd."""
        name = self.user.partition(":")[0]
        for line in (self.root / "etc" / "passwd").read_text("utf-8").splitlines():
            fields = line.split(":")
            if name in {fields[0], fields[2]}:
                return fields
        raise DockerfileError(f"USER {self.user} has no line in passwd")

    def popen(
        self, arguments: Sequence[str], extra: Mapping[str, str], said: BinaryIO | int
    ) -> "subprocess.Popen[bytes]":
        """Start a program in the image, as its USER."""
        account = None if self.account[0] == "root" else stand_in()
        return subprocess.Popen(
            arguments,
            env={**self._outer_environment(), **extra},
            cwd=self.path("."),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )

    def ran(self, arguments: Sequence[str], extra: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run a program in the image to its end; give its exit code and what it said."""
        with self.popen(arguments, extra or {}, subprocess.PIPE) as process:
            try:
                said, _ = process.communicate(timeout=STEP_WITHIN_S)
            finally:
                process.kill()
        return process.returncode, said.decode(errors="replace")

    def start(self, arguments: Sequence[str], extra: Mapping[str, str], said: BinaryIO) -> "subprocess.Popen[bytes]":
        """Do `docker run -e NAME=VALUE… IMAGE ARGUMENT…`."""
        return self.popen([*self.entrypoint, *(arguments or self.command)], extra, said)

    def health(self, extra: Mapping[str, str], check: Sequence[str] = ()) -> int:
        """Run the HEALTHCHECK, or another check, and give its exit code."""
        return self.ran(check or self.healthcheck, extra)[0]

    def _outer_environment(self) -> dict[str, str]:
        """The environment with paths of this machine: of a value that begins with /, each part between colons."""
        outer = {name: value for name, value in os.environ.items() if PASSED_ON.match(name)}
        outer["HOME"] = str(Path.home()) if self.account[0] == "root" else str(self.path(self.account[5]))
        for name, value in self.environment.items():
            parts = value.split(":") if value.startswith("/") else []
            outer[name] = ":".join(str(self.path(part)) for part in parts) or value
        outer["PATH"] += f":{SYSTEM_PATH}"
        return outer


def stand_in() -> Account | None:
    """The account that an image's own stands for here; none where it is whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def image_python(version: str) -> Path:
    """A Python of this machine that the image's account may run: of this version, or else any that is new enough."""
    account = stand_in()
    for name in (f"python{version}", sys.base_prefix + "/bin/python3", "/usr/bin/python3"):
        found = shutil.which(name)
        if found is None:
            continue
        # A launcher of several Pythons tells which it would start; that one must be startable by the account.
        asked = subprocess.run(
            [found, "-c", "import sys, venv; print(sys.version_info >= (3, 11) and sys._base_executable)"],
            check=False,
            capture_output=True,
            cwd="/",
        )
        real = asked.stdout.decode().strip()
        if asked.returncode == 0 and real not in {"", "False"} and _may_run(Path(real), account):
            return Path(real)
    raise AssertionError(f"no Python 3.11 or newer that {'nobody' if account else 'this account'} may run")


def _may_run(python: Path, account: Account | None) -> bool:
    if account is None:
        return True
    try:
        done = subprocess.run(
            [python, "-c", ""], check=False, user=account.uid, group=account.gid, extra_groups=[], cwd="/"
        )
    except PermissionError:
        return False
    return done.returncode == 0


def build(context: Path, scratch: Path) -> Stage:
    """Run the Dockerfile of a folder, and give its last stage.

    Raises:
        DockerfileError: a step cannot be run here, or failed; the message is what it said.
    """
    builder = _Builder(context, scratch)
    for instruction in instructions((context / "Dockerfile").read_text("utf-8")):
        try:
            builder.step(instruction)
        except DockerfileError as error:
            raise DockerfileError(f"line {instruction.line}: {instruction.name}: {error}") from error
    return builder.stage


class _Builder:
    def __init__(self, context: Path, scratch: Path) -> None:
        self._context = context
        self._scratch = scratch
        self._ignored = Ignored((context / ".dockerignore").read_text("utf-8"))
        self._arguments: dict[str, str] = {}
        self._stages: list[Stage] = []
        self._named: dict[str, Stage] = {}

    @property
    def stage(self) -> Stage:
        """The stage under way."""
        return self._stages[-1]

    def step(self, instruction: Instruction) -> None:
        """Run one instruction."""
        if not self._stages and instruction.name == "ARG":
            self._arguments |= assignments(instruction)
        elif instruction.name == "FROM":
            self._from(expanded(instruction.text, self._arguments).split())
        elif instruction.name == "COPY":
            self._copy(instruction)
        elif instruction.name == "RUN":
            self._run(instruction.text)
        else:
            self._set(instruction)

    def _set(self, instruction: Instruction) -> None:
        """Change what the stage says about itself."""
        stage = self.stage
        match instruction.name:
            case "ENV" | "ARG":
                known = dict(stage.environment)  # those of this instruction hold from the next one on
                for name, value in assignments(instruction).items():
                    stage.environment[name] = expanded(value, known)
            case "WORKDIR":
                stage.folder = os.path.join(stage.folder, self._expanded(instruction))  # noqa: PTH118
                stage.path(".").mkdir(parents=True, exist_ok=True)
            case "VOLUME":
                stage.path(self._expanded(instruction)).mkdir(parents=True, exist_ok=True)
            case "USER":
                stage.user = self._expanded(instruction)
            case "ENTRYPOINT":
                stage.entrypoint = instruction.exec_form
            case "CMD":
                stage.command = instruction.exec_form
            case "HEALTHCHECK":
                stage.healthcheck = instruction.exec_form
            case _:
                assert instruction.name == "EXPOSE"  # ports are the machine's

    def _expanded(self, instruction: Instruction) -> str:
        return expanded(instruction.text, self.stage.environment)

    def _from(self, words: list[str]) -> None:
        match words:
            case [image]:
                name = None
            case [image, "AS", name]:
                pass
            case _:
                raise DockerfileError("FROM IMAGE, or FROM IMAGE AS NAME")
        if image in self._named:
            raise DockerfileError("a stage that goes on from another is not known here")
        version = re.search(r":(3\.\d+)", image)
        python = image_python("3" if version is None else version[1])
        self._stages.append(Stage(self._scratch / str(len(self._stages)), python))
        if name is not None:
            self._named[name] = self.stage

    def _copy(self, instruction: Instruction) -> None:
        *sources, inner = self._expanded(instruction).split()
        target = self.stage.path(inner)
        into = inner.endswith("/") or len(sources) > 1
        if len(sources) > 1 and not inner.endswith("/"):
            raise DockerfileError("several sources go into a folder, whose name ends with /")
        for source in sources:
            if "from" in instruction.flags:
                self._copy_from(self._named[instruction.flags["from"]].path(source), target)
            else:
                self._copy_context(source, target, into=into)
        owner = instruction.flags.get("chown")
        account = None if owner in {None, "0:0", "root:root"} else stand_in()
        if account is not None:
            for path in (target, *target.rglob("*")):
                os.chown(path, *account, follow_symlinks=False)

    @staticmethod
    def _copy_from(source: Path, target: Path) -> None:
        if not source.is_dir():
            raise DockerfileError(f"{source.name} is no folder; only folders of stages are copied here")
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)

    def _copy_context(self, source: str, target: Path, *, into: bool) -> None:
        files = context_files(self._context, source, self._ignored)
        if not files:
            raise DockerfileError(f"{source} is not there, or ignored")
        for file in files:
            if self._context / source == self._context / file:
                to = target / file.name if into else target
            else:
                to = target / file.relative_to(source)  # of a folder, what is in it
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._context / file, to)

    def _run(self, command: str) -> None:
        if (named := NAMED_IN_SHELL.search(command)) is not None:
            raise DockerfileError(f"{named[1]} must be reached through an ENV or a WORKDIR")
        code, said = self.stage.ran(["/bin/sh", "-c", command])
        if code != 0:
            raise DockerfileError(f"exit code {code}\n{said}")
