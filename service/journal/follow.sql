-- name: notify
-- Send notifications at the end of the transaction.
-- $1 text channel, $2 text[] payloads, each below 8000 bytes.
-- One row per payload.
SELECT pg_notify($1, payload)
FROM unnest($2::text[]) AS payload;

-- name: poll
-- Return the positions of the followed days, and of later days that have begun.
-- $1 text[] halls, $2 date[] the followed day of each hall, $3 boolean[] whether to return later days of that hall, too.
-- One row per day found.
SELECT d.hall_id, d.day, d.seq, d.head
FROM unnest($1::text[], $2::date[], $3::boolean[]) AS followed (hall_id, day, later)
JOIN hall_days AS d ON d.hall_id = followed.hall_id AND d.day >= followed.day
WHERE d.day = followed.day OR followed.later AND d.begun_at IS NOT NULL;
