"""The queue: the order of calls, waits, and the counters that serve it."""
