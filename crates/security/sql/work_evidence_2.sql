-- Alerts on unusual reading: one for each rule, account and day.
CREATE TABLE alert (
    id BIGINT NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    actor TEXT NOT NULL,
    day BIGINT NOT NULL,
    unit BIGINT,
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    persons BIGINT NOT NULL,
    usual BIGINT,
    raised BIGINT NOT NULL,
    closed BIGINT,
    closed_by TEXT,
    note TEXT
);
CREATE UNIQUE INDEX alert_once ON alert (rule, actor, day);
CREATE INDEX alert_open ON alert (closed, id);
-- Up to when readings were looked at.
CREATE TABLE alert_scan (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
INSERT INTO alert_scan (id, at) VALUES (1, 0);

-- Exports that need a leader's approval.
CREATE TABLE export_request (
    id BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    grant_id BIGINT,
    unit BIGINT,
    dataset TEXT NOT NULL,
    selection TEXT NOT NULL,
    persons BIGINT NOT NULL,
    level TEXT NOT NULL,
    in_full BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    asked BIGINT NOT NULL,
    decided BIGINT,
    decided_by TEXT,
    note TEXT,
    expires BIGINT NOT NULL,
    downloads BIGINT NOT NULL
);
CREATE INDEX export_request_account ON export_request (account, id);
CREATE INDEX export_request_state ON export_request (state, id);

-- Accounts of persons and their guardians: whose record an account may ask about.
CREATE TABLE account_person (
    id BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    person BIGINT NOT NULL,
    relation TEXT NOT NULL,
    verified BIGINT NOT NULL,
    verified_by TEXT NOT NULL,
    ended BIGINT,
    ended_by TEXT
);
CREATE INDEX account_person_account ON account_person (account);
CREATE INDEX account_person_person ON account_person (person);

INSERT INTO security_number (name, number) VALUES ('alert', 0);
INSERT INTO security_number (name, number) VALUES ('export_request', 0);
INSERT INTO security_number (name, number) VALUES ('account_person', 0);
