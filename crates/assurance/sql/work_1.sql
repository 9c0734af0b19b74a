-- Numbers are taken from locked rows, so that two writers never get the same one and numbers stand in the order
-- of commits.
CREATE TABLE assurance_number (
    name TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO assurance_number (name, number) VALUES ('event', 0);
INSERT INTO assurance_number (name, number) VALUES ('subject', 0);

-- Append-only: who answers for what, the register of systems, incidents, drills, schedules of reports. What holds
-- now follows from the events in their order.
CREATE TABLE assurance_event (
    number BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX assurance_event_kind ON assurance_event (kind, number);
CREATE INDEX assurance_event_subject ON assurance_event (kind, subject, number);

-- Trainings attended, by account. Append-only; an entry that was wrong is withdrawn, not deleted.
CREATE TABLE assurance_attendance (
    number BIGINT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL,
    course TEXT NOT NULL,
    unit BIGINT NOT NULL,
    day BIGINT NOT NULL,
    hours BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    withdrawn BIGINT,
    withdrawn_by TEXT
);
CREATE INDEX assurance_attendance_account ON assurance_attendance (account, course);
CREATE INDEX assurance_attendance_unit ON assurance_attendance (unit, day);

-- Daily reports of a unit under a schedule. A later report of the same day stands beside the earlier one.
CREATE TABLE assurance_report (
    number BIGINT NOT NULL PRIMARY KEY,
    schedule BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    day BIGINT NOT NULL,
    incidents BIGINT NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX assurance_report_schedule ON assurance_report (schedule, day, unit);

-- What was told to whom when something became late: an escalation is written once, however often the job looks.
CREATE TABLE assurance_notice (
    number BIGINT NOT NULL PRIMARY KEY,
    cause TEXT NOT NULL,
    unit BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE UNIQUE INDEX assurance_notice_cause ON assurance_notice (cause, unit);
CREATE INDEX assurance_notice_unit ON assurance_notice (unit, number);
