-- name: days
-- Return all opened days with their positions.
-- One row per day, by hall and date.
SELECT hall_id, day, seq, head
FROM hall_days
ORDER BY hall_id, day;

-- name: day_row
-- Return the stored data of a day besides its position.
-- $1 text hall, $2 date day.
-- One row: whether the day has begun, the revision of its plan, the booking totals as last written in full, and a JSON
-- array of their changes since; the last two are NULL if there are none.
SELECT d.begun_at IS NOT NULL AS begun, d.revision, s.booked, (
    SELECT json_agg(c.change ORDER BY c.seq)
    FROM day_sum_changes AS c
    WHERE c.hall_id = d.hall_id AND c.day = d.day
) AS changes
FROM hall_days AS d
LEFT JOIN day_sums AS s ON s.hall_id = d.hall_id AND s.day = d.day
WHERE d.hall_id = $1 AND d.day = $2;

-- name: extent
-- Return the extent of the events of a day.
-- $1 text hall, $2 date day.
-- One row: count, lowest and highest seq, id of the append that wrote the last event.
SELECT count(*) AS events, min(seq) AS first, max(seq) AS last,
    (SELECT append_id FROM events WHERE hall_id = $1 AND day = $2 ORDER BY seq DESC LIMIT 1) AS head
FROM events
WHERE hall_id = $1 AND day = $2;

-- name: orphans
-- Find events, tickets or appointments of a day that is not in hall_days. Each table is searched by its index, from one day
-- to the next, so that the time depends on the number of days and not on the number of rows.
-- At most one row: hall_id, day.
WITH RECURSIVE of_events AS (
    (SELECT hall_id, day FROM events ORDER BY hall_id, day LIMIT 1)
    UNION ALL
    SELECT following.hall_id, following.day
    FROM of_events AS known
    CROSS JOIN LATERAL (
        SELECT e.hall_id, e.day
        FROM events AS e
        WHERE (e.hall_id, e.day) > (known.hall_id, known.day)
        ORDER BY e.hall_id, e.day
        LIMIT 1
    ) AS following
), of_tickets AS (
    (SELECT hall_id, day FROM tickets ORDER BY hall_id, day LIMIT 1)
    UNION ALL
    SELECT following.hall_id, following.day
    FROM of_tickets AS known
    CROSS JOIN LATERAL (
        SELECT t.hall_id, t.day
        FROM tickets AS t
        WHERE (t.hall_id, t.day) > (known.hall_id, known.day)
        ORDER BY t.hall_id, t.day
        LIMIT 1
    ) AS following
), of_appointments AS (
    (SELECT hall_id, day FROM appointments ORDER BY hall_id, day LIMIT 1)
    UNION ALL
    SELECT following.hall_id, following.day
    FROM of_appointments AS known
    CROSS JOIN LATERAL (
        SELECT a.hall_id, a.day
        FROM appointments AS a
        WHERE (a.hall_id, a.day) > (known.hall_id, known.day)
        ORDER BY a.hall_id, a.day
        LIMIT 1
    ) AS following
)
SELECT found.hall_id, found.day
FROM (
    SELECT hall_id, day FROM of_events
    UNION SELECT hall_id, day FROM of_tickets
    UNION SELECT hall_id, day FROM of_appointments
) AS found
WHERE NOT EXISTS (SELECT FROM hall_days AS d WHERE d.hall_id = found.hall_id AND d.day = found.day)
ORDER BY 1, 2
LIMIT 1;

-- name: tickets
-- Return the tickets of a day, all columns.
-- $1 text hall, $2 date day.
-- One row per ticket, in the order of issue.
SELECT id, n, code, number, service, stage, class, first_class, channel, state, admission, count, prechecked,
    applicant_id AS applicant, issued_at, queue_at, counter, last_counter, calls, called_at, started_at, finished_at,
    outcome, missing, due_on, left_reason, seq, appointment_id AS appointment, returns_of, invitation_id AS invitation
FROM tickets
WHERE hall_id = $1 AND day = $2
ORDER BY n;

-- name: appointments
-- Return the appointments of a day, all columns.
-- $1 text hall, $2 date day.
-- One row per appointment, in the order of booking.
SELECT id, n, code, service, starts_at, ends_at, state, count, channel, applicant_id AS applicant, person, holder,
    expires_at, prechecked, invitation_id AS invitation, partner, place, places, per_person, ticket_id AS ticket, made_at,
    sequence, seq
FROM appointments
WHERE hall_id = $1 AND day = $2
ORDER BY n;

-- name: uses
-- Return the invitations that some appointments and tickets use.
-- $1 text hall, $2 uuid[] ids of appointments and tickets.
-- One row per invitation.
SELECT invitation_id, used_by
FROM invitation_uses
WHERE hall_id = $1 AND used_by = ANY($2);

-- name: commands_twice
-- Find a part of a command that occurs twice on a day.
-- $1 text hall, $2 date day.
-- At most one row: command_id, part.
SELECT command_id, part
FROM events
WHERE hall_id = $1 AND day = $2
GROUP BY command_id, part
HAVING count(*) > 1
LIMIT 1;

-- name: constraints
-- Return the constraints of this schema.
-- One row per constraint: name, and whether it is enforced and holds for every row.
SELECT c.conname AS name, c.convalidated AND coalesce(i.indisvalid, TRUE) AS valid
FROM pg_constraint AS c
LEFT JOIN pg_index AS i ON i.indexrelid = c.conindid
WHERE c.connamespace = current_schema()::regnamespace;
