"""The cart cache, the stock gate and the rankings of recommendations: Redis 6.2 or later, or Valkey."""

from commerce.adapters.redis.carts import RedisCarts
from commerce.adapters.redis.connection import OUTAGES, connect
from commerce.adapters.redis.order_pace import RedisOrderPace
from commerce.adapters.redis.rankings import RedisRankings
from commerce.adapters.redis.settings import CacheSettings
from commerce.adapters.redis.stock_gate import RedisStockGate

__all__ = ["OUTAGES", "CacheSettings", "RedisCarts", "RedisOrderPace", "RedisRankings", "RedisStockGate", "connect"]
