-- name: attempt
-- Count an attempt as failed before it is verified, unless attempts with this key have to wait. An old count restarts.
-- $1 bytea key, $2 timestamptz now, $3 integer free attempts, $4 float8 longest wait in seconds, $5 float8 seconds after
-- which a count restarts.
-- One row if the attempt may be verified, else none.
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

-- name: count_draining
-- Count an attempt as failed in a count that decreases steadily; blocked_until is when the count reaches zero.
-- $1 bytea key, $2 timestamptz now, $3 float8 seconds in which the count decreases by one, $4 integer free failures.
-- One row if the attempt may be verified, else none.
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

-- name: uncount_draining
-- Uncount one failure in a count that decreases steadily.
-- $1 bytea key, $2 float8 seconds in which the count decreases by one.
-- No rows.
UPDATE sign_in_failures
SET blocked_until = blocked_until - make_interval(secs => $2)
WHERE key = $1;

-- name: blocked
-- Read until when attempts with a key have to wait; for a steadily decreasing count, when it reaches zero.
-- $1 bytea key.
-- One row, or none.
SELECT blocked_until
FROM sign_in_failures
WHERE key = $1;

-- name: reset
-- Reset a count after the correct password.
-- $1 bytea key.
-- No rows.
DELETE FROM sign_in_failures
WHERE key = $1;

-- name: uncount
-- Uncount one failure: the attempt was not verified.
-- $1 bytea key.
-- No rows.
UPDATE sign_in_failures
SET count = greatest(0, count - 1), blocked_until = last_at
WHERE key = $1;

-- name: sweep
-- Delete old counts.
-- $1 timestamptz: counts without a failure or a wait since then.
-- No rows.
DELETE FROM sign_in_failures
WHERE last_at < $1 AND blocked_until < $1;
