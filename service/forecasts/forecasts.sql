-- name: newer
-- The forecasts of some days that are newer than what is known of them.
-- $1 text[] halls, $2 date[] the day of each, $3 timestamptz[] when what is known of it was made.
-- One row per day found.
SELECT f.hall_id, f.day, f.body
FROM unnest($1::text[], $2::date[], $3::timestamptz[]) AS known (hall_id, day, made_at)
JOIN forecasts AS f ON f.hall_id = known.hall_id AND f.day = known.day AND f.made_at > known.made_at;

-- name: claim
-- Set out to make a day's forecast, unless it is good still, or another process set out a moment ago.
-- $1 text hall, $2 date day, $3 bigint its seq, $4 timestamptz now, $5 interval between two, $6 interval the longest.
-- One row, with what is there; none when it is not ours.
INSERT INTO forecasts AS f (hall_id, day, seq, made_at, claimed_at, body)
VALUES ($1, $2, 0, '-infinity', $4, 'null')
ON CONFLICT (hall_id, day) DO UPDATE
SET claimed_at = excluded.claimed_at
WHERE f.claimed_at <= $4 - $5::interval
    AND (f.seq <> $3 OR f.made_at <= $4 - $6::interval)
RETURNING f.body;

-- name: keep
-- Keep a forecast, as long as nobody else has set out since.
-- $1 text hall, $2 date day, $3 bigint the seq it is made of, $4 timestamptz when it is of, $5 timestamptz the claim,
-- $6 json body.
-- One row; none when another's is to come.
UPDATE forecasts
SET seq = $3, made_at = $4, body = $6
WHERE hall_id = $1 AND day = $2 AND claimed_at = $5
RETURNING seq;

-- name: forget
-- Drop the forecasts of days long over.
-- $1 timestamptz the instant before which they were made.
-- No rows.
DELETE FROM forecasts
WHERE claimed_at < $1;
