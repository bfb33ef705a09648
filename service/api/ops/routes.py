"""Routes of health and metrics."""

from service.api.access.roles import Role
from service.api.ops import health
from service.api.route import EVERYONE, Route

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/healthz",
        operation="health_alive",
        handler=health.alive,
        roles=EVERYONE,
        tag="ops",
        answers={200: health.Health},
    ),
    Route(
        method="GET",
        path="/readyz",
        operation="health_ready",
        handler=health.ready,
        roles=EVERYONE,
        tag="ops",
        answers={200: health.Ready, 503: health.Ready},
    ),
    Route(
        method="GET",
        path="/metrics",
        operation="health_metrics",
        handler=health.metrics,
        roles=(Role.OPS,),
        tag="ops",
        answers={200: str},
        media_type="text/plain",
        open_by="metrics_open",
    ),
)
