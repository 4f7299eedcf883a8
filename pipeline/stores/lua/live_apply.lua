#!lua
-- Bring a project's live copies from one state to the next, all of them or none: only from the
-- state that whoever asks has seen, so nobody who was paused puts an older one in its place.
-- KEYS: hashes (canonicals, names, graph, then patterns), then the two values
-- ARGV: how many hashes; the state there must be; the new one; seconds to live; how many patterns a
--   type may have; the last extractions, '' to leave them alone; the entities that are late; then
--   for each hash: how many fields, and each with its value ('' takes it out), or with what is to
--   be added to it
-- Returns 1, or 0 for another state.
local hashes = tonumber(ARGV[1])
for i = 1, hashes do
  if redis.pcall('HGET', KEYS[i], '@stamp') ~= ARGV[2] then
    return 0
  end
end
local at = 8
for i = 1, hashes do
  local key = KEYS[i]
  local last = at + 2 * tonumber(ARGV[at])
  for j = at + 1, last, 2 do
    local field, value = ARGV[j], ARGV[j + 1]
    if i > 3 then
      local room = redis.call('HLEN', key) < tonumber(ARGV[5])
      if room or redis.call('HEXISTS', key, field) == 1 then
        if redis.call('HINCRBY', key, field, value) <= 0 then
          redis.call('HDEL', key, field)
        end
      end
    elseif value == '' then
      redis.call('HDEL', key, field)
    else
      redis.call('HSET', key, field, value)
    end
  end
  at = last + 1
  redis.call('HSET', key, '@stamp', ARGV[3])
end
if ARGV[7] == '' then
  redis.call('HDEL', KEYS[1], '@late')
else
  redis.call('HSET', KEYS[1], '@late', ARGV[7])
end
if ARGV[6] ~= '' then
  redis.call('SET', KEYS[hashes + 1], ARGV[6])
end
for i = 1, #KEYS do
  redis.call('EXPIRE', KEYS[i], ARGV[4])
end
return 1
