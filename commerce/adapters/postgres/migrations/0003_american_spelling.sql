-- One spelling in code, API and database, which is also the payment processor's: authorized, canceled.

ALTER TABLE orders DROP CONSTRAINT orders_status_check, DROP CONSTRAINT orders_check1;
UPDATE orders SET status = 'authorized' WHERE status = 'authorised';
ALTER TABLE orders
    ADD CONSTRAINT orders_status_known
        CHECK (status IN ('accepted', 'authorized', 'confirmed', 'captured', 'fulfilled', 'failed')),
    ADD CONSTRAINT orders_authorized_by_payment
        CHECK (status NOT IN ('authorized', 'confirmed', 'captured', 'fulfilled') OR payment_intent_id IS NOT NULL);

ALTER TABLE seller_orders DROP CONSTRAINT seller_orders_state_check;
UPDATE seller_orders SET state = 'canceled' WHERE state = 'cancelled';
ALTER TABLE seller_orders ADD CONSTRAINT seller_orders_state_known
    CHECK (state IN ('pending', 'held', 'released', 'reversed', 'refunded', 'canceled'));
