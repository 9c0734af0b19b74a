CREATE TABLE job_number (
  id BIGINT PRIMARY KEY,
  last BIGINT NOT NULL
);
INSERT INTO job_number (id, last) VALUES (1, 0);

CREATE TABLE job (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  state TEXT NOT NULL, -- queued, running, done, failed, cancelled
  progress_done BIGINT NOT NULL,
  progress_total BIGINT,
  message TEXT,
  created BIGINT NOT NULL,
  started BIGINT,
  finished BIGINT,
  worker TEXT,
  lease_until BIGINT,
  attempts BIGINT NOT NULL, -- times taken since it last got on
  cancel_requested BIGINT NOT NULL
);
CREATE INDEX job_state ON job (state, id);
