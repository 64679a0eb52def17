-- The pages of a buyer's orders and of all orders, the latest first.
CREATE INDEX orders_of_buyer_by_age ON orders (buyer_id, accepted_at DESC, order_id DESC);
DROP INDEX orders_of_buyer;
CREATE INDEX orders_by_age ON orders (accepted_at DESC, order_id DESC);
