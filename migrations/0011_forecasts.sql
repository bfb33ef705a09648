-- What is forecast for the days in use: nothing that happened, so it is not in the journal, and lost it is made anew.

-- seq is the day's whose events it is made of, made_at the instant whose waits it tells. claimed_at is when a process
-- last set out to make it: who finds it older than a second may claim the row, and who claimed it last may write.
CREATE UNLOGGED TABLE forecasts (
    hall_id text NOT NULL,
    day date NOT NULL,
    seq bigint NOT NULL,
    made_at timestamptz NOT NULL,
    claimed_at timestamptz NOT NULL,
    body json NOT NULL,
    CONSTRAINT one_forecast_per_day PRIMARY KEY (hall_id, day)
);
