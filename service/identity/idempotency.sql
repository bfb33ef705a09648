-- name: find
-- What was done under a key.
-- $1 text command.
-- One row, or none.
SELECT fingerprint, answer
FROM acts
WHERE command_id = $1;

-- name: store_answer
-- Claim a key for what is being done; two at once wait for each other.
-- $1 text command, $2 bytea fingerprint, $3 timestamptz now, $4 json answer.
-- One row when it was free, else none.
INSERT INTO acts (command_id, fingerprint, at, answer)
VALUES ($1, $2, $3, $4)
ON CONFLICT (command_id) DO NOTHING
RETURNING command_id;

-- name: sweep
-- Remove what need not be remembered any more.
-- $1 timestamptz the instant before which it was done.
-- No rows.
DELETE FROM acts
WHERE at < $1;
