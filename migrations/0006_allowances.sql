-- What has been spent of the limits of use, as buckets that fill steadily instead of windows. Everybody begins anew.

DROP TABLE allowances;

-- key is a keyed hash: neither an address nor a phone is here. full_at is when the key's bucket is full again if nobody
-- takes any more; granted is what was given to the one who asked last, who reads it from the row they changed.
CREATE UNLOGGED TABLE allowances (
    key bytea NOT NULL,
    full_at timestamptz NOT NULL,
    granted integer NOT NULL,
    CONSTRAINT one_allowance_per_key PRIMARY KEY (key),
    CONSTRAINT nothing_is_given_back CHECK (granted >= 0)
);

CREATE INDEX allowances_by_end ON allowances (full_at);
