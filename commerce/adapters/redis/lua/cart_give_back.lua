-- Put what a failed order had taken back into a cart, once. An order that was not taken yet never will be.
-- KEYS: the cart (hash), the order that emptied it, this order's mark.
-- ARGV: new revision, the revision's field, how long to remember (s), lifetime (s), most lines, most units of a line,
-- then offer, quantity, ...
local cart, field = KEYS[1], ARGV[2]
local mark = redis.call('GET', KEYS[3])
if mark == 'returned' then
    return 0
end
redis.call('SET', KEYS[3], 'returned', 'EX', ARGV[3])
if mark == 'taken' then
    redis.call('DEL', KEYS[2])
    for i = 7, #ARGV, 2 do
        local present = tonumber(redis.call('HGET', cart, ARGV[i]) or '0')
        local lines = redis.call('HLEN', cart) - redis.call('HEXISTS', cart, field)
        if present > 0 or lines < tonumber(ARGV[5]) then
            redis.call('HSET', cart, ARGV[i], math.min(present + tonumber(ARGV[i + 1]), tonumber(ARGV[6])))
        end
    end
end
-- A new revision: the cart may be bought again, also with the same card.
if redis.call('EXISTS', cart) == 1 then
    redis.call('HSET', cart, field, ARGV[1])
    redis.call('EXPIRE', cart, ARGV[4])
end
return 1
