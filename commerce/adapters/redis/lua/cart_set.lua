-- Set the quantity of an offer in a cart (0 removes it). KEYS: the cart (hash), the order that emptied it.
-- ARGV: offer, quantity, new revision, the revision's field, most lines, lifetime (s).
-- Returns the cart as field, value, ...; {"full"} when it would hold too many offers.
local cart, offer, quantity, field = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[4]
local present = tonumber(redis.call('HGET', cart, offer) or '0')
if present ~= quantity then
    redis.call('DEL', KEYS[2])
    if quantity == 0 then
        redis.call('HDEL', cart, offer)
    else
        local lines = redis.call('HLEN', cart) - redis.call('HEXISTS', cart, field)
        if present == 0 and lines >= tonumber(ARGV[5]) then
            return {'full'}
        end
        redis.call('HSET', cart, offer, quantity)
    end
    if redis.call('HLEN', cart) - redis.call('HEXISTS', cart, field) == 0 then
        redis.call('DEL', cart)
    else
        redis.call('HSET', cart, field, ARGV[3])
    end
end
redis.call('EXPIRE', cart, ARGV[6])
return redis.call('HGETALL', cart)
