-- Ids compare by bytes (COLLATE "C"): the same order on every server and every operating system.

CREATE TABLE sellers (
    seller_id text COLLATE "C" PRIMARY KEY,
    display_name text NOT NULL CHECK (display_name <> ''),
    account_id text
);

-- fillfactor: a sale updates `stock` in place, in the free part of the page, without touching an index.
CREATE TABLE offers (
    offer_id text COLLATE "C" PRIMARY KEY,
    seller_id text COLLATE "C" NOT NULL REFERENCES sellers,
    product_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    unit_price bigint NOT NULL CHECK (unit_price > 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    stock bigint NOT NULL CHECK (stock >= 0),
    UNIQUE (seller_id, product_id)
) WITH (fillfactor = 70);

CREATE INDEX offers_of_product ON offers (product_id);

CREATE TABLE orders (
    order_id text COLLATE "C" PRIMARY KEY,
    buyer_id text COLLATE "C" NOT NULL,
    status text NOT NULL DEFAULT 'accepted'
        CHECK (status IN ('accepted', 'authorised', 'confirmed', 'captured', 'fulfilled', 'failed')),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    total bigint NOT NULL CHECK (total > 0),
    payment_method text NOT NULL,
    -- Which state of the buyer's cart this order bought; null when it came from no cart.
    cart_revision text COLLATE "C",
    payment_intent_id text,
    charge_id text,
    failure text,
    dispatches integer NOT NULL DEFAULT 1,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    touched_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK (status NOT IN ('authorised', 'confirmed', 'captured', 'fulfilled') OR payment_intent_id IS NOT NULL),
    CHECK (status NOT IN ('captured', 'fulfilled') OR charge_id IS NOT NULL)
) WITH (fillfactor = 80);

CREATE INDEX orders_of_buyer ON orders (buyer_id, accepted_at DESC);
-- A cart is bought once. An order that failed bought nothing: the same cart may be tried again.
CREATE UNIQUE INDEX orders_of_cart ON orders (buyer_id, cart_revision) WHERE status <> 'failed';
CREATE INDEX orders_open ON orders (touched_at) WHERE status NOT IN ('fulfilled', 'failed');

CREATE TABLE order_lines (
    order_id text COLLATE "C" NOT NULL REFERENCES orders,
    -- No foreign key to offers: it would lock the row of a hot offer once per buyer. Offers are never deleted.
    offer_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    seller_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price bigint NOT NULL CHECK (unit_price > 0),
    stock_state text NOT NULL DEFAULT 'unconfirmed' CHECK (stock_state IN ('unconfirmed', 'confirmed', 'restored')),
    PRIMARY KEY (order_id, offer_id)
);

CREATE INDEX order_lines_unconfirmed ON order_lines (offer_id) INCLUDE (quantity) WHERE stock_state = 'unconfirmed';

CREATE TABLE seller_orders (
    order_id text COLLATE "C" NOT NULL REFERENCES orders,
    seller_id text COLLATE "C" NOT NULL,
    gross bigint NOT NULL CHECK (gross > 0),
    commission bigint NOT NULL CHECK (commission BETWEEN 0 AND gross),
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'held', 'released', 'reversed', 'refunded', 'cancelled')),
    held_until timestamptz,
    transfer_id text,
    PRIMARY KEY (order_id, seller_id)
);

CREATE INDEX seller_orders_held ON seller_orders (held_until) WHERE state = 'held';
CREATE INDEX seller_orders_untransferred ON seller_orders (held_until)
    WHERE state = 'released' AND transfer_id IS NULL;

-- Rows leave when they are done, so the table stays small and a sequential read of it is cheap.
CREATE TABLE outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    attempt integer NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- gross * basis_points / 10000 rounded half to even: the same rule as commerce.orders.commission.
CREATE FUNCTION commission(gross bigint, basis_points integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN gross * basis_points / 10000
        + CASE
            WHEN gross * basis_points % 10000 > 5000 THEN 1
            WHEN gross * basis_points % 10000 = 5000 THEN gross * basis_points / 10000 % 2
            ELSE 0
        END;
