-- name: all
-- Return all halls.
-- One row per hall, by id.
SELECT hall_id, document, revision, changed_at
FROM halls
ORDER BY hall_id;

-- name: get
-- Return one hall.
-- $1 text hall.
-- One row, or none.
SELECT hall_id, document, revision, changed_at
FROM halls
WHERE hall_id = $1;

-- name: changed_since
-- Return the halls whose document was written since an instant.
-- $1 timestamptz that instant.
-- One row per hall, by id.
SELECT hall_id, document, revision, changed_at
FROM halls
WHERE changed_at >= $1
ORDER BY hall_id;

-- name: written
-- Return counts and times of writing of all halls and learned rows; they differ after a restore to an earlier copy.
-- One row: for each of the two the count, and the sum of the times in microseconds since 1970.
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
-- Return the values that halls have learned since an instant.
-- $1 timestamptz that instant, NULL for all.
-- One row per hall and weekday.
SELECT hall_id, weekday, learned, days, changed_at
FROM learned
WHERE $1::timestamptz IS NULL OR changed_at >= $1
ORDER BY hall_id, weekday;

-- name: last_begun
-- Return the day of a hall that began last.
-- $1 text hall.
-- One row: the day, and whether it has ended. No row if no day has begun.
SELECT d.day, e.kind = 'day_ended' AS ended
FROM hall_days AS d
JOIN events AS e ON e.hall_id = d.hall_id AND e.day = d.day AND e.seq = d.seq
WHERE d.hall_id = $1 AND d.begun_at IS NOT NULL
ORDER BY d.day DESC
LIMIT 1;

-- name: starts_to_come
-- Return days and start times of the appointments of a hall that are held or booked.
-- $1 text hall, $2 timestamptz only starts after this instant.
-- One row per day and start.
SELECT DISTINCT day, starts_at
FROM appointments
WHERE hall_id = $1 AND starts_at > $2 AND state IN ('held', 'booked');

-- name: create_if_absent
-- Create a hall with revision 1, unless it exists.
-- $1 text hall, $2 json document.
-- One row if this statement created it, otherwise none.
INSERT INTO halls (hall_id, document, revision, changed_at)
VALUES ($1, $2, 1, clock_timestamp())
ON CONFLICT (hall_id) DO NOTHING
RETURNING revision;

-- name: replace
-- Replace a hall's document if it has the expected revision.
-- $1 text hall, $2 json document, $3 integer expected revision.
-- One row with the new revision; none if the revision differs or the hall does not exist.
UPDATE halls
SET document = $2, revision = revision + 1, changed_at = clock_timestamp()
WHERE hall_id = $1 AND revision = $3
RETURNING revision;

-- name: lock
-- Lock a hall's row until the transaction ends: its document cannot change, and no day can be opened.
-- $1 text hall.
-- One row: revision, document. No row if the hall does not exist.
SELECT revision, document
FROM halls
WHERE hall_id = $1
FOR NO KEY UPDATE;

-- name: put_before
-- Find an earlier sending of a PUT request.
-- $1 text hall, $2 text command id.
-- One row: the revision that it stored, the fingerprint of its body. No row if the request is new.
SELECT revision, fingerprint
FROM document_puts
WHERE hall_id = $1 AND command_id = $2;

-- name: insert_put
-- Remember which PUT request stored a revision.
-- $1 text hall, $2 text command id, $3 bytea fingerprint of the body, $4 integer revision.
-- No rows.
INSERT INTO document_puts (hall_id, command_id, fingerprint, revision, at)
VALUES ($1, $2, $3, $4, clock_timestamp());

-- name: delete_old_puts
-- Delete old PUT requests of a hall: an idempotency key is valid for a day and the next day.
-- $1 text hall, $2 interval how long they are kept.
-- No rows.
DELETE FROM document_puts
WHERE hall_id = $1 AND at < clock_timestamp() - $2::interval;
