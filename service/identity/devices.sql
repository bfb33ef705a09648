-- name: create
-- Create a device.
-- $1 text hall, $2 uuid device, $3 text name, $4 text role, $5 bytea hash of its token, $6 timestamptz now.
-- No rows.
INSERT INTO devices (hall_id, id, name, role, hash, made_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: find
-- Find the device of a token.
-- $1 bytea hash of the token.
-- One row, or none.
SELECT hall_id, id, name, role, made_at, last_seen_at
FROM devices
WHERE hash = $1 AND revoked_at IS NULL;

-- name: record_use
-- Record when a device was last in use.
-- $1 text hall, $2 uuid device, $3 timestamptz now.
-- No rows.
UPDATE devices
SET last_seen_at = $3
WHERE hall_id = $1 AND id = $2;

-- name: of_hall
-- List the devices of a hall that are not revoked, oldest first.
-- $1 text hall, $2 uuid last device of the page before, $3 integer limit.
-- One row per device, or none.
SELECT hall_id, id, name, role, made_at, last_seen_at
FROM devices
WHERE hall_id = $1 AND id > $2 AND revoked_at IS NULL
ORDER BY id
LIMIT $3;

-- name: all
-- List the devices of all halls that are not revoked, by hall and id.
-- One row per device, or none.
SELECT hall_id, id, name, role, made_at, last_seen_at
FROM devices
WHERE revoked_at IS NULL
ORDER BY hall_id, id;

-- name: revoke
-- Revoke a device.
-- $1 text hall, $2 uuid device, $3 timestamptz now.
-- One row with the hash of its token; none if it is revoked or does not exist.
UPDATE devices
SET revoked_at = $3
WHERE hall_id = $1 AND id = $2 AND revoked_at IS NULL
RETURNING hash;
