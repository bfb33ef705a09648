-- name: all
-- Every hall.
-- One row per hall, by id.
SELECT hall_id, document, revision, changed_at
FROM halls
ORDER BY hall_id;

-- name: get
-- One hall.
-- $1 text hall.
-- One row, or none.
SELECT hall_id, document, revision, changed_at
FROM halls
WHERE hall_id = $1;

-- name: changed_since
-- The halls whose document was written at an instant or later.
-- $1 timestamptz the instant.
-- One row per hall, by id.
SELECT hall_id, document, revision, changed_at
FROM halls
WHERE changed_at >= $1
ORDER BY hall_id;

-- name: written
-- How many halls there are, and when their documents were written; how many rows of what they have learned, and when it
-- was: they are other numbers when one was put back.
-- One row: how many of each, and the sums of the microseconds since 1970.
SELECT h.halls, h.written_us, l.learned, l.learned_us
FROM (
    SELECT count(*) AS halls, coalesce(sum((extract(epoch FROM changed_at) * 1000000)::bigint), 0) AS written_us
    FROM halls
) AS h
CROSS JOIN (
    SELECT count(*) AS learned, coalesce(sum((extract(epoch FROM changed_at) * 1000000)::bigint), 0) AS learned_us
    FROM learned
) AS l;

-- name: learned_since
-- What halls have learned at an instant or later, each weekday by itself.
-- $1 timestamptz the instant: NULL for all.
-- One row per hall and weekday, or none.
SELECT hall_id, weekday, learned, days, changed_at
FROM learned
WHERE $1::timestamptz IS NULL OR changed_at >= $1
ORDER BY hall_id, weekday;

-- name: last_begun
-- The day of a hall that began last.
-- $1 text hall.
-- One row: the day and whether it has ended; none when none has begun.
SELECT d.day, e.kind = 'day_ended' AS ended
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.begun_at IS NOT NULL
ORDER BY d.day DESC
LIMIT 1;

-- name: starts_to_come
-- When the appointments of a hall that are held or booked start, and the days they are of.
-- $1 text hall, $2 timestamptz those after it.
-- One row per day and start.
SELECT DISTINCT day, starts_at
FROM appointments
WHERE hall_id = $1 AND starts_at > $2 AND state IN ('held', 'booked');

-- name: create_if_absent
-- Make a hall with revision 1, unless it exists.
-- $1 text hall, $2 json document.
-- One row when this statement made it, else none.
INSERT INTO halls (hall_id, document, revision, changed_at)
VALUES ($1, $2, 1, clock_timestamp())
ON CONFLICT (hall_id) DO NOTHING
RETURNING revision;

-- name: replace
-- Give a hall another document, if it still has the revision its writer knew.
-- $1 text hall, $2 json document, $3 integer revision.
-- One row with the new revision, or none when the revision is another or there is no such hall.
UPDATE halls
SET document = $2, revision = revision + 1, changed_at = clock_timestamp()
WHERE hall_id = $1 AND revision = $3
RETURNING revision;

-- name: hold
-- Keep a hall's document from changing, and days from being opened by it, until the transaction ends.
-- $1 text hall.
-- One row with it and its revision; none when there is no such hall.
SELECT revision, document
FROM halls
WHERE hall_id = $1
FOR NO KEY UPDATE;

-- name: put_before
-- What a request has stored already.
-- $1 text hall, $2 text command.
-- One row: the revision it made, the fingerprint of what it asked; none when it is new.
SELECT revision, fingerprint
FROM document_puts
WHERE hall_id = $1 AND command_id = $2;

-- name: note_put
-- Note which request made a revision.
-- $1 text hall, $2 text command, $3 bytea fingerprint, $4 integer revision.
-- No rows.
INSERT INTO document_puts (hall_id, command_id, fingerprint, revision, at)
VALUES ($1, $2, $3, $4, clock_timestamp());

-- name: forget_puts
-- Forget the requests of former days: an idempotency key holds for a day and the next.
-- $1 text hall, $2 interval for how long they are kept.
-- No rows.
DELETE FROM document_puts
WHERE hall_id = $1 AND at < clock_timestamp() - $2::interval;
