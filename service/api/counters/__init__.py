"""Counters: open, pause, close and call; the queue; alarms; data for the counter page."""
