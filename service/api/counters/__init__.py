"""Counters: open, pause, close and call; the queue; alarms; data for the page of a counter."""
