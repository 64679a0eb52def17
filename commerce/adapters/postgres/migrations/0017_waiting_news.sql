-- News of charges that came before the charge was recorded here: events of the processor come in any order.
CREATE TABLE waiting_news (
    event_id text COLLATE "C" PRIMARY KEY REFERENCES payment_events,
    charge_id text COLLATE "C" NOT NULL,
    news jsonb NOT NULL,
    came_at timestamptz NOT NULL DEFAULT now()
);

-- What the processor keeps back of a disputed charge and has taken for itself, as the ledger has it.
ALTER TABLE chargebacks
    ADD COLUMN withdrawn bigint NOT NULL DEFAULT 0,
    ADD COLUMN fee bigint NOT NULL DEFAULT 0,
    ADD COLUMN movements integer NOT NULL DEFAULT 0;
