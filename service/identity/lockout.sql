-- name: attempt
-- Count an attempt as failed before it is made, unless its like has to wait; a count that is old begins anew.
-- $1 bytea key, $2 timestamptz now, $3 integer free attempts, $4 float8 the longest wait in seconds,
-- $5 float8 seconds after which what failed is forgotten.
-- One row when it may be made, else none.
INSERT INTO sign_in_failures AS f (key, count, last_at, blocked_until)
VALUES ($1, 1, $2, $2)
ON CONFLICT (key) DO UPDATE
SET count = CASE WHEN f.last_at + make_interval(secs => $5) <= $2 THEN 1 ELSE f.count + 1 END,
    last_at = $2,
    blocked_until = CASE
        WHEN f.last_at + make_interval(secs => $5) <= $2 OR f.count < $3 THEN $2
        ELSE $2 + make_interval(secs => least($4, power(2, least(f.count + 1 - $3, 30))))
    END
WHERE f.blocked_until <= $2 OR f.blocked_until > $2 + make_interval(secs => $4) -- the clock was set back
RETURNING f.count;

-- name: drop_in
-- Count an attempt as failed before it is made, where counts drain steadily; blocked_until is when it is drained.
-- $1 bytea key, $2 timestamptz now, $3 float8 seconds in which one drains, $4 integer how many need not wait.
-- One row when it may be made, else none.
INSERT INTO sign_in_failures AS f (key, count, last_at, blocked_until)
VALUES ($1, 1, $2::timestamptz, $2::timestamptz + make_interval(secs => $3))
ON CONFLICT (key) DO UPDATE
SET last_at = $2::timestamptz,
    blocked_until = CASE
        WHEN f.blocked_until > $2::timestamptz + make_interval(secs => $3 * $4) THEN $2::timestamptz -- the clock was set back
        ELSE greatest(f.blocked_until, $2::timestamptz)
    END + make_interval(secs => $3)
WHERE f.blocked_until <= $2::timestamptz + make_interval(secs => $3 * ($4 - 1))
    OR f.blocked_until > $2::timestamptz + make_interval(secs => $3 * $4)
RETURNING f.count;

-- name: drop_out
-- Count one failure less where counts drain steadily: that attempt did not fail.
-- $1 bytea key, $2 float8 seconds in which one drains.
-- No rows.
UPDATE sign_in_failures
SET blocked_until = blocked_until - make_interval(secs => $2)
WHERE key = $1;

-- name: blocked
-- Until when attempts of a kind have to wait; where counts drain steadily, until when something is counted.
-- $1 bytea key.
-- One row, or none.
SELECT blocked_until
FROM sign_in_failures
WHERE key = $1;

-- name: forget
-- Forget what failed: the right password came.
-- $1 bytea key.
-- No rows.
DELETE FROM sign_in_failures
WHERE key = $1;

-- name: take_back
-- Count one failure less: that attempt did not fail.
-- $1 bytea key.
-- No rows.
UPDATE sign_in_failures
SET count = greatest(0, count - 1), blocked_until = last_at
WHERE key = $1;

-- name: sweep
-- Remove what is forgotten.
-- $1 timestamptz the instant before which it is.
-- No rows.
DELETE FROM sign_in_failures
WHERE last_at < $1 AND blocked_until < $1;
