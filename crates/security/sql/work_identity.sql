-- Which account a person of an identity service is. The subject is kept as a hash: services use numbers of
-- persons for it.
CREATE TABLE identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account BIGINT NOT NULL,
    provider TEXT NOT NULL,
    linked BIGINT NOT NULL,
    linked_by TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identity_account ON identity (account);

-- Who was sent to an identity service and has not come back yet: one use, a few minutes.
CREATE TABLE identity_attempt (
    state_hash TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    browser TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    next TEXT NOT NULL,
    account BIGINT,
    expires BIGINT NOT NULL
);

-- Through which service a session began, so that signing out can lead there too.
CREATE TABLE identity_session (
    session BIGINT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL
);
