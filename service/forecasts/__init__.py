"""Forecasts of waits for the days in use: computed by one process, used by all.

`stored_forecasts` reads and writes the rows, one per day; a `display` process needs only this module.
`forecast_updater` computes and stores them, with the help of a worker process (`worker`, called by `worker_process`).

The computation takes 3 to 25 ms in many small steps. In a thread it would compete for Python's global lock and delay
every command in the meantime. The state that is sent to the worker has 8 KB for a hundred people.

Source: DESIGN 6, "Waits"; JOURNAL 5.
"""
