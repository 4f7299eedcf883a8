#!lua flags=allow-oom
-- PostgreSQL has these: let the checkpoints expire, and drop their entries. Works also when memory
-- is full, since it frees some.
-- KEYS: queue, count of unpersisted bytes, then checkpoints
-- ARGV: consumer group, seconds to live, then entry ids

-- A key that holds another type has no size that anybody counted.
local function size(key)
  local length = redis.pcall('STRLEN', key)
  return type(length) == 'number' and length or 0
end

local freed = 0
for i = 3, #KEYS do
  -- One that expires already was counted when it began to; one that is gone, with the flush that
  -- took the count as well.
  if redis.call('PTTL', KEYS[i]) == -1 then
    freed = freed + size(KEYS[i])
    redis.call('EXPIRE', KEYS[i], ARGV[2])
  end
end
for i = 3, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  redis.call('XDEL', KEYS[1], ARGV[i])
end
-- With no entry left there is nothing unpersisted, whatever was counted: keys may have been deleted
-- by other hands, and a count that is too high would hold up every run.
if (freed > 0 and redis.call('DECRBY', KEYS[2], freed) < 0) or redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('SET', KEYS[2], 0)
end
return freed
