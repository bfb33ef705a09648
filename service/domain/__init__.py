"""The rules of the hall, pure: no socket, no clock, no database, no randomness.

A hall's day is a deterministic state machine. `decide` turns a command into events or a `Refusal`; `evolve` folds an
event into the `Day`. Both read only their arguments, so two processes, a simulation and a replay of the journal come to
the same state.

* `commands`, `events`, `refusals`: the input and the output of `decide`;
* `model`: tickets, appointments, counters and their states; `day`: the state of one hall on one date;
* `decide/`, `evolve/`: the two functions, one module per subject with the same name in both;
* `hall/`: the hall document; `calendar/`: the plan that a document gives for one date;
* `queue/`: the order of calls, and waits; `booking/`: slots and their free places; `admission/`: places for walk-ins;
* `forecast/`, `stats/`: the rest of the day on many simulated paths; figures and learning from ended days;
* `view`: tickets, appointments and counters as the HTTP API and the WebSockets show them.
"""
