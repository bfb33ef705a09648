-- One append to a day: claims seq and head, then writes events, tickets and applicants; all or nothing.
--
-- A function, because on Citus a data-modifying CTE becomes a chain of distributed subplans, while a function
-- delegated by of_hall runs whole on the node of the hall. Versioned by its name: processes of two releases run at once.
--
-- Arrays are parallel, one element per event, ticket or applicant; missing codes are joined by commas.
-- Returns the database's clock, or NULL when another append was first: then nothing is written.
CREATE FUNCTION append_1(
    of_hall text,
    of_day date,
    seq_before integer,
    head_before uuid,
    this_append uuid,

    command_ids text[],
    parts integer[],
    fingerprints bytea[],
    ats timestamptz[],
    actors text[],
    kinds text[],
    bodies json[],

    ticket_ids uuid[],
    ns integer[],
    codes text[],
    numbers text[],
    services text[],
    stages text[],
    classes text[],
    first_classes text[],
    channels text[],
    states text[],
    admissions text[],
    counts integer[],
    precheckeds boolean[],
    ticket_applicant_ids uuid[],
    issued_ats timestamptz[],
    queue_ats timestamptz[],
    counters text[],
    last_counters text[],
    call_counts integer[],
    called_ats timestamptz[],
    started_ats timestamptz[],
    finished_ats timestamptz[],
    outcomes text[],
    missings text[],
    due_ons date[],
    left_reasons text[],
    seqs integer[],

    applicant_ids uuid[],
    names text[],
    phones text[],
    emails text[],
    locales text[]
) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hall_days
    SET seq = seq_before + cardinality(kinds), head = this_append
    WHERE hall_id = of_hall AND day = of_day AND seq = seq_before AND head = head_before;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    INSERT INTO events (hall_id, day, seq, append_id, command_id, part, fingerprint, at, actor, kind, body)
    SELECT of_hall, of_day, seq_before + e.nth, this_append, e.command_id, e.part, e.fingerprint, e.at, e.actor,
        e.kind, e.body
    FROM unnest(command_ids, parts, fingerprints, ats, actors, kinds, bodies) WITH ORDINALITY
        AS e (command_id, part, fingerprint, at, actor, kind, body, nth);

    IF cardinality(ticket_ids) > 0 THEN
        INSERT INTO tickets (hall_id, day, id, n, code, number, service, stage, class, first_class, channel,
            state, admission, count, prechecked, applicant_id, issued_at, queue_at, counter, last_counter, calls,
            called_at, started_at, finished_at, outcome, missing, due_on, left_reason, seq)
        SELECT of_hall, of_day, t.id, t.n, t.code, t.number, t.service, t.stage, t.class, t.first_class, t.channel,
            t.state, t.admission, t.count, t.prechecked, t.applicant_id, t.issued_at, t.queue_at, t.counter,
            t.last_counter, t.calls, t.called_at, t.started_at, t.finished_at, t.outcome,
            string_to_array(t.missing, ','), t.due_on, t.left_reason, t.seq
        FROM unnest(ticket_ids, ns, codes, numbers, services, stages, classes, first_classes, channels, states,
            admissions, counts, precheckeds, ticket_applicant_ids, issued_ats, queue_ats, counters, last_counters,
            call_counts, called_ats, started_ats, finished_ats, outcomes, missings, due_ons, left_reasons, seqs)
            AS t (id, n, code, number, service, stage, class, first_class, channel, state, admission, count,
                prechecked, applicant_id, issued_at, queue_at, counter, last_counter, calls, called_at, started_at,
                finished_at, outcome, missing, due_on, left_reason, seq)
        ON CONFLICT (hall_id, id) DO UPDATE
        SET service = excluded.service, stage = excluded.stage, class = excluded.class, state = excluded.state,
            admission = excluded.admission, count = excluded.count, prechecked = excluded.prechecked,
            applicant_id = excluded.applicant_id, queue_at = excluded.queue_at, counter = excluded.counter,
            last_counter = excluded.last_counter, calls = excluded.calls,
            called_at = excluded.called_at, started_at = excluded.started_at, finished_at = excluded.finished_at,
            outcome = excluded.outcome, missing = excluded.missing, due_on = excluded.due_on,
            left_reason = excluded.left_reason, seq = excluded.seq;
    END IF;

    IF cardinality(applicant_ids) > 0 THEN
        INSERT INTO applicants (hall_id, id, name, phone, email, locale, created_at)
        SELECT of_hall, a.id, a.name, a.phone, a.email, a.locale, clock_timestamp()
        FROM unnest(applicant_ids, names, phones, emails, locales) AS a (id, name, phone, email, locale)
        ON CONFLICT (hall_id, id) DO NOTHING;
    END IF;

    RETURN clock_timestamp();
END
$$;
