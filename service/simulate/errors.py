"""The error of the simulation."""


class SimulateError(Exception):
    """These options, or this trace, make no simulation."""
