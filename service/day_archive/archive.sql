-- name: store
-- Store the facts and figures of an ended day; another process may have stored them already.
-- $1 text hall, $2 date day, $3 integer last seq of the day, $4 json facts, $5 json figures.
-- No rows.
WITH facts_stored AS (
    INSERT INTO day_facts (hall_id, day, facts)
    VALUES ($1, $2, $4)
    ON CONFLICT (hall_id, day) DO NOTHING
)
INSERT INTO day_figures (hall_id, day, seq, figures)
VALUES ($1, $2, $3, $5)
ON CONFLICT (hall_id, day) DO UPDATE
SET seq = excluded.seq, figures = excluded.figures;
