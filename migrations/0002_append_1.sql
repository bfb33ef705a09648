-- One append to a day: claims seq and head, then writes events, tickets and applicants; all or nothing.
--
-- A function, because on Citus a data-modifying CTE becomes a chain of distributed subplans, while a function
-- delegated by of_hall runs whole on the node of the hall. Versioned by its name: processes of two releases run at once.
--
-- The rows come as JSON, for a driver writes one text far quicker than forty arrays; fingerprints are base64. Bodies
-- come beside them, in the same order, for nothing may look inside: they may hold \u0000, which no text can.
-- Returns the database's clock, or NULL when another append was first: then nothing is written.
CREATE FUNCTION append_1(
    of_hall text,
    of_day date,
    seq_before integer,
    seq_after integer,
    head_before uuid,
    this_append uuid,
    new_events json,
    bodies json[],
    new_tickets json,
    new_applicants json
) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall_days
    SET seq = seq_after, head = this_append
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
            called_at, started_at, finished_at, outcome, missing, due_on, left_reason, seq)
        SELECT of_hall, of_day, t.id, t.n, t.code, t.number, t.service, t.stage, t.class, t.first_class, t.channel,
            t.state, t.admission, t.count, t.prechecked, t.applicant, t.issued_at, t.queue_at, t.counter,
            t.last_counter, t.calls, t.called_at, t.started_at, t.finished_at, t.outcome, t.missing, t.due_on,
            t.left_reason, t.seq
        FROM json_to_recordset(new_tickets) AS t (
            id uuid, n integer, code text, number text, service text, stage text, class text, first_class text,
            channel text, state text, admission text, count integer, prechecked boolean, applicant uuid,
            issued_at timestamptz, queue_at timestamptz, counter text, last_counter text, calls integer,
            called_at timestamptz, started_at timestamptz, finished_at timestamptz, outcome text, missing text[],
            due_on date, left_reason text, seq integer
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

    RETURN clock_timestamp();
END
$$;
