-- An order may wait, for its buyer (3-D Secure) or for a review, and it may be stopped before it is paid.

ALTER TABLE orders
    ADD COLUMN waits_for text,
    ADD COLUMN waits_until timestamptz,
    ADD COLUMN stop_reason text,
    -- How many of `dispatches` resumed a waiting order: these do not count as standing still.
    ADD COLUMN resumes integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT orders_waits_known CHECK (waits_for IN ('buyer', 'review')),
    ADD CONSTRAINT orders_waits_for_a_time CHECK (waits_for IS NULL OR waits_until IS NOT NULL),
    ADD CONSTRAINT orders_waits_while_open CHECK (waits_for IS NULL OR status IN ('accepted', 'authorized')),
    ADD CONSTRAINT orders_stopped_never_paid
        CHECK (stop_reason IS NULL OR status IN ('accepted', 'authorized', 'failed'));

CREATE INDEX orders_waiting ON orders (waits_until) WHERE waits_for IS NOT NULL;

-- Apart from the orders, so that only the workload that hands it to the buyer can read it.
CREATE TABLE authentications (
    order_id text COLLATE "C" PRIMARY KEY REFERENCES orders,
    client_secret text NOT NULL
);
