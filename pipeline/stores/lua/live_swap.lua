#!lua
-- Put live copies that were brought together aside in their place, all at once, unless what is
-- there is newer.
-- KEYS: the mark of who brought them together; three hashes aside; the hashes in place (the same
--   three, then patterns); the two values
-- ARGV: who; how many hashes in place; the state; its two numbers; seconds to live; the floor of
--   mentions; how many fields each hash aside must have; the two values; then for each hash of
--   patterns: how many fields, and each with its value
-- Returns 1, 0 if it is over, -1 if what is there is newer.
local hashes = tonumber(ARGV[2])
local function over(why)
  redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
  return why
end

if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
for i = 1, 3 do
  if redis.pcall('HLEN', KEYS[1 + i]) ~= tonumber(ARGV[7 + i]) then
    return over(0)
  end
end
local there = redis.pcall('HGET', KEYS[5], '@stamp')
if type(there) == 'string' then
  local born, epoch = string.match(there, '^(%d+):(%d+):')
  born, epoch = tonumber(born or 0), tonumber(epoch or 0)
  local mine = tonumber(ARGV[4])
  if born > mine or (born == mine and epoch > tonumber(ARGV[5])) then
    return over(-1)
  end
end
local at = 13
for i = 1, hashes do
  local key = KEYS[4 + i]
  redis.call('UNLINK', key)
  if i > 3 then
    local last = at + 2 * tonumber(ARGV[at])
    for j = at + 1, last, 2 do
      redis.call('HSET', key, ARGV[j], ARGV[j + 1])
    end
    at = last + 1
  elseif redis.call('EXISTS', KEYS[1 + i]) == 1 then
    redis.call('RENAME', KEYS[1 + i], key)
  end
  redis.call('HSET', key, '@stamp', ARGV[3])
end
redis.call('HSET', KEYS[5], '@floor', ARGV[7])
for i = 1, 2 do
  redis.call('SET', KEYS[4 + hashes + i], ARGV[10 + i])
end
for i = 5, #KEYS do
  redis.call('EXPIRE', KEYS[i], ARGV[6])
end
return over(1)
