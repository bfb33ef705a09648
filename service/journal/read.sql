-- name: position
-- Where a day's journal stands.
-- $1 text hall, $2 date day.
-- One row: seq, head, the database's clock; none when the day is not opened.
SELECT seq, head, clock_timestamp() AS at
FROM hall_days
WHERE hall_id = $1 AND day = $2;

-- name: since
-- A day's events from one on, that one included: its append id tells whether the reader's memory is of this journal.
-- $1 text hall, $2 date day, $3 integer seq of the last event the reader knows.
-- One row per event, in order, each with the database's clock.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body, append_id, clock_timestamp() AS now_at
FROM events
WHERE hall_id = $1 AND day = $2 AND seq >= $3
ORDER BY seq;

-- name: chunk
-- A stretch of a day's events.
-- $1 text hall, $2 date day, $3 integer seq before the first, $4 integer seq of the last.
-- One row per event, in order.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body, append_id
FROM events
WHERE hall_id = $1 AND day = $2 AND seq > $3 AND seq <= $4
ORDER BY seq;

-- name: of_ticket
-- What happened to one ticket on a day.
-- $1 text hall, $2 date day, $3 text ticket.
-- One row per event, in order.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body
FROM events
WHERE hall_id = $1 AND day = $2 AND body ->> 'ticket' = $3
ORDER BY seq;

-- name: latest_days
-- A hall's days, the newest first; a day has ended when its last event says so.
-- $1 text hall, $2 integer how many at most.
-- One row per day, with the database's clock.
SELECT d.day, d.seq, d.head, e.kind = 'day_ended' AS ended, clock_timestamp() AS at
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1
ORDER BY d.day DESC
LIMIT $2;

-- name: open_days_from
-- The days of a hall that are opened and have not ended, from a date on.
-- $1 text hall, $2 date the first.
-- One row per day, in order.
SELECT d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.day >= $2 AND e.kind <> 'day_ended'
ORDER BY d.day;

-- name: find_ticket
-- The day and state of a ticket.
-- $1 text hall, $2 uuid ticket.
-- One row, or none.
SELECT day, state
FROM tickets
WHERE hall_id = $1 AND id = $2;

-- name: ping
-- Tell that the database answers.
-- One row: its clock.
SELECT clock_timestamp();
