-- What a hall learns from its days.

-- What is remembered of a day that has ended, so that no night reads the events of two months again: how long visits
-- lasted, who came, who was waited for. Nothing of a person.
CREATE TABLE day_facts (
    hall_id text NOT NULL,
    day date NOT NULL,
    facts json NOT NULL,
    CONSTRAINT facts_once PRIMARY KEY (hall_id, day)
);

-- What was learned: weekday 0 is of all days, 1 to 7 of Mondays to Sundays. days is how many days it was learned from.
CREATE TABLE learned (
    hall_id text NOT NULL,
    weekday smallint NOT NULL,
    learned json NOT NULL,
    days integer NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT learned_once PRIMARY KEY (hall_id, weekday),
    CONSTRAINT learned_of_a_weekday_or_of_all CHECK (weekday BETWEEN 0 AND 7)
);

CREATE INDEX learned_by_change ON learned (changed_at);
