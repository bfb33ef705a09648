-- name: note
-- Note what happened outside the journal.
-- $1 text hall, $2 uuid id, $3 timestamptz when, $4 text actor, $5 text kind, $6 json data.
-- No rows.
INSERT INTO audit (hall_id, id, at, actor, kind, data)
VALUES ($1, $2, $3, $4, $5, $6);
