-- name: keep
-- Keep the facts and the figures of a day that has ended; another process may have done so.
-- $1 text hall, $2 date day, $3 integer its seq, $4 json facts, $5 json figures.
-- No rows.
WITH learned_of AS (
    INSERT INTO day_facts (hall_id, day, facts)
    VALUES ($1, $2, $4)
    ON CONFLICT (hall_id, day) DO NOTHING
)
INSERT INTO day_figures (hall_id, day, seq, figures)
VALUES ($1, $2, $3, $5)
ON CONFLICT (hall_id, day) DO UPDATE
SET seq = excluded.seq, figures = excluded.figures;
