-- name: position
-- Where a day's journal stands.
-- $1 text hall, $2 date day.
-- One row: seq, head, whether it has begun, the database's clock; none when the day is not opened.
SELECT seq, head, begun_at IS NOT NULL AS begun, clock_timestamp() AS at
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
-- $1 text hall, $2 date day, $3 text ticket, $4 integer after which seq, $5 integer how many at most.
-- One row per event, in order.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body
FROM events
WHERE hall_id = $1 AND day = $2 AND body ->> 'ticket' = $3 AND seq > $4
ORDER BY seq
LIMIT $5;

-- name: latest_days
-- A hall's days, the newest first; a day has ended when its last event says so.
-- $1 text hall, $2 integer how many at most.
-- One row per day, with the database's clock.
SELECT d.day, d.seq, d.head, e.kind = 'day_ended' AS ended, d.begun_at IS NOT NULL AS begun, clock_timestamp() AS at
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

-- name: days_behind
-- The days, of every hall, whose plan is older than the hall's document, and that have not ended.
-- $1 date the first.
-- One row per hall and day.
SELECT d.hall_id, d.day
FROM hall_days AS d
JOIN halls AS h ON h.hall_id = d.hall_id
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.day >= $1 AND d.revision < h.revision AND e.kind <> 'day_ended'
ORDER BY d.hall_id, d.day;

-- name: last_before
-- Where the last day that began before a date stands.
-- $1 text hall, $2 date day.
-- One row: the day, its seq and head; none when no day had begun.
SELECT day, seq, head
FROM hall_days
WHERE hall_id = $1 AND day < $2 AND begun_at IS NOT NULL
ORDER BY day DESC
LIMIT 1;

-- name: said_until
-- What was said on a day, up to one of its events, of what may go on from day to day: the whole day is read for it.
-- $1 text hall, $2 date day, $3 integer seq of the last.
-- One row per event, in order.
SELECT seq, at, actor, command_id, part, fingerprint, kind, body
FROM events
WHERE hall_id = $1 AND day = $2 AND seq <= $3
    AND kind IN ('suspension_began', 'suspension_ended', 'notice_posted', 'notice_removed')
ORDER BY seq;

-- name: find_ticket
-- The day and state of a ticket.
-- $1 text hall, $2 uuid ticket.
-- One row, or none.
SELECT day, state
FROM tickets
WHERE hall_id = $1 AND id = $2;

-- name: begun
-- Tell whether a day has begun.
-- $1 text hall, $2 date day.
-- One row: begun; none when the day is not opened.
SELECT begun_at IS NOT NULL AS begun
FROM hall_days
WHERE hall_id = $1 AND day = $2;

-- name: summaries
-- What the slots of a hall's opened days are reckoned from.
-- $1 text hall, $2 date the first day, $3 date the last, $4 uuid[] heads of days whose sums are known.
-- One row per opened day, in order: where it stands, the revision of its plan, the sums of its bookings as they were
-- written whole, and an array of what has changed of them since; NULL when there are none, or they are known.
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
-- The day of an appointment.
-- $1 text hall, $2 uuid appointment.
-- One row, or none.
SELECT day
FROM appointments
WHERE hall_id = $1 AND id = $2;

-- name: ids_from
-- The tickets and appointments of a hall's days, but for one day and for days that stand where they are known to.
-- $1 text hall, $2 date the first day, $3 date the day that is left out, $4 uuid[] heads of days that are known.
-- One row per day that remains, in order: the id of its last append, and the ids.
SELECT d.day, d.head,
    ARRAY(SELECT t.id::text FROM tickets AS t WHERE t.hall_id = d.hall_id AND t.day = d.day) AS tickets,
    ARRAY(SELECT a.id::text FROM appointments AS a WHERE a.hall_id = d.hall_id AND a.day = d.day) AS appointments
FROM hall_days AS d
WHERE d.hall_id = $1 AND d.day >= $2 AND d.day <> $3 AND d.head <> ALL ($4::uuid[])
ORDER BY d.day;

-- name: day_of_command
-- The day on which a command was done, among a day and those after it.
-- $1 text hall, $2 date the first day, $3 text command, $4 date the day that is preferred: a move is done on two.
-- One row, or none.
SELECT d.day
FROM hall_days AS d
WHERE d.hall_id = $1 AND d.day >= $2 AND EXISTS (
    SELECT FROM events AS e WHERE e.hall_id = d.hall_id AND e.day = d.day AND e.command_id = $3 AND e.part = 0
)
ORDER BY d.day = $4 DESC
LIMIT 1;

-- name: holds_over
-- The days with places that are still held though the time for it is over.
-- $1 timestamptz now.
-- One row per hall and day.
SELECT DISTINCT hall_id, day
FROM appointments
WHERE state = 'held' AND expires_at <= $1
ORDER BY hall_id, day;

-- name: days_over_of_person
-- The days with appointments of a person that are over and still count as to come, for nobody has written it down.
-- $1 text hall, $2 text person, $3 timestamptz now, $4 timestamptz the last start by which who did not come is missed.
-- One row per day, in order.
SELECT DISTINCT day
FROM appointments
WHERE hall_id = $1 AND person = $2 AND nth IS NOT NULL
    AND ((state = 'held' AND expires_at <= $3) OR (state = 'booked' AND starts_at <= $4))
ORDER BY day;

-- name: ping
-- Tell that the database answers.
-- One row: its clock.
SELECT clock_timestamp();

-- name: ready
-- Tell whether the database would take a change.
-- One row: whether transactions are read-only, as on a standby.
SELECT current_setting('transaction_read_only') = 'on' AS read_only;
