"""Tests of the replay: traces, their hall, the schedule, and the checks."""
