-- What has happened and is still to be published. Rows leave when they are done, as those of the outbox do.
-- No check on `type`: a new kind of event needs no migration, and the code writes only those it knows.
CREATE TABLE events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    data json NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    -- The trace of the request that caused it, in W3C's format.
    traceparent text,
    due_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

ALTER TABLE outbox ADD COLUMN traceparent text;
