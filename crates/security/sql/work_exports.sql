-- To whom a file goes, at which address it is fetched (sealed: it may hold a name that was searched for), and the trace
-- number of the last one. What is said with a decision stands sealed in the case that decides.
ALTER TABLE export_request ADD COLUMN recipient TEXT;
ALTER TABLE export_request ADD COLUMN link BYTES;
ALTER TABLE export_request ADD COLUMN trace TEXT;
