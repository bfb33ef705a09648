-- name: session
-- Let a migration, and the wait for another's, take as long as it takes, whatever the role has; end one whose process
-- stalls or is lost, for everybody waits for its locks. Until the connection ends.
-- One row.
SELECT set_config('statement_timeout', '0', FALSE), set_config('lock_timeout', '0', FALSE),
    set_config('idle_in_transaction_session_timeout', '10s', FALSE),
    set_config('client_connection_check_interval', '5s', FALSE);

-- name: lock
-- Wait for whoever migrates this database now; held until the connection ends.
-- $1 bigint key. One row.
SELECT pg_advisory_lock($1);

-- name: listed
-- Tell whether there is a list of what was applied.
-- One row.
SELECT to_regclass('schema_migrations') IS NOT NULL AS listed;

-- name: create
-- The list of what was applied.
-- No row.
CREATE TABLE schema_migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_once PRIMARY KEY (name)
);

-- name: applied
-- What was applied.
-- One row per migration, in order.
SELECT name, checksum
FROM schema_migrations
ORDER BY name;

-- name: note
-- Note that a migration was applied.
-- $1 text name, $2 text checksum. No row.
INSERT INTO schema_migrations (name, checksum)
VALUES ($1, $2);

-- name: lock_timeout
-- Let a migration give way to the hall's work rather than queue everybody behind it; until the transaction ends.
-- No row.
SET LOCAL lock_timeout = '2s';
