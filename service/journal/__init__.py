"""The journal: the events of each day of each hall, in PostgreSQL.

**Invariant.** The events of a day are numbered from 1 without gaps, in the order of their commits. No reader sees a
number before all lower numbers.

**Append.** `hall_days` has one row per (hall, day): `seq`, the number of the last event, and `head`, the id of the last
append. An append contains both as its writer knows them, and changes the row with one compare-and-set UPDATE. If
another append was first, it writes nothing. The same statement writes the events, the last state of each changed ticket
and appointment, and new applicants: one round trip, one commit, all or nothing. `head` is compared in addition to
`seq`, so that a restored database or a standby that lacks the last events is not mistaken for the journal in memory.
Named constraints are a second lock behind the rules of the domain: the database also rejects a number issued twice.

**Lost answers** are explained in `append_sender`, locks on days in `day_locks`, the opening of days in `day_opening`.

**Days ahead.** The first booking on a day opens it, in any order. Days begin in order, see `hall_days.begun_at`. Limits
that span several days (the bookings of a person, the single use of a code) are constraints, because no lane can decide
them alone. The names of violated constraints become refusals.

**Following.** NOTIFY inside an append would take a lock of the whole database at each commit, so an append sends no
notification. After the commit a hint names the days that changed (`commit_hints`). Followers read the events by `seq`
(`follow`), and poll once a second in case a hint was lost.

The SQL files beside the modules contain named blocks.
"""
