-- name: registered
-- List the keyed hashes of the registered secrets.
-- One row per secret, oldest first; none before the first start.
SELECT known_by
FROM secrets
ORDER BY noted_at;

-- name: has_table
-- Tell whether the table of secrets exists; it does not before the migrations have run.
-- One row.
SELECT to_regclass('secrets') IS NOT NULL AS has_table;

-- name: lock
-- Prevent other transactions from changing the secrets until this one ends.
-- No row.
LOCK TABLE secrets IN SHARE ROW EXCLUSIVE MODE;

-- name: register
-- Register a secret.
-- $1 bytea keyed hash. No row.
INSERT INTO secrets (known_by)
VALUES ($1)
ON CONFLICT (known_by) DO NOTHING;

-- name: delete_replaced
-- Delete the secrets that are older than the signing one and not accepted any more.
-- $1 bytea[] keyed hashes of the accepted secrets, $2 bytea keyed hash of the signing secret. No row.
DELETE FROM secrets
WHERE known_by <> ALL ($1::bytea[]) AND noted_at < (SELECT noted_at FROM secrets WHERE known_by = $2);

-- name: delete_all
-- Delete all secrets.
-- No row.
DELETE FROM secrets;
