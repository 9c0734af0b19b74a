-- Where an account wants its notices by mail. The address is sealed.
CREATE TABLE workflow_address (
    account BIGINT NOT NULL PRIMARY KEY,
    mail BYTES NOT NULL,
    changed BIGINT NOT NULL
);

-- What is to be sent by mail or to a web hook: written with what happened, sent by a job, tried again.
CREATE TABLE workflow_delivery (
    id BIGINT NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    account BIGINT,
    kind TEXT NOT NULL,
    case_id BIGINT,
    link TEXT NOT NULL,
    created BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    wake BIGINT NOT NULL,
    code TEXT,
    finished BIGINT
);
CREATE INDEX workflow_delivery_wake ON workflow_delivery (state, wake);
INSERT INTO workflow_number (name, number) VALUES ('delivery', 0);

-- Files attached to cases. Name and content are sealed; the content stands in a file.
CREATE TABLE workflow_file (
    id BIGINT NOT NULL PRIMARY KEY,
    case_id BIGINT NOT NULL,
    name BYTES NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    digest BYTES NOT NULL,
    stored TEXT NOT NULL,
    added BIGINT NOT NULL,
    added_by BIGINT,
    gone BIGINT
);
CREATE INDEX workflow_file_case ON workflow_file (case_id);
INSERT INTO workflow_number (name, number) VALUES ('file', 0);
