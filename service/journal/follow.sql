-- name: notify
-- Wake who listens, once the transaction has committed.
-- $1 text channel, $2 text[] payloads, each below 8000 bytes.
-- One row per payload.
SELECT pg_notify($1, payload)
FROM unnest($2::text[]) AS payload;

-- name: poll
-- Where the days followed stand, and the later days, if they have begun, of the halls that want to know them.
-- $1 text[] halls, $2 date[] the day followed in each, $3 boolean[] whether later days are wanted too.
-- One row per day found.
SELECT d.hall_id, d.day, d.seq, d.head
FROM unnest($1::text[], $2::date[], $3::boolean[]) AS followed (hall_id, day, later)
JOIN hall_days AS d ON d.hall_id = followed.hall_id AND d.day >= followed.day
WHERE d.day = followed.day OR followed.later AND d.begun_at IS NOT NULL;
