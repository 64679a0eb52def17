-- Offers that are withdrawn or come from a seller's file, and the files themselves.

ALTER TABLE offers
    -- Not for sale any more. The row stays: orders that are on their way still take their units from it.
    ADD COLUMN withdrawn_at timestamptz,
    -- The seller's own number, and what came with it in the last import.
    ADD COLUMN sku text COLLATE "C",
    ADD COLUMN declared_stock bigint CHECK (declared_stock >= 0),
    ADD COLUMN described text;

CREATE UNIQUE INDEX offers_of_sku ON offers (seller_id, sku) WHERE sku IS NOT NULL;

CREATE TABLE imports (
    import_id text COLLATE "C" PRIMARY KEY,
    seller_id text COLLATE "C" NOT NULL REFERENCES sellers,
    format text NOT NULL CHECK (format IN ('csv', 'json-lines')),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'finished', 'refused')),
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    size_bytes bigint CHECK (size_bytes >= 0),
    -- So many bytes and lines of the file are done: a worker that takes over goes on here.
    offset_bytes bigint NOT NULL DEFAULT 0,
    line integer NOT NULL DEFAULT 0,
    created integer NOT NULL DEFAULT 0,
    changed integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    failure text,
    CHECK ((state = 'refused') = (failure IS NOT NULL)),
    CHECK ((state IN ('finished', 'refused')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 70);

CREATE INDEX imports_of_seller ON imports (seller_id, created_at DESC);

CREATE TABLE import_errors (
    import_id text COLLATE "C" NOT NULL REFERENCES imports,
    line integer NOT NULL,
    code text NOT NULL,
    column_name text,
    message text NOT NULL,
    PRIMARY KEY (import_id, line)
);
