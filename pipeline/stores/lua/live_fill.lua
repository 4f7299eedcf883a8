#!lua
-- Add to live copies that are being brought together aside. Whoever drops a project's keys takes
-- away the mark of who does this, and then it is over: what is read may have been forgotten since.
-- KEYS: the mark, then hashes aside
-- ARGV: who; seconds to live; then for each hash: how many fields, and each with its value
-- Returns 1, or 0 if it is over.
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
local at = 3
for i = 2, #KEYS do
  local last = at + 2 * tonumber(ARGV[at])
  for j = at + 1, last, 2 do
    redis.call('HSET', KEYS[i], ARGV[j], ARGV[j + 1])
  end
  at = last + 1
  redis.call('EXPIRE', KEYS[i], ARGV[2])
end
return 1
