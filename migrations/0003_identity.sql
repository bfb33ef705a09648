-- Who works here: accounts, their roles, sessions and devices, and the account of what they did outside the journal.
-- These tables are small, read through memory, and belong to no hall's day; on Citus they are reference tables.

-- A name is what one signs in with, in small letters; an e-mail address where a provider of single sign-on says it.
-- password is an Argon2 hash; one that was given out for one use must be changed, and before password_until.
CREATE TABLE accounts (
    id uuid NOT NULL,
    name text NOT NULL,
    display_name text NOT NULL,
    password text,
    password_until timestamptz,
    must_change boolean NOT NULL,
    issuer text,
    subject text,
    disabled boolean NOT NULL,
    made_at timestamptz NOT NULL,
    last_seen_at timestamptz,
    CONSTRAINT account_once PRIMARY KEY (id),
    CONSTRAINT name_once UNIQUE (name),
    CONSTRAINT person_once UNIQUE (issuer, subject),
    CONSTRAINT person_whole CHECK ((issuer IS NULL) = (subject IS NULL))
);

-- hall_id * is every hall: what ops and admin are of.
CREATE TABLE account_roles (
    hall_id text NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role text NOT NULL,
    CONSTRAINT one_role_per_hall PRIMARY KEY (hall_id, account_id),
    CONSTRAINT role_of_account CHECK (
        role IN ('volunteer', 'staff', 'manager') AND hall_id <> '*' OR role IN ('ops', 'admin') AND hall_id = '*'
    )
);

CREATE INDEX roles_of_account ON account_roles (account_id);

-- hash is the SHA-256 of what the browser holds. Without an account it is the admin's, and ends with the admin token
-- whose keyed hash is admin_key.
CREATE TABLE sessions (
    hash bytea NOT NULL,
    account_id uuid REFERENCES accounts (id) ON DELETE CASCADE,
    admin_key bytea,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT session_once PRIMARY KEY (hash),
    CONSTRAINT of_an_account_or_the_admin CHECK ((account_id IS NULL) <> (admin_key IS NULL))
);

CREATE INDEX sessions_of_account ON sessions (account_id);

-- Machines and partners' programs: a bearer token each, of which the SHA-256 is kept.
CREATE TABLE devices (
    hall_id text NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    hash bytea NOT NULL,
    made_at timestamptz NOT NULL,
    last_seen_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT device_once PRIMARY KEY (hall_id, id),
    CONSTRAINT token_once UNIQUE (hash),
    CONSTRAINT role_of_device CHECK (
        role IN ('kiosk', 'partner', 'staff') AND hall_id <> '*' OR role = 'ops' AND hall_id = '*'
    )
);

-- What was tried and failed, by a keyed hash of whom and where; nobody can read a name or an address from it.
CREATE TABLE sign_in_failures (
    key bytea NOT NULL,
    count integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    CONSTRAINT counted_once PRIMARY KEY (key)
);

-- What was done under an idempotency key here, outside the journal: the answer, without its secrets.
CREATE TABLE acts (
    command_id text NOT NULL,
    fingerprint bytea NOT NULL,
    at timestamptz NOT NULL,
    answer json NOT NULL,
    CONSTRAINT act_once PRIMARY KEY (command_id)
);

-- What happened outside the journal: sign-ins and refusals, staff, devices, documents. hall_id * is no hall's.
CREATE TABLE audit (
    hall_id text NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    data json NOT NULL,
    CONSTRAINT audit_once PRIMARY KEY (hall_id, id)
);

CREATE INDEX audit_by_time ON audit (hall_id, at, id);
