-- name: spend
-- Spend of a key's allowance in a window, unless it would be more than there is: what was spent in the window before
-- counts by the share of it that a window ending now still covers. A window that has begun for anybody is not left.
-- $1 bytea key, $2 bigint window, $3 float8 share of the window before, $4 integer most, $5 integer amount,
-- $6 timestamptz when this is forgotten.
-- One row with what is spent in the window now, or none when it would be too much.
INSERT INTO allowances AS a (key, window_no, spent, spent_before, ends_at)
VALUES ($1, $2, $5, 0, $6)
ON CONFLICT (key) DO UPDATE
SET
    window_no = greatest(a.window_no, $2),
    spent = $5 + CASE WHEN a.window_no >= $2 THEN a.spent ELSE 0 END,
    spent_before = CASE WHEN a.window_no >= $2 THEN a.spent_before WHEN a.window_no = $2 - 1 THEN a.spent ELSE 0 END,
    ends_at = greatest(a.ends_at, $6)
WHERE
    floor(
        $3::float8
        * CASE WHEN a.window_no >= $2 THEN a.spent_before WHEN a.window_no = $2 - 1 THEN a.spent ELSE 0 END
    )
    + CASE WHEN a.window_no >= $2 THEN a.spent ELSE 0 END
    + $5
    <= $4
RETURNING spent;

-- name: spent
-- What was spent of a key's allowance.
-- $1 bytea key.
-- One row, or none.
SELECT window_no, spent, spent_before, ends_at
FROM allowances
WHERE key = $1;

-- name: clear
-- Forget a key.
-- $1 bytea key.
-- One row when it was known, else none.
DELETE FROM allowances
WHERE key = $1
RETURNING spent;

-- name: clear_ended
-- Forget what counts for nothing any more.
-- $1 timestamptz now.
-- One row per key forgotten.
DELETE FROM allowances
WHERE ends_at <= $1
RETURNING spent;

-- name: clear_all
-- Forget everything.
-- One row per key forgotten.
DELETE FROM allowances
RETURNING spent;
