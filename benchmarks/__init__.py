"""What the service can do, measured: both sides on one machine in one run, alternating.

Where to look: `suite` (all benchmarks by name), one module each for what is measured, `harness` (the processes under
test), `result` (figures and how they are printed), `load` (the generator of requests), `watch` (screens), and what we
are compared with: `constant` (a server that only answers), `bare` (a loop of sends), `pgbench` (a row lock).
"""
