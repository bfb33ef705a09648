"""The command line program: all commands, and the start of the process.

A failure outside the program (a wrong setting, a port or folder in use) prints one line to stderr and exits with
code 1.
"""

import os
import sys

import typer

from service.cli import (
    check_config,
    display,
    hall,
    migrate,
    new_secret,
    replay,
    serve,
    simulate,
    token,
    user,
    verify,
)

cli = typer.Typer(
    name="paihao",
    help="Queue and appointment scheduling for public service halls.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(serve.serve)
cli.command()(display.display)
cli.command()(migrate.migrate)
cli.command()(replay.replay)
cli.command()(simulate.simulate)
cli.command()(verify.verify)
cli.command()(check_config.check_config)
cli.command()(new_secret.new_secret)
cli.add_typer(hall.commands, name="hall")
cli.add_typer(user.commands, name="user")
cli.add_typer(token.commands, name="token")


def main() -> None:
    """Run the command line."""
    _open_standard_streams()
    cli(prog_name="paihao")


def _open_standard_streams() -> None:
    """Open /dev/null for each standard stream that is closed.

    Otherwise the next file or socket that the process opens takes descriptor 0, 1 or 2, and the event loop aborts.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # returns the lowest free descriptor
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
