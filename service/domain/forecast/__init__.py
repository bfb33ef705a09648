"""Forecasts of waits and of the rest of the day, by simulation.

`start_state_builder` turns a day into plain numbers (`start_state`). `day_simulation` draws the visits (`visit_groups`)
and simulates them on many paths at once with the dispatcher's own order (`visit_simulation`, `call_simulation`).
`wait_quantiles` and `day_outlook` summarize the result.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.
"""
