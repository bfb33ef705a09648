"""`./paihao display`: the screen sockets in a process of their own."""

from service.cli.process import run


def display() -> None:
    """Run only the sockets of screens and tickets, on the database that PAIHAO_DATABASE_URL names."""
    from service import app  # noqa: PLC0415  (takes half a second, which only `serve` and `display` should spend)

    run(app.display)
