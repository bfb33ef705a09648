-- name: spend
-- Take out of a key's bucket, as much as there is of what is wanted. No bucket lacks more than it holds: one that is to be
-- full later than that was written before the clock was set back, and is empty.
-- $1 bytea key, $2 timestamptz now, $3 integer wanted, not more than a bucket holds, $4 bigint microseconds in which one
-- comes back, $5 integer how many a bucket holds.
-- One row with how many are granted, perhaps none, and when the bucket is full again.
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
-- Forget the buckets that are full again.
-- $1 timestamptz now.
-- One row per key forgotten.
DELETE FROM allowances
WHERE full_at <= $1
RETURNING granted;
