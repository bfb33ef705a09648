-- What time has ended is written down in the append that needs its place: a person whose hold is over, or who was missed,
-- may book again in the same moment. Called as before, so processes of before this migration go on with it, rightly.

-- The appointments of an append, as JSON. Who has an ordinal keeps it; who needs one gets the lowest that is free, which
-- is beyond the limit when the person has as many as may be, and then refused. Those that are not to come any more are
-- written first, in a statement of their own: the ordinals they leave are free for the others of the same append.
-- The plan of a statement is kept, and the first is made while the table is small: then any index that leads with the
-- hall seems as good as any other, and a rush would read all of the hall's appointments for each. Sorting is off, for
-- only person_limit_kept has a person's in the order of their ordinals.
CREATE OR REPLACE FUNCTION append_appointments_3(of_hall text, of_day date, new_appointments json) RETURNS void
LANGUAGE plpgsql SET enable_sort = off AS $$
DECLARE
    to_come boolean;
BEGIN
    FOREACH to_come IN ARRAY ARRAY[FALSE, TRUE] LOOP
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
            WHERE (a.state IN ('held', 'booked')) = to_come
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
    END LOOP;
END
$$;
