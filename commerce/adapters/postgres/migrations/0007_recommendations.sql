-- What was bought or looked at together. The sums only grow (forward decay, `commerce.recommendations.weight`).

CREATE TABLE product_signals (
    product_id text COLLATE "C" PRIMARY KEY,
    bought double precision NOT NULL DEFAULT 0 CHECK (bought >= 0),
    viewed double precision NOT NULL DEFAULT 0 CHECK (viewed >= 0)
) WITH (fillfactor = 70);

CREATE INDEX product_signals_bestsellers ON product_signals (bought DESC, product_id) WHERE bought > 0;

-- Of each product only the strongest are kept (`commerce.recommendations.KEPT`), so the table grows with the products.
CREATE TABLE product_affinities (
    product_id text COLLATE "C" NOT NULL,
    other_id text COLLATE "C" NOT NULL CHECK (other_id <> product_id),
    bought double precision NOT NULL DEFAULT 0 CHECK (bought >= 0),
    viewed double precision NOT NULL DEFAULT 0 CHECK (viewed >= 0),
    PRIMARY KEY (product_id, other_id)
) WITH (fillfactor = 70);

-- The last order that was learned. One row, which is locked while somebody learns.
CREATE TABLE recommendation_progress (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    accepted_at timestamptz NOT NULL DEFAULT '-infinity',
    order_id text COLLATE "C" NOT NULL DEFAULT ''
);
INSERT INTO recommendation_progress DEFAULT VALUES;

-- Orders are appended as they are accepted, so their blocks are in that order: this index costs an order next to nothing.
CREATE INDEX orders_by_acceptance ON orders USING brin (accepted_at) WITH (pages_per_range = 32, autosummarize = on);
