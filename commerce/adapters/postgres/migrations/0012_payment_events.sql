-- Events of the payment processor that were taken, each together with what it changed. The processor sends an event again
-- for three days by itself and for thirty by hand.
CREATE TABLE payment_events (
    event_id text COLLATE "C" PRIMARY KEY,
    type text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
