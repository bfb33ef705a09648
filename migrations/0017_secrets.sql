-- Which secrets this database goes by: a keyed hash by each, which tells nothing of it. A process that has none of them
-- would take everybody's tokens for nobody's, so it does not start.
CREATE TABLE secrets (
    known_by bytea NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT secret_noted_once PRIMARY KEY (known_by)
);
