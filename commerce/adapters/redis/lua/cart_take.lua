-- Take what an order bought out of a cart, once.
-- KEYS: the cart (hash), the order that emptied it, this order's mark.
-- ARGV: order id, new revision, the revision's field, how long to remember (s), how long a second click may take (s),
-- then offer, quantity, ...
-- Returns the cart as field, value, ...
local cart, field = KEYS[1], ARGV[3]
if redis.call('SET', KEYS[3], 'taken', 'NX', 'EX', ARGV[4]) then
    for i = 6, #ARGV, 2 do
        local left = tonumber(redis.call('HGET', cart, ARGV[i]) or '0') - tonumber(ARGV[i + 1])
        if left > 0 then
            redis.call('HSET', cart, ARGV[i], left)
        else
            redis.call('HDEL', cart, ARGV[i])
        end
    end
    if redis.call('HLEN', cart) - redis.call('HEXISTS', cart, field) == 0 then
        redis.call('DEL', cart)
        redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[5])
    else
        redis.call('HSET', cart, field, ARGV[2])
    end
end
return redis.call('HGETALL', cart)
