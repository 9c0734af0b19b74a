-- How a session began, what it owes before it may go on, when its holder last gave the password.
ALTER TABLE session ADD COLUMN strength TEXT NOT NULL DEFAULT 'one';
ALTER TABLE session ADD COLUMN duties TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN confirmed BIGINT NOT NULL DEFAULT 0;

INSERT INTO security_number (name, number) VALUES ('factor', 0);
INSERT INTO security_number (name, number) VALUES ('factor_code', 0);

-- What of an account is about its safety. must_change: 0 no, 1 the program made the password, 2 somebody
-- else chose it. demanded_since: since when a policy asks for a second factor that is not there.
CREATE TABLE account_safety (
    account BIGINT NOT NULL PRIMARY KEY,
    must_change BIGINT NOT NULL DEFAULT 0,
    demanded_since BIGINT,
    handle TEXT
);
CREATE UNIQUE INDEX account_safety_handle ON account_safety (handle);

-- Hashes of passwords that an account had, so that they are not taken again.
CREATE TABLE password_past (
    account BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX password_past_account ON password_past (account);

-- Second factors. secret is sealed: the shared secret, the address or the subject; of a passkey it is the
-- public key. mark finds a passkey or certificate again. counter: the last time step or signature count.
CREATE TABLE factor (
    id BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    mark TEXT,
    secret BYTES NOT NULL,
    counter BIGINT NOT NULL,
    ready BIGINT NOT NULL,
    expires BIGINT,
    made BIGINT NOT NULL,
    used BIGINT
);
CREATE INDEX factor_account ON factor (account);
CREATE UNIQUE INDEX factor_mark ON factor (kind, mark);

CREATE TABLE recovery_code (
    account BIGINT NOT NULL,
    mark TEXT NOT NULL,
    made BIGINT NOT NULL,
    used BIGINT,
    PRIMARY KEY (account, mark)
);

-- Somebody whose first step was right and whose second is awaited. No session.
CREATE TABLE signin_pending (
    token_hash TEXT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    by_password BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX signin_pending_account ON signin_pending (account);

-- Codes on their way by SMS or mail, kept as keyed hashes; and that they were sent, for the rate.
CREATE TABLE factor_code (
    number BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    factor BIGINT NOT NULL,
    mark TEXT NOT NULL,
    target TEXT NOT NULL,
    place TEXT NOT NULL,
    sent BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX factor_code_account ON factor_code (account);

-- Challenges of passkeys that were answered: each is answered once.
CREATE TABLE factor_spent (
    mark TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);

-- Where codes are sent from: sealed, since it holds the passwords of the gateways.
CREATE TABLE factor_gateway (
    kind TEXT NOT NULL PRIMARY KEY,
    settings BYTES NOT NULL,
    changed BIGINT NOT NULL
);
