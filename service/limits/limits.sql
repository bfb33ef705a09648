-- name: spend
-- Take up to the wanted number of tokens from a bucket. A bucket that would be full later than an empty one was written
-- before the clock was set back; it counts as empty.
-- $1 bytea key, $2 timestamptz now, $3 integer wanted tokens, at most $5, $4 bigint microseconds in which one token
-- refills, $5 integer size of the bucket.
-- One row with the number of tokens granted (0 or more) and the time when the bucket is full again.
INSERT INTO allowances AS a (key, full_at, granted)
VALUES ($1, $2::timestamptz + $3::integer * $4::bigint * interval '1 microsecond', $3::integer)
ON CONFLICT (key) DO UPDATE
SET
    full_at = least(greatest(a.full_at, $2), $2 + $5 * $4 * interval '1 microsecond')
    + least(
        $3,
        greatest(0, $5 + floor(extract(EPOCH FROM $2 - greatest(a.full_at, $2)) * 1000000 / $4))
    )::integer * $4 * interval '1 microsecond',
    granted = least(
        $3,
        greatest(0, $5::integer + floor(extract(EPOCH FROM $2 - greatest(a.full_at, $2)) * 1000000 / $4))
    )::integer
RETURNING granted, full_at;

-- name: clear_full
-- Delete the buckets that are full again.
-- $1 timestamptz now.
-- One row per deleted bucket.
DELETE FROM allowances
WHERE full_at <= $1
RETURNING granted;
