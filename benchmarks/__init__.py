"""Benchmarks: both sides of each comparison are measured on one machine in one run, alternating.

`suite` lists all benchmarks by name, and each has a module. `harness` starts the processes under test, `result` prints
the figures. `load` generates requests (`load_plan`, `load_scripts`), `screen_clients` are the screens.
`constant_server` (a server that only answers), `send_loop` (a loop of socket sends) and `pgbench` (a row lock) are the
other sides.
"""
