-- name: session
-- Set the timeouts of this connection: none for statements and locks, whatever the role has. A transaction whose process
-- stalls or disappears ends soon, because other statements wait for its locks.
-- One row.
SELECT set_config('statement_timeout', '0', FALSE), set_config('lock_timeout', '0', FALSE),
    set_config('idle_in_transaction_session_timeout', '10s', FALSE),
    set_config('client_connection_check_interval', '5s', FALSE);

-- name: lock
-- Wait for the lock of migrations; it is held until the connection ends.
-- $1 bigint key.
-- One row.
SELECT pg_advisory_lock($1);

-- name: listed
-- Tell whether the table of applied migrations exists.
-- One row.
SELECT to_regclass('schema_migrations') IS NOT NULL AS listed;

-- name: create
-- Create the table of applied migrations.
-- No rows.
CREATE TABLE schema_migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_once PRIMARY KEY (name)
);

-- name: applied
-- Return the applied migrations.
-- One row per migration, by name.
SELECT name, checksum
FROM schema_migrations
ORDER BY name;

-- name: insert
-- Record an applied migration.
-- $1 text name, $2 text checksum.
-- No rows.
INSERT INTO schema_migrations (name, checksum)
VALUES ($1, $2);

-- name: lock_timeout
-- Limit the wait for locks in this transaction: other statements would queue behind it.
-- No rows.
SET LOCAL lock_timeout = '2s';
