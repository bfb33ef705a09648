-- What has been spent of the limits of use, for all processes together. Unlogged: after a crash everybody begins anew,
-- and nothing here costs a flush. Small, and of no hall's day; on Citus a table of the coordinator.

-- key is a keyed hash: neither an address nor a phone is here. window_no counts windows of the key's limit since 1970;
-- spent_before is what was spent in the window before it.
CREATE UNLOGGED TABLE allowances (
    key bytea NOT NULL,
    window_no bigint NOT NULL,
    spent integer NOT NULL,
    spent_before integer NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT one_allowance_per_key PRIMARY KEY (key),
    CONSTRAINT nothing_is_given_back CHECK (spent >= 0 AND spent_before >= 0)
);

CREATE INDEX allowances_by_end ON allowances (ends_at);
