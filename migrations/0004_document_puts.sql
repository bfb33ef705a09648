-- Which request made which revision of a hall's document: written by the transaction that stores the document, so that
-- the same request again, at another process or after a crash in between, is answered as done.
-- command_id is the hash of credential, route and idempotency key, fingerprint the keyed hash of what was asked.
CREATE TABLE document_puts (
    hall_id text NOT NULL,
    command_id text NOT NULL,
    fingerprint bytea NOT NULL,
    revision integer NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT document_put_once PRIMARY KEY (hall_id, command_id)
);
