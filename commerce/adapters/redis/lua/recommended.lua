-- One read for a buyer: what the buyer saw last, the rankings of that, and the bestsellers.
-- KEYS: the buyer's list, bestsellers of the shop, those of the category. ARGV: prefix of rankings, how many are recent.
local seen = redis.call('LRANGE', KEYS[1], 0, ARGV[2] - 1)
local rankings = {}
for place, product in ipairs(seen) do
    rankings[place] = redis.call('GET', ARGV[1] .. product) or ''
end
return {seen, rankings, redis.call('GET', KEYS[2]) or '', redis.call('GET', KEYS[3]) or ''}
