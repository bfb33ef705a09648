"""Forecasts of the days in use: made by one process, told by all.

`kept` reads and writes the rows, one for each day, and is all that a process of screens needs; `maker` makes them, off
the hot path, in a process of its own (`worker`, asked by `process`).

Why a process: a pass is 3 to 25 ms of many small steps, between which Python's lock goes back and forth; in a thread it
would hold up each command that is answered meanwhile. The scene that goes over is 8 KB for a hundred people.

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""
