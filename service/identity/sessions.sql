-- name: begin
-- Begin a session of an account, if it is not disabled and its password hash (NULL: no password) is unchanged since it
-- was verified. Locks the account against concurrent changes.
-- $1 bytea hash of the token, $2 uuid account, $3 text password hash or NULL, $4 timestamptz now, $5 timestamptz end.
-- One row, or none if the account is disabled or the password has changed.
INSERT INTO sessions (hash, account_id, made_at, expires_at)
SELECT $1, a.id, $4, $5
FROM accounts AS a
WHERE a.id = $2 AND a.password IS NOT DISTINCT FROM $3 AND NOT a.disabled
FOR SHARE
RETURNING hash;

-- name: begin_of_admin
-- Begin a session of the admin.
-- $1 bytea hash of the token, $2 bytea admin key, $3 timestamptz now, $4 timestamptz end.
-- No rows.
INSERT INTO sessions (hash, admin_key, made_at, expires_at)
VALUES ($1, $2, $3, $4);

-- name: find
-- Find a session that has not ended.
-- $1 bytea hash of the token, $2 timestamptz now.
-- One row, or none.
SELECT account_id, admin_key, made_at, expires_at
FROM sessions
WHERE hash = $1 AND expires_at > $2;

-- name: renew
-- Renew a session.
-- $1 bytea hash of the token, $2 timestamptz new end.
-- No rows.
UPDATE sessions
SET expires_at = $2
WHERE hash = $1;

-- name: end
-- End a session.
-- $1 bytea hash of the token.
-- No rows.
DELETE FROM sessions
WHERE hash = $1;

-- name: end_of_account
-- End the sessions of an account.
-- $1 uuid account, $2 bytea hash of a session to keep, or NULL.
-- No rows.
DELETE FROM sessions
WHERE account_id = $1 AND hash IS DISTINCT FROM $2;

-- name: end_of_admin
-- End all sessions of the admin.
-- No rows.
DELETE FROM sessions
WHERE account_id IS NULL;

-- name: sweep
-- Delete sessions that have ended.
-- $1 timestamptz now.
-- No rows.
DELETE FROM sessions
WHERE expires_at <= $1;
