-- What reports are made of, and what operations watch.

-- The figures of a day that has ended, so that a report of two months reads as many rows and no events: counts and
-- seconds, nothing of a person. seq is the day's last: figures of another journal are not this day's.
CREATE TABLE day_figures (
    hall_id text NOT NULL,
    day date NOT NULL,
    seq integer NOT NULL,
    figures json NOT NULL,
    CONSTRAINT figures_once_per_day PRIMARY KEY (hall_id, day)
);

-- Requests for what is done online, which no journal has, for they are refused.
CREATE TABLE sent_online (
    hall_id text NOT NULL,
    day date NOT NULL,
    service text NOT NULL,
    requests integer NOT NULL,
    CONSTRAINT sent_online_once_per_service PRIMARY KEY (hall_id, day, service)
);

-- Lobby screens with a key of their own, and when each last showed what is true. zone is NULL for the whole hall.
CREATE TABLE screens (
    hall_id text NOT NULL,
    device uuid NOT NULL,
    zone text,
    seen_at timestamptz NOT NULL,
    CONSTRAINT screen_once PRIMARY KEY (hall_id, device)
);
