-- Buyers looked at products. KEYS: the list of pairs. ARGV: prefix of buyers' lists, how many products a buyer's list
-- keeps, its life in seconds, how many pairs are kept, then buyer and product of each view.
for view = 5, #ARGV, 2 do
    local buyer, product = ARGV[1] .. ARGV[view], ARGV[view + 1]
    local before = redis.call('LINDEX', buyer, 0)
    if before and before ~= product then
        redis.call('RPUSH', KEYS[1], before .. '\n' .. product)
    end
    redis.call('LREM', buyer, 0, product)
    redis.call('LPUSH', buyer, product)
    redis.call('LTRIM', buyer, 0, ARGV[2] - 1)
    redis.call('EXPIRE', buyer, ARGV[3])
end
redis.call('LTRIM', KEYS[1], -ARGV[4], -1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
