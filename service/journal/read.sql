-- name: position
-- Return the position of a day's journal.
-- $1 text hall, $2 date day.
-- One row: seq, head, whether the day has begun, the database's clock. No row if the day is not opened.
SELECT seq, head, begun_at IS NOT NULL AS begun, clock_timestamp() AS at
FROM hall_days
WHERE hall_id = $1 AND day = $2;

-- name: since
-- Return a day's events from one on, including it: the reader compares its append id with the head that it remembers.
-- $1 text hall, $2 date day, $3 integer seq of the last event that the reader has.
-- One row per event, in order of seq, each with the database's clock.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body, append_id, clock_timestamp() AS now_at
FROM events
WHERE hall_id = $1 AND day = $2 AND seq >= $3
ORDER BY seq;

-- name: chunk
-- Return a range of a day's events.
-- $1 text hall, $2 date day, $3 integer seq before the first, $4 integer seq of the last.
-- One row per event, in order of seq.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body, append_id
FROM events
WHERE hall_id = $1 AND day = $2 AND seq > $3 AND seq <= $4
ORDER BY seq;

-- name: records_of_ticket
-- Return the events of one ticket.
-- $1 text hall, $2 date day, $3 text ticket, $4 integer only events after this seq, $5 integer limit.
-- One row per event, in order of seq, at most the limit.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body
FROM events
WHERE hall_id = $1 AND day = $2 AND body ->> 'ticket' = $3 AND seq > $4
ORDER BY seq
LIMIT $5;

-- name: latest_days
-- Return the latest opened days of a hall. A day has ended if its last event is day_ended.
-- $1 text hall, $2 integer limit.
-- One row per day, newest first, each with the database's clock.
SELECT d.day, d.seq, d.head, e.kind = 'day_ended' AS ended, d.begun_at IS NOT NULL AS begun, clock_timestamp() AS at
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1
ORDER BY d.day DESC
LIMIT $2;

-- name: open_days_from
-- Return the days of a hall, from a date on, that are opened and have not ended.
-- $1 text hall, $2 date the first day.
-- One row per day, in order.
SELECT d.day
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.day >= $2 AND e.kind <> 'day_ended'
ORDER BY d.day;

-- name: days_behind
-- Return the days, of all halls, that have not ended and whose plan is older than the hall's document.
-- $1 date the first day.
-- One row per hall and day, in order.
SELECT d.hall_id, d.day
FROM hall_days AS d
JOIN halls AS h ON h.hall_id = d.hall_id
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.day >= $1 AND d.revision < h.revision AND e.kind <> 'day_ended'
ORDER BY d.hall_id, d.day;

-- name: last_begun_before
-- Return the last day before a date that has begun.
-- $1 text hall, $2 date that date.
-- One row: the day, its seq and head. No row if no day has begun.
SELECT day, seq, head
FROM hall_days
WHERE hall_id = $1 AND day < $2 AND begun_at IS NOT NULL
ORDER BY day DESC
LIMIT 1;

-- name: announcements_until
-- Return the events of a day that can carry over to the next day. Reads the whole day.
-- $1 text hall, $2 date day, $3 integer seq of the last event to consider.
-- One row per event, in order of seq.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body
FROM events
WHERE hall_id = $1 AND day = $2 AND seq <= $3
    AND kind IN ('suspension_began', 'suspension_ended', 'notice_posted', 'notice_removed')
ORDER BY seq;

-- name: find_ticket
-- Return the day and state of a ticket.
-- $1 text hall, $2 uuid ticket.
-- One row, or none.
SELECT day, state
FROM tickets
WHERE hall_id = $1 AND id = $2;

-- name: begun
-- Tell whether a day has begun.
-- $1 text hall, $2 date day.
-- One row: whether it has begun. No row if the day is not opened.
SELECT begun_at IS NOT NULL AS begun
FROM hall_days
WHERE hall_id = $1 AND day = $2;

-- name: summaries
-- Return the data of a hall's opened days from which slots are computed.
-- $1 text hall, $2 date the first day, $3 date the last day, $4 uuid[] heads of days whose totals the reader has.
-- One row per opened day, in order: position, revision of the plan, booking totals as last written in full, and a JSON
-- array of their changes since; the last two are NULL without bookings, and for days that the reader has.
SELECT d.day, d.seq, d.head, coalesce(d.revision, 0) AS revision,
    CASE WHEN d.head <> ALL ($4::uuid[]) THEN s.booked END AS booked,
    CASE WHEN d.head <> ALL ($4::uuid[]) THEN (
        SELECT json_agg(c.change ORDER BY c.seq)
        FROM day_sum_changes AS c
        WHERE c.hall_id = d.hall_id AND c.day = d.day
    ) END AS changes
FROM hall_days AS d
LEFT JOIN day_sums AS s ON s.hall_id = d.hall_id AND s.day = d.day
WHERE d.hall_id = $1 AND d.day BETWEEN $2 AND $3
ORDER BY d.day;

-- name: find_appointment
-- Return the day of an appointment.
-- $1 text hall, $2 uuid appointment.
-- One row, or none.
SELECT day
FROM appointments
WHERE hall_id = $1 AND id = $2;

-- name: ids_from
-- Return the ids of the tickets and appointments of a hall's days.
-- $1 text hall, $2 date the first day, $3 date a day to leave out, $4 uuid[] heads of days to leave out.
-- One row per remaining day, in order: day, head, ids.
SELECT d.day, d.head,
    ARRAY(SELECT t.id::text FROM tickets AS t WHERE t.hall_id = d.hall_id AND t.day = d.day) AS tickets,
    ARRAY(SELECT a.id::text FROM appointments AS a WHERE a.hall_id = d.hall_id AND a.day = d.day) AS appointments
FROM hall_days AS d
WHERE d.hall_id = $1 AND d.day >= $2 AND d.day <> $3 AND d.head <> ALL ($4::uuid[])
ORDER BY d.day;

-- name: day_of_command
-- Return the day on which a command was carried out.
-- $1 text hall, $2 date the first day to search, $3 text command id, $4 date the preferred day: a move has two.
-- One row, or none.
SELECT d.day
FROM hall_days AS d
WHERE d.hall_id = $1 AND d.day >= $2 AND EXISTS (
    SELECT FROM events AS e WHERE e.hall_id = d.hall_id AND e.day = d.day AND e.command_id = $3 AND e.part = 0
)
ORDER BY d.day = $4 DESC
LIMIT 1;

-- name: days_with_expired_holds
-- Return the days, of all halls, with holds that have expired but are still in state held.
-- $1 timestamptz now.
-- One row per hall and day, in order.
SELECT DISTINCT hall_id, day
FROM appointments
WHERE state = 'held' AND expires_at <= $1
ORDER BY hall_id, day;

-- name: days_with_expired_bookings
-- Return the days with appointments of a person that have expired or were missed, but still count as upcoming.
-- $1 text hall, $2 text person, $3 timestamptz now, $4 timestamptz appointments that start until then were missed.
-- One row per day, in order.
SELECT DISTINCT day
FROM appointments
WHERE hall_id = $1 AND person = $2 AND nth IS NOT NULL
    AND ((state = 'held' AND expires_at <= $3) OR (state = 'booked' AND starts_at <= $4))
ORDER BY day;

-- name: ping
-- Check that the database answers.
-- One row: its clock.
SELECT clock_timestamp();

-- name: ready
-- Check whether the database accepts changes.
-- One row: whether transactions are read-only, as on a standby.
SELECT current_setting('transaction_read_only') = 'on' AS read_only;
