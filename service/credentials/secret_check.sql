-- name: known
-- What the secrets of this database are known by.
-- One row per secret, the oldest first; none before anybody has started.
SELECT known_by
FROM secrets
ORDER BY noted_at;

-- name: prepared
-- Tell whether there is a table of secrets: none in a database that no `serve` has prepared.
-- One row.
SELECT to_regclass('secrets') IS NOT NULL AS prepared;

-- name: lock
-- Let nobody else note a secret until the transaction ends.
-- No row.
LOCK TABLE secrets IN SHARE ROW EXCLUSIVE MODE;

-- name: note
-- Note a secret.
-- $1 bytea what it is known by. No row.
INSERT INTO secrets (known_by)
VALUES ($1)
ON CONFLICT (known_by) DO NOTHING;

-- name: drop_replaced
-- Drop the secrets that are older than the one that signs and are accepted no more.
-- $1 bytea[] what is accepted is known by, $2 bytea what the one that signs is known by. No row.
DELETE FROM secrets
WHERE known_by <> ALL ($1::bytea[]) AND noted_at < (SELECT noted_at FROM secrets WHERE known_by = $2);

-- name: drop_all
-- Drop all secrets.
-- No row.
DELETE FROM secrets;
