"""`./paihao serve`: the whole service in one process."""

from service.cli.process import run


def serve() -> None:
    """Run the whole service: HTTP, pages and screen sockets.

    Uses the embedded PostgreSQL unless PAIHAO_DATABASE_URL is set.
    """
    from service import app  # noqa: PLC0415  (takes half a second, which only `serve` and `display` should spend)

    run(app.serve)
