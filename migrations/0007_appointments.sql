-- Appointments: booked places in the slots of a day, which may be far ahead of the present one.

-- begun_at is when the day first became the hall's present one: days begin in order, though they are opened, by a
-- booking, in any. Its default is for processes of the release before, which open the present day and no other.
-- revision is that of the hall's document in the day's plan, written by the append that changed it.
ALTER TABLE hall_days
    ADD COLUMN begun_at timestamptz,
    ADD COLUMN revision integer;

UPDATE hall_days AS d
SET begun_at = d.opened_at, revision = (
    SELECT (e.body -> 'plan' ->> 'revision')::integer
    FROM events AS e
    WHERE e.hall_id = d.hall_id AND e.day = d.day AND e.kind IN ('day_opened', 'plan_changed')
    ORDER BY e.seq DESC
    LIMIT 1
);

ALTER TABLE hall_days ALTER COLUMN begun_at SET DEFAULT clock_timestamp();

-- The sums of a day's bookings, which its slots are reckoned from, as of the append that changed them last. Apart from
-- hall_days, whose row every append writes anew.
CREATE TABLE day_sums (
    hall_id text NOT NULL,
    day date NOT NULL,
    booked json NOT NULL,
    CONSTRAINT sums_once_per_day PRIMARY KEY (hall_id, day)
) WITH (fillfactor = 50);

-- The last state of each appointment, written by the append that changed it; day is that of its slot, and changes when
-- it is moved to another. place is the one it has of its start's places, n the order of making in its day. person is a
-- keyed hash of a phone or an address, nth the ordinal among that person's appointments to come and nth_most the limit as
-- of when it was given: NULL when this is none of them.
CREATE TABLE appointments (
    hall_id text NOT NULL,
    id uuid NOT NULL,
    day date NOT NULL,
    n integer NOT NULL,
    code text NOT NULL,
    service text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    state text NOT NULL,
    count integer NOT NULL,
    channel text NOT NULL,
    applicant_id uuid,
    person text,
    nth integer,
    nth_most integer,
    holder text,
    expires_at timestamptz,
    prechecked boolean NOT NULL,
    invitation_id uuid,
    partner text,
    place integer NOT NULL,
    places integer NOT NULL,
    per_person integer NOT NULL,
    ticket_id uuid,
    made_at timestamptz NOT NULL,
    sequence integer NOT NULL,
    seq integer NOT NULL,
    CONSTRAINT appointment_once PRIMARY KEY (hall_id, id), -- an id is found without its day
    CONSTRAINT appointment_code_once_per_hall UNIQUE (hall_id, code),
    CONSTRAINT appointment_state CHECK (state IN ('held', 'booked', 'checked_in', 'cancelled', 'expired', 'missed')),
    CONSTRAINT appointment_checked_in CHECK ((ticket_id IS NOT NULL) = (state = 'checked_in')),
    -- places is what the start had as of the booking: a later, smaller plan makes no booking wrong
    CONSTRAINT place_within_slot CHECK (place BETWEEN 1 AND places),
    -- deferrable: within one append a booking may stand in the array before the one that leaves its place
    CONSTRAINT slot_not_oversold EXCLUDE USING btree (hall_id WITH =, day WITH =, starts_at WITH =, place WITH =)
        WHERE (state IN ('held', 'booked', 'checked_in')) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT person_once_per_start EXCLUDE USING btree (hall_id WITH =, person WITH =, starts_at WITH =)
        WHERE (person IS NOT NULL AND state IN ('held', 'booked', 'checked_in')) DEFERRABLE INITIALLY IMMEDIATE,
    -- not deferrable: of two days that book for one person at once the second waits for the first, and is refused
    -- before it has written anything the first could wait for
    CONSTRAINT person_limit_kept UNIQUE (hall_id, person, nth),
    CONSTRAINT person_within_limit CHECK (nth BETWEEN 1 AND nth_most),
    CONSTRAINT ordinal_of_those_to_come CHECK (
        (nth IS NOT NULL) = (person IS NOT NULL AND state IN ('held', 'booked'))
    )
) WITH (fillfactor = 80);

CREATE INDEX appointments_by_day ON appointments (hall_id, day, n);
CREATE INDEX appointments_held ON appointments (expires_at) WHERE state = 'held';

ALTER TABLE tickets
    ADD COLUMN appointment_id uuid,
    ADD COLUMN returns_of uuid,
    ADD COLUMN invitation_id uuid,
    ADD CONSTRAINT conditional_used_once EXCLUDE USING btree (hall_id WITH =, returns_of WITH =)
        WHERE (returns_of IS NOT NULL);

-- What partners have given out. used_by is the appointment or ticket that it was used for, as invitation_uses has it.
CREATE TABLE invitations (
    hall_id text NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    partner text NOT NULL,
    batch uuid NOT NULL,
    service text,
    prechecked boolean NOT NULL,
    releases_at timestamptz,
    person text,
    applicant_id uuid,
    made_at timestamptz NOT NULL,
    revoked_at timestamptz,
    used_by uuid,
    CONSTRAINT invitation_once PRIMARY KEY (hall_id, id),
    CONSTRAINT invitation_code_once UNIQUE (hall_id, code)
);

-- Which appointment to come, or which ticket, an invitation is used for: a table of its own, for both may use it. The
-- ticket of an appointment uses its appointment's. An appointment that is cancelled, expired or missed gives it back.
CREATE TABLE invitation_uses (
    hall_id text NOT NULL,
    invitation_id uuid NOT NULL,
    used_by uuid NOT NULL,
    CONSTRAINT invitation_used_once PRIMARY KEY (hall_id, invitation_id)
);

CREATE INDEX invitation_uses_by_user ON invitation_uses (hall_id, used_by);

-- The appointments of an append, as JSON. Who has an ordinal keeps it; who needs one gets the lowest that is free, which
-- is beyond the limit when the person has as many as may be, and then refused. One that becomes free in this very append
-- is not given again: the constraint is not deferrable.
CREATE FUNCTION append_appointments_2(of_hall text, of_day date, new_appointments json) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH incoming AS MATERIALIZED (
        SELECT a.id, a.n, a.code, a.service, a.starts_at, a.ends_at, a.state, a.count, a.channel, a.applicant, a.person,
            a.holder, a.expires_at, a.prechecked, a.invitation, a.partner, a.place, a.places, a.per_person, a.ticket,
            a.made_at, a.sequence, a.seq, a.person IS NOT NULL AND a.state IN ('held', 'booked') AS counts
        FROM json_to_recordset(new_appointments) AS a (
            id uuid, n integer, code text, service text, starts_at timestamptz, ends_at timestamptz, state text,
            count integer, channel text, applicant uuid, person text, holder text, expires_at timestamptz,
            prechecked boolean, invitation uuid, partner text, place integer, places integer, per_person integer,
            ticket uuid, made_at timestamptz, sequence integer, seq integer
        )
    ), kept AS (
        SELECT i.id, o.nth, o.nth_most
        FROM incoming AS i
        JOIN appointments AS o ON o.hall_id = of_hall AND o.id = i.id
        WHERE i.counts AND o.person = i.person AND o.nth IS NOT NULL
    ), wanting AS (
        SELECT i.id, i.person, i.per_person, row_number() OVER (PARTITION BY i.person ORDER BY i.n) AS turn
        FROM incoming AS i
        WHERE i.counts AND NOT EXISTS (SELECT FROM kept AS k WHERE k.id = i.id)
    ), ordinals AS (
        SELECT id, nth, nth_most
        FROM kept
        UNION ALL
        SELECT w.id, CASE WHEN used.many + w.turn > w.per_person THEN w.per_person + 1 ELSE free.nth END, w.per_person
        FROM wanting AS w
        CROSS JOIN LATERAL (
            SELECT count(*) AS many
            FROM appointments AS o
            WHERE o.hall_id = of_hall AND o.person = w.person AND o.nth IS NOT NULL
        ) AS used
        CROSS JOIN LATERAL (
            SELECT s.nth
            FROM generate_series(1, used.many + w.turn) AS s (nth)
            WHERE NOT EXISTS (
                SELECT FROM appointments AS o WHERE o.hall_id = of_hall AND o.person = w.person AND o.nth = s.nth
            )
            ORDER BY s.nth
            OFFSET w.turn - 1
            LIMIT 1
        ) AS free
    )
    INSERT INTO appointments (hall_id, id, day, n, code, service, starts_at, ends_at, state, count, channel,
        applicant_id, person, nth, nth_most, holder, expires_at, prechecked, invitation_id, partner, place, places,
        per_person, ticket_id, made_at, sequence, seq)
    SELECT of_hall, i.id, of_day, i.n, i.code, i.service, i.starts_at, i.ends_at, i.state, i.count, i.channel,
        i.applicant, i.person, o.nth, o.nth_most, i.holder, i.expires_at, i.prechecked, i.invitation, i.partner,
        i.place, i.places, i.per_person, i.ticket, i.made_at, i.sequence, i.seq
    FROM incoming AS i
    LEFT JOIN ordinals AS o ON o.id = i.id
    ORDER BY i.person, o.nth -- two appends that wait for each other's persons do so in one order
    ON CONFLICT (hall_id, id) DO UPDATE
    SET day = excluded.day, n = excluded.n, service = excluded.service, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, state = excluded.state, count = excluded.count, channel = excluded.channel,
        applicant_id = excluded.applicant_id, person = excluded.person, nth = excluded.nth,
        nth_most = excluded.nth_most, holder = excluded.holder, expires_at = excluded.expires_at,
        prechecked = excluded.prechecked, invitation_id = excluded.invitation_id, partner = excluded.partner,
        place = excluded.place, places = excluded.places, per_person = excluded.per_person,
        ticket_id = excluded.ticket_id, sequence = excluded.sequence, seq = excluded.seq;
END
$$;

-- The invitations that an append uses or gives back, as JSON.
CREATE FUNCTION use_invitations_2(of_hall text, new_uses json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM invitation_uses AS o
    USING json_to_recordset(new_uses) AS u (invitation uuid, used_by uuid, used boolean)
    WHERE NOT u.used AND o.hall_id = of_hall AND o.invitation_id = u.invitation AND o.used_by = u.used_by;

    INSERT INTO invitation_uses (hall_id, invitation_id, used_by)
    SELECT DISTINCT of_hall, u.invitation, u.used_by
    FROM json_to_recordset(new_uses) AS u (invitation uuid, used_by uuid, used boolean)
    WHERE u.used AND NOT EXISTS (
        SELECT FROM invitation_uses AS o
        WHERE o.hall_id = of_hall AND o.invitation_id = u.invitation AND o.used_by = u.used_by
    );

    UPDATE invitations AS i
    SET used_by = (SELECT o.used_by FROM invitation_uses AS o WHERE o.hall_id = of_hall AND o.invitation_id = i.id)
    FROM json_to_recordset(new_uses) AS u (invitation uuid, used_by uuid, used boolean)
    WHERE i.hall_id = of_hall AND i.id = u.invitation;
END
$$;

-- One append to a day, as append_1, which stays for processes of the release before: with appointments, and what the
-- tickets say of where they come from. new_revision and new_booked are NULL when they stay as they were.
-- Returns the database's clock, or NULL when another append was first: then nothing is written.
CREATE FUNCTION append_2(
    of_hall text,
    of_day date,
    seq_before integer,
    seq_after integer,
    head_before uuid,
    this_append uuid,
    new_events json,
    bodies json[],
    new_tickets json,
    new_applicants json,
    new_appointments json,
    new_uses json,
    new_revision integer,
    new_booked json
) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall_days
    SET seq = seq_after, head = this_append, revision = coalesce(new_revision, revision)
    WHERE hall_id = of_hall AND day = of_day AND seq = seq_before AND head = head_before;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    INSERT INTO events (hall_id, day, seq, append_id, command_id, part, fingerprint, at, actor, kind, body)
    SELECT of_hall, of_day, e.seq, this_append, e.command_id, e.part, decode(e.fingerprint, 'base64'), e.at, e.actor,
        e.kind, bodies[e.seq - seq_before]
    FROM json_to_recordset(new_events) AS e (
        seq integer, command_id text, part integer, fingerprint text, at timestamptz, actor text, kind text
    );

    IF new_tickets IS NOT NULL THEN
        INSERT INTO tickets AS old (hall_id, day, id, n, code, number, service, stage, class, first_class, channel,
            state, admission, count, prechecked, applicant_id, issued_at, queue_at, counter, last_counter, calls,
            called_at, started_at, finished_at, outcome, missing, due_on, left_reason, seq, appointment_id, returns_of,
            invitation_id)
        SELECT of_hall, of_day, t.id, t.n, t.code, t.number, t.service, t.stage, t.class, t.first_class, t.channel,
            t.state, t.admission, t.count, t.prechecked, t.applicant, t.issued_at, t.queue_at, t.counter,
            t.last_counter, t.calls, t.called_at, t.started_at, t.finished_at, t.outcome, t.missing, t.due_on,
            t.left_reason, t.seq, t.appointment, t.returns_of, t.invitation
        FROM json_to_recordset(new_tickets) AS t (
            id uuid, n integer, code text, number text, service text, stage text, class text, first_class text,
            channel text, state text, admission text, count integer, prechecked boolean, applicant uuid,
            issued_at timestamptz, queue_at timestamptz, counter text, last_counter text, calls integer,
            called_at timestamptz, started_at timestamptz, finished_at timestamptz, outcome text, missing text[],
            due_on date, left_reason text, seq integer, appointment uuid, returns_of uuid, invitation uuid
        )
        ON CONFLICT (hall_id, id) DO UPDATE
        SET service = excluded.service, stage = excluded.stage, class = excluded.class, state = excluded.state,
            admission = excluded.admission, count = excluded.count, prechecked = excluded.prechecked,
            applicant_id = excluded.applicant_id, queue_at = excluded.queue_at, counter = excluded.counter,
            last_counter = coalesce(excluded.last_counter, old.last_counter), calls = excluded.calls,
            called_at = excluded.called_at, started_at = excluded.started_at, finished_at = excluded.finished_at,
            outcome = excluded.outcome, missing = excluded.missing, due_on = excluded.due_on,
            left_reason = excluded.left_reason, seq = excluded.seq;
    END IF;

    IF new_applicants IS NOT NULL THEN
        INSERT INTO applicants (hall_id, id, name, phone, email, locale, created_at)
        SELECT of_hall, a.id, a.name, a.phone, a.email, a.locale, clock_timestamp()
        FROM json_to_recordset(new_applicants) AS a (id uuid, name text, phone text, email text, locale text)
        ON CONFLICT (hall_id, id) DO NOTHING;
    END IF;

    IF new_appointments IS NOT NULL THEN
        PERFORM append_appointments_2(of_hall, of_day, new_appointments);
    END IF;

    IF new_booked IS NOT NULL THEN
        INSERT INTO day_sums (hall_id, day, booked)
        VALUES (of_hall, of_day, new_booked)
        ON CONFLICT (hall_id, day) DO UPDATE
        SET booked = excluded.booked;
    END IF;

    IF new_uses IS NOT NULL THEN
        PERFORM use_invitations_2(of_hall, new_uses);
    END IF;

    RETURN clock_timestamp();
END
$$;
