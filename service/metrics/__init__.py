"""Prometheus metrics, counted from committed events and read from the days in memory."""
