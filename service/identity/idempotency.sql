-- name: find
-- Read the stored answer of a key.
-- $1 text command id.
-- One row, or none.
SELECT fingerprint, answer
FROM acts
WHERE command_id = $1;

-- name: store_answer
-- Store a key and its answer; a concurrent request with the same key waits for this transaction.
-- $1 text command id, $2 bytea fingerprint, $3 timestamptz now, $4 json answer.
-- One row if the key was free, else none.
INSERT INTO acts (command_id, fingerprint, at, answer)
VALUES ($1, $2, $3, $4)
ON CONFLICT (command_id) DO NOTHING
RETURNING command_id;

-- name: sweep
-- Delete old keys.
-- $1 timestamptz: keys stored before it.
-- No rows.
DELETE FROM acts
WHERE at < $1;
