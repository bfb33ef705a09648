-- Halls, their days, what happened on them, and the tickets as they are now.
-- Every key leads with hall_id and nothing refers across halls, so that Citus can keep each hall whole on one node:
-- distribute every table by hall_id. Constraints are named as the rules they hold.

CREATE TABLE halls (
    hall_id text NOT NULL,
    document json NOT NULL,
    revision integer NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT hall_once PRIMARY KEY (hall_id)
);

-- seq counts the day's events from 1 without gaps; head is the id of the last append. An append claims both.
CREATE TABLE hall_days (
    hall_id text NOT NULL,
    day date NOT NULL,
    seq integer NOT NULL,
    head uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    CONSTRAINT day_once PRIMARY KEY (hall_id, day)
) WITH (fillfactor = 50); -- every append updates a row in place

-- body is json: jsonb is a third larger and refuses \u0000.
CREATE TABLE events (
    hall_id text NOT NULL,
    day date NOT NULL,
    seq integer NOT NULL,
    append_id uuid NOT NULL,
    command_id text NOT NULL,
    part integer NOT NULL,
    fingerprint bytea,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    body json NOT NULL,
    CONSTRAINT event_once PRIMARY KEY (hall_id, day, seq),
    CONSTRAINT command_done_once UNIQUE (hall_id, day, command_id, part)
);

-- The last state of each ticket, written by the append that changed it. counter is where the person is now,
-- last_counter where they were last; seq is the day's seq as of the last change.
CREATE TABLE tickets (
    hall_id text NOT NULL,
    day date NOT NULL,
    id uuid NOT NULL,
    n integer NOT NULL,
    code text NOT NULL,
    number text NOT NULL,
    service text NOT NULL,
    stage text NOT NULL,
    class text NOT NULL,
    first_class text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    admission text NOT NULL,
    count integer NOT NULL,
    prechecked boolean NOT NULL,
    applicant_id uuid,
    issued_at timestamptz NOT NULL,
    queue_at timestamptz NOT NULL,
    counter text,
    last_counter text,
    calls integer NOT NULL,
    called_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    outcome text,
    missing text[] NOT NULL,
    due_on date,
    left_reason text,
    seq integer NOT NULL,
    CONSTRAINT ticket_once PRIMARY KEY (hall_id, id), -- an id is found without its day
    CONSTRAINT number_once_per_day UNIQUE (hall_id, day, number),
    CONSTRAINT code_once_per_hall UNIQUE (hall_id, code),
    CONSTRAINT ticket_state CHECK (state IN ('waiting', 'called', 'serving', 'parked', 'no_show', 'left', 'done')),
    CONSTRAINT at_a_counter CHECK ((counter IS NOT NULL) = (state IN ('called', 'serving'))),
    -- deferrable: within one append the next person may stand in the array before the one who leaves
    CONSTRAINT one_person_per_counter EXCLUDE USING btree (hall_id WITH =, day WITH =, counter WITH =)
        WHERE (counter IS NOT NULL) DEFERRABLE INITIALLY IMMEDIATE
) WITH (fillfactor = 80); -- a ticket changes several times in its hour

-- The only table with personal data: it may be erased at any time, and nothing refers to it but by id.
CREATE TABLE applicants (
    hall_id text NOT NULL,
    id uuid NOT NULL,
    name text,
    phone text,
    email text,
    locale text,
    created_at timestamptz NOT NULL,
    CONSTRAINT applicant_once PRIMARY KEY (hall_id, id)
);
