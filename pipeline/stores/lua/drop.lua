#!lua flags=allow-oom
-- Remove keys: all of them, or only those that carry an expiry, which PostgreSQL has or which
-- nothing depends on. The count of unpersisted bytes stays right either way.
-- KEYS: count of unpersisted bytes, then keys
-- ARGV: '1' to keep what carries no expiry
-- Returns how many were there and are gone.

-- A key that holds another type has no size that anybody counted.
local function size(key)
  local length = redis.pcall('STRLEN', key)
  return type(length) == 'number' and length or 0
end

local dropped = 0
local freed = 0
for i = 2, #KEYS do
  local ttl = redis.call('PTTL', KEYS[i])
  if ttl >= 0 or (ttl == -1 and ARGV[1] ~= '1') then
    if ttl == -1 then
      freed = freed + size(KEYS[i])
    end
    dropped = dropped + redis.call('UNLINK', KEYS[i])
  end
end
if freed > 0 and redis.call('DECRBY', KEYS[1], freed) < 0 then
  redis.call('SET', KEYS[1], 0)
end
return dropped
