-- name: days
-- Every day of every hall, as hall_days says where it stands.
-- One row per day, by hall and date.
SELECT hall_id, day, seq, head
FROM hall_days
ORDER BY hall_id, day;

-- name: says
-- What the tables say of a day besides where it stands.
-- $1 text hall, $2 date day.
-- One row: whether it has begun, the revision of its plan, the sums of its bookings as they were written whole, and an
-- array of what has changed of them since; NULL when there are none.
SELECT d.begun_at IS NOT NULL AS begun, d.revision, s.booked, (
    SELECT json_agg(c.change ORDER BY c.seq)
    FROM day_sum_changes AS c
    WHERE c.hall_id = d.hall_id AND c.day = d.day
) AS changes
FROM hall_days AS d
LEFT JOIN day_sums AS s ON s.hall_id = d.hall_id AND s.day = d.day
WHERE d.hall_id = $1 AND d.day = $2;

-- name: extent
-- What the events of a day say of themselves.
-- $1 text hall, $2 date day.
-- One row: how many, the lowest and highest seq, the id of the append that wrote the last.
SELECT count(*) AS events, min(seq) AS first, max(seq) AS last,
    (SELECT append_id FROM events WHERE hall_id = $1 AND day = $2 ORDER BY seq DESC LIMIT 1) AS head
FROM events
WHERE hall_id = $1 AND day = $2;

-- name: orphans
-- Events, tickets and appointments of days that hall_days does not have. Each table is asked for its next day, by its
-- index, and not read through: it takes as long as there are days, whatever happened on them.
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
-- The tickets of a day as the table has them.
-- $1 text hall, $2 date day.
-- One row per ticket, in the order of issue.
SELECT id, n, code, number, service, stage, class, first_class, channel, state, admission, count, prechecked,
    applicant_id AS applicant, issued_at, queue_at, counter, last_counter, calls, called_at, started_at, finished_at,
    outcome, missing, due_on, left_reason, seq, appointment_id AS appointment, returns_of, invitation_id AS invitation
FROM tickets
WHERE hall_id = $1 AND day = $2
ORDER BY n;

-- name: appointments
-- The appointments of a day as the table has them.
-- $1 text hall, $2 date day.
-- One row per appointment, in the order of making.
SELECT id, n, code, service, starts_at, ends_at, state, count, channel, applicant_id AS applicant, person, holder,
    expires_at, prechecked, invitation_id AS invitation, partner, place, places, per_person, ticket_id AS ticket, made_at,
    sequence, seq
FROM appointments
WHERE hall_id = $1 AND day = $2
ORDER BY n;

-- name: uses
-- The invitations that these appointments and tickets use.
-- $1 text hall, $2 uuid[] appointments and tickets.
-- One row per invitation.
SELECT invitation_id, used_by
FROM invitation_uses
WHERE hall_id = $1 AND used_by = ANY($2);

-- name: commands_twice
-- Parts of commands that stand twice on a day.
-- $1 text hall, $2 date day.
-- At most one row: command_id, part.
SELECT command_id, part
FROM events
WHERE hall_id = $1 AND day = $2
GROUP BY command_id, part
HAVING count(*) > 1
LIMIT 1;

-- name: constraints
-- The rules that the tables of this schema keep.
-- One row per constraint: name, and whether it holds for every row and is enforced.
SELECT c.conname AS name, c.convalidated AND coalesce(i.indisvalid, TRUE) AS valid
FROM pg_constraint AS c
LEFT JOIN pg_index AS i ON i.indexrelid = c.conindid
WHERE c.connamespace = current_schema()::regnamespace;
