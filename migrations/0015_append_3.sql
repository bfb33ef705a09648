-- Bookings cost no more where many have booked, and write what they change of the day's sums, not all of them.

-- What appends have changed of a day's sums since these were written whole: which entries have which value as of then.
-- To be taken over in the order of seq. They go when the sums are written whole again.
CREATE TABLE day_sum_changes (
    hall_id text NOT NULL,
    day date NOT NULL,
    seq integer NOT NULL,
    change json NOT NULL,
    CONSTRAINT sum_change_once PRIMARY KEY (hall_id, day, seq)
);

-- The appointments of an append, as JSON. Who has an ordinal keeps it; who needs one gets the lowest that is free, which
-- is beyond the limit when the person has as many as may be, and then refused. One that becomes free in this very append
-- is not given again: the constraint is not deferrable.
-- The plan of a statement is kept, and the first is made while the table is small: then any index that leads with the
-- hall seems as good as any other, and a rush would read all of the hall's appointments for each. Sorting is off, for
-- only person_limit_kept has a person's in the order of their ordinals.
CREATE FUNCTION append_appointments_3(of_hall text, of_day date, new_appointments json) RETURNS void
LANGUAGE plpgsql SET enable_sort = off AS $$
BEGIN
    INSERT INTO appointments (hall_id, id, day, n, code, service, starts_at, ends_at, state, count, channel,
        applicant_id, person, nth, nth_most, holder, expires_at, prechecked, invitation_id, partner, place, places,
        per_person, ticket_id, made_at, sequence, seq)
    SELECT of_hall, i.id, of_day, i.n, i.code, i.service, i.starts_at, i.ends_at, i.state, i.count, i.channel,
        i.applicant, i.person,
        CASE
            WHEN NOT i.counts THEN NULL
            WHEN i.kept_nth IS NOT NULL THEN i.kept_nth
            WHEN i.used + i.turn > i.per_person THEN i.per_person + 1
            WHEN i.used = 0 THEN i.turn
            ELSE (
                SELECT s.nth
                FROM generate_series(1, i.used + i.turn) AS s (nth)
                WHERE s.nth <> ALL (i.nths)
                ORDER BY s.nth
                OFFSET i.turn - 1
                LIMIT 1
            )
        END,
        CASE WHEN i.counts THEN coalesce(i.kept_most, i.per_person) END,
        i.holder, i.expires_at, i.prechecked, i.invitation, i.partner, i.place, i.places, i.per_person, i.ticket,
        i.made_at, i.sequence, i.seq
    FROM (
        SELECT a.*, a.person IS NOT NULL AND a.state IN ('held', 'booked') AS counts, has.*,
            count(*) FILTER (WHERE a.state IN ('held', 'booked') AND has.kept_nth IS NULL)
                OVER (PARTITION BY a.person ORDER BY a.n) AS turn
        FROM json_to_recordset(new_appointments) AS a (
            id uuid, n integer, code text, service text, starts_at timestamptz, ends_at timestamptz, state text,
            count integer, channel text, applicant uuid, person text, holder text, expires_at timestamptz,
            prechecked boolean, invitation uuid, partner text, place integer, places integer, per_person integer,
            ticket uuid, made_at timestamptz, sequence integer, seq integer
        )
        CROSS JOIN LATERAL (
            SELECT count(*) AS used, array_agg(o.nth) AS nths, max(o.nth) FILTER (WHERE o.id = a.id) AS kept_nth,
                max(o.nth_most) FILTER (WHERE o.id = a.id) AS kept_most
            FROM (
                SELECT p.id, p.nth, p.nth_most
                FROM appointments AS p
                WHERE p.hall_id = of_hall AND p.person = a.person AND p.nth IS NOT NULL
                ORDER BY p.nth
            ) AS o
        ) AS has
    ) AS i
    ORDER BY i.person, i.n -- two appends that wait for each other's persons do so in one order
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

-- One append to a day, as append_1, which stays for processes of the release before (append_2 was of no release): with
-- appointments, and what the tickets say of where they come from. new_revision and new_booked are NULL when they stay as
-- they were; new_sum_change says what has changed of the sums when they are not written whole.
-- Returns the database's clock, or NULL when another append was first: then nothing is written.
CREATE FUNCTION append_3(
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
    new_booked json,
    new_sum_change json
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
        PERFORM append_appointments_3(of_hall, of_day, new_appointments);
    END IF;

    IF new_booked IS NOT NULL THEN
        INSERT INTO day_sums (hall_id, day, booked)
        VALUES (of_hall, of_day, new_booked)
        ON CONFLICT (hall_id, day) DO UPDATE
        SET booked = excluded.booked;

        DELETE FROM day_sum_changes
        WHERE hall_id = of_hall AND day = of_day;
    END IF;

    IF new_sum_change IS NOT NULL THEN
        INSERT INTO day_sum_changes (hall_id, day, seq, change)
        VALUES (of_hall, of_day, seq_after, new_sum_change);
    END IF;

    IF new_uses IS NOT NULL THEN
        PERFORM use_invitations_2(of_hall, new_uses);
    END IF;

    RETURN clock_timestamp();
END
$$;

DROP FUNCTION append_2(text, date, integer, integer, uuid, uuid, json, json[], json, json, json, json, integer, json);
DROP FUNCTION append_appointments_2(text, date, json);
