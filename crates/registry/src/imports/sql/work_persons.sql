CREATE TABLE person_query (
    actor TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX person_query_actor ON person_query (actor, at);
