-- name: newer
-- Read the forecasts of days that are newer than the cached ones.
-- $1 text[] halls, $2 date[] day of each, $3 timestamptz[] when the cached forecast of each was made.
-- One row per day with a newer forecast.
SELECT f.hall_id, f.day, f.body
FROM unnest($1::text[], $2::date[], $3::timestamptz[]) AS known (hall_id, day, made_at)
JOIN forecasts AS f ON f.hall_id = known.hall_id AND f.day = known.day AND f.made_at > known.made_at;

-- name: claim
-- Claim the computation of a day's forecast, unless it is not due or another process has just claimed it.
-- $1 text hall, $2 date day, $3 bigint seq of the day, $4 timestamptz now, $5 interval minimum between two claims,
-- $6 interval maximum age of a forecast.
-- One row with the present forecast (json null: none) if it was claimed, else none.
INSERT INTO forecasts AS f (hall_id, day, seq, made_at, claimed_at, body)
VALUES ($1, $2, 0, '-infinity', $4, 'null')
ON CONFLICT (hall_id, day) DO UPDATE
SET claimed_at = excluded.claimed_at
WHERE f.claimed_at <= $4 - $5::interval
    AND (f.seq <> $3 OR f.made_at <= $4 - $6::interval)
RETURNING f.body;

-- name: store
-- Store a forecast, if the claim is still the last one.
-- $1 text hall, $2 date day, $3 bigint seq of the day, $4 timestamptz time of the forecast, $5 timestamptz time of the
-- claim, $6 json body.
-- One row if it was stored; none if another process has claimed the day since.
UPDATE forecasts
SET seq = $3, made_at = $4, body = $6
WHERE hall_id = $1 AND day = $2 AND claimed_at = $5
RETURNING seq;

-- name: delete_old
-- Delete old forecasts.
-- $1 timestamptz: forecasts claimed before it.
-- No rows.
DELETE FROM forecasts
WHERE claimed_at < $1;
