-- Numbers are taken from locked rows, so that two writers never get the same one.
CREATE TABLE workflow_number (
    name TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO workflow_number (name, number) VALUES ('case', 0);
INSERT INTO workflow_number (name, number) VALUES ('notice', 0);

-- The text of each definition under which a case was begun, by its SHA-256.
CREATE TABLE workflow_definition (
    digest TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    kept BIGINT NOT NULL
);

-- One row a case. The form is sealed; kind repeats what the definition says of the state.
CREATE TABLE workflow_case (
    id BIGINT NOT NULL PRIMARY KEY,
    workflow TEXT NOT NULL,
    digest TEXT NOT NULL,
    unit BIGINT NOT NULL,
    applicant BIGINT,
    holder BIGINT,
    begun_by TEXT NOT NULL,
    begun BIGINT NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    entered BIGINT NOT NULL,
    due BIGINT,
    wake BIGINT,
    level BIGINT NOT NULL,
    version BIGINT NOT NULL,
    events BIGINT NOT NULL,
    fields BYTES NOT NULL,
    origin TEXT,
    link TEXT,
    ended BIGINT
);
CREATE UNIQUE INDEX workflow_case_origin ON workflow_case (origin);
CREATE INDEX workflow_case_holder ON workflow_case (holder);
CREATE INDEX workflow_case_wake ON workflow_case (wake);
CREATE INDEX workflow_case_due ON workflow_case (due);

-- Append-only: who did what, when, in which post. Notes are sealed.
CREATE TABLE workflow_event (
    case_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    account BIGINT,
    post TEXT,
    unit BIGINT,
    move_name TEXT,
    from_state TEXT,
    to_state TEXT,
    detail TEXT,
    note BYTES,
    move_key TEXT,
    PRIMARY KEY (case_id, number)
);
CREATE UNIQUE INDEX workflow_event_key ON workflow_event (case_id, move_key);
CREATE INDEX workflow_event_account ON workflow_event (account);

-- Who is asked at present: whoever holds a post at a unit (-1: the whole node), or an account.
CREATE TABLE workflow_task (
    case_id BIGINT NOT NULL,
    unit BIGINT,
    asked TEXT NOT NULL,
    account BIGINT
);
CREATE INDEX workflow_task_case ON workflow_task (case_id);
CREATE INDEX workflow_task_unit ON workflow_task (unit, asked);
CREATE INDEX workflow_task_account ON workflow_task (account);

-- What other rooms carry out: written with the decision, done once, tried again after a crash.
CREATE TABLE workflow_effect (
    case_id BIGINT NOT NULL PRIMARY KEY,
    effect TEXT NOT NULL,
    decided_by BIGINT,
    decided_grant BIGINT,
    decided BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    wake BIGINT NOT NULL,
    code TEXT,
    trace TEXT,
    finished BIGINT
);
CREATE INDEX workflow_effect_wake ON workflow_effect (state, wake);

CREATE TABLE workflow_approval (
    case_id BIGINT NOT NULL PRIMARY KEY,
    trace TEXT NOT NULL,
    approved BIGINT NOT NULL,
    approved_by BIGINT,
    valid_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX workflow_approval_trace ON workflow_approval (trace);

-- The bell: what an account was told. No personal data, a link.
CREATE TABLE workflow_notice (
    id BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    kind TEXT NOT NULL,
    case_id BIGINT,
    link TEXT NOT NULL,
    at BIGINT NOT NULL,
    seen BIGINT
);
CREATE INDEX workflow_notice_account ON workflow_notice (account, id);
