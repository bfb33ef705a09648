"""What a simulation cannot be made of; its text is for people."""


class SimulateError(Exception):
    """These options, or this trace, make no simulation."""
