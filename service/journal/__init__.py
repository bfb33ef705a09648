"""The journal: what happened on each day of each hall, in PostgreSQL.

**The invariant.** A day's events are numbered from 1 without gaps, in the order in which they were committed, and
nobody ever sees a number before those below it. All else follows from how an append keeps that.

*Append.* `hall_days` has one row per (hall, day): `seq`, the last event's number, and `head`, the id of the last
append. An append carries both as its writer knows them and claims them with one UPDATE; when another was first, nothing
is written. The same statement writes the events, the last state of each ticket touched and new applicants: all or
nothing, one round trip, one commit. `head` is compared as well as `seq`, so that a database restored from yesterday, or
a standby that missed the end, is never taken for the journal we remember. Constraints named as rules are the second
lock behind the rules of the hall: a number given twice is refused by the database too.

*Answers that did not come.* A lost connection says nothing about the statement: it may have committed, and it may still
be on its way, so reading the journal and finding nothing proves nothing. The same statement is therefore sent again
until an answer is definite. It can be claimed only once: when it is not claimed, the event after `seq` carries our
append id (it had landed) or another's (ours is dead for ever). For the same reason an append is never cancelled and has
no timeout: a cancelled wait for a synchronous standby has committed. A stuck connection is left by closing its socket.

*Two processes on one hall.* Pure compare-and-set starves the slower. Who lost a race therefore takes the row's lock
first, reads what it missed, decides, appends and commits: a `Claim`.

*Two days at once.* An appointment that moves to another day is one transaction that holds both rows, the earlier day's
first, and makes an append to each: a `DoubleClaim`. When its COMMIT is not answered, both rows are locked once more,
which waits for its end, and the journal says whether it landed.

*Days ahead.* A day is opened by the first booking on it, in any order; it begins, in order, when it is the present one.
`hall_days.begun_at` says so. What is over several days of a hall (a person's appointments, a code's one use) no lane
can decide alone: the constraints do, and their names become refusals.

*Following.* NOTIFY inside an append would take a database-wide lock at each commit, so appends notify nobody. After the
commit a bell says which halls moved; a bell only wakes. What happened is read by `seq`, and a poll each second is the
net under bells that were not heard. Only what a process appended itself is not read there: it is handed over.

Where to look: `values` (what goes in and out), `database` (connections), `append` (writing), `read` (reading), `halls`
(their documents), `bell` and `follow` (hearing of it), `records` (events as rows), `migrate` and `statements`.
The SQL stands beside the Python, in named blocks.
"""
