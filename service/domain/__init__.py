"""The rules of the hall, pure: no socket, no clock, no database, no randomness.

A hall's day is a deterministic state machine. `decide` turns a command into events or a `Refusal`; `evolve` folds an
event into the `Day`. Both read nothing but their arguments, so a simulation, a test and two processes of the service
come to the same answer, and a replay of the journal tells what really happened.

Where to look: `document` (what a hall is), `plan` (what it means for one date), `model` (tickets, appointments and
counters), `commands` and `events` (what may be asked, what has happened), `day` (the state and its sorted lines),
`grid` and `slots` (what can be booked, and what is free of it), `diary` (what is reckoned of the appointments),
`dispatch` (who is next and who is ahead), `waits` (how long that takes), `decide` and `evolve` (the two functions; of
appointments in `appointments`, `check_ins` and `evolve_appointments`, of who comes in at `door`, of who fits and who
stands by in `admission`), `view` (the state in the contract's words).
"""
