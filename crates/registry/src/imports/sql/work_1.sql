CREATE TABLE import_number (
    id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);

INSERT INTO import_number (id, number) VALUES (1, 0);

CREATE TABLE import (
    id BIGINT NOT NULL PRIMARY KEY,
    dataset TEXT NOT NULL,
    file TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    account BIGINT,
    granted BIGINT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    step TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    stop_requested BIGINT NOT NULL,
    plan TEXT,
    written TEXT,
    error TEXT
);

CREATE INDEX import_state ON import (state, id);
CREATE INDEX import_sha256 ON import (sha256);
