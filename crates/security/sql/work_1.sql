-- Numbers are taken from locked rows, so that two writers never get the same one.
CREATE TABLE security_number (
    name TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO security_number (name, number) VALUES ('account', 0);
INSERT INTO security_number (name, number) VALUES ('grant', 0);
INSERT INTO security_number (name, number) VALUES ('session', 0);

CREATE TABLE account (
    id BIGINT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL,
    display TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_set BIGINT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    language TEXT
);
CREATE UNIQUE INDEX account_login ON account (login);

CREATE TABLE account_grant (
    id BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    post TEXT NOT NULL,
    unit BIGINT,
    until BIGINT,
    given_by TEXT NOT NULL,
    given BIGINT NOT NULL,
    ended_by TEXT,
    ended BIGINT
);
CREATE INDEX account_grant_account ON account_grant (account);

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    account BIGINT NOT NULL,
    grant_id BIGINT,
    created BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX session_account ON session (account);

-- Failed sign-ins by subject: an address, a name, a name at an address. Names are kept as hashes.
CREATE TABLE signin_tally (
    subject TEXT NOT NULL PRIMARY KEY,
    failed BIGINT NOT NULL,
    last_failed BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    last_succeeded BIGINT NOT NULL
);

-- Append-only; each entry's hash covers the one before it. Ids, never values.
CREATE TABLE audit (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    address TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '');

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    changed BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);
