-- name: begin
-- Keep a session of an account, if it may sign in and its password is still the one by which, or without which, somebody
-- was let in. Who changes the account at the same moment waits for this, or this for them.
-- $1 bytea hash, $2 uuid account, $3 text the password's hash or null, $4 timestamptz now, $5 timestamptz its end.
-- One row, or none where the account was disabled, or the password is another.
INSERT INTO sessions (hash, account_id, made_at, expires_at)
SELECT $1, a.id, $4, $5
FROM accounts AS a
WHERE a.id = $2 AND a.password IS NOT DISTINCT FROM $3 AND NOT a.disabled
FOR SHARE
RETURNING hash;

-- name: begin_of_admin
-- Keep a session of the admin.
-- $1 bytea hash, $2 bytea the admin's key, $3 timestamptz now, $4 timestamptz its end.
-- No rows.
INSERT INTO sessions (hash, admin_key, made_at, expires_at)
VALUES ($1, $2, $3, $4);

-- name: find
-- A session that has not ended.
-- $1 bytea hash, $2 timestamptz now.
-- One row, or none.
SELECT account_id, admin_key, made_at, expires_at
FROM sessions
WHERE hash = $1 AND expires_at > $2;

-- name: renew
-- Let a session last longer.
-- $1 bytea hash, $2 timestamptz its new end.
-- No rows.
UPDATE sessions
SET expires_at = $2
WHERE hash = $1;

-- name: end
-- End a session.
-- $1 bytea hash.
-- No rows.
DELETE FROM sessions
WHERE hash = $1;

-- name: end_of_account
-- End the sessions of an account, but perhaps for one.
-- $1 uuid account, $2 bytea hash of the one that stays, or null.
-- No rows.
DELETE FROM sessions
WHERE account_id = $1 AND hash IS DISTINCT FROM $2;

-- name: end_of_admin
-- End all sessions of the admin.
-- No rows.
DELETE FROM sessions
WHERE account_id IS NULL;

-- name: sweep
-- Remove sessions that have ended.
-- $1 timestamptz now.
-- No rows.
DELETE FROM sessions
WHERE expires_at <= $1;
