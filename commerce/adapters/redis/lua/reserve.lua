-- Reserve all lines or none.
-- KEYS: counters (hash), expiries (zset), the reservation (hash). ARGV: expires at (ms), then offer, quantity, ...
-- Returns {} when reserved (or reserved before), {"missing", offer...} or {"short", offer...}.
if redis.call('EXISTS', KEYS[3]) == 1 then
    return {}
end
local offers = {}
for i = 2, #ARGV, 2 do
    offers[#offers + 1] = ARGV[i]
end
local counters = redis.call('HMGET', KEYS[1], unpack(offers))
local missing, short = {'missing'}, {'short'}
for i, offer in ipairs(offers) do
    if not counters[i] then
        missing[#missing + 1] = offer
    elseif tonumber(counters[i]) < tonumber(ARGV[2 * i + 1]) then
        short[#short + 1] = offer
    end
end
if #missing > 1 then
    return missing
end
if #short > 1 then
    return short
end
for i, offer in ipairs(offers) do
    redis.call('HINCRBY', KEYS[1], offer, -tonumber(ARGV[2 * i + 1]))
end
redis.call('HSET', KEYS[3], unpack(ARGV, 2))
redis.call('ZADD', KEYS[2], ARGV[1], string.match(KEYS[3], '[^:]*$'))
return {}
