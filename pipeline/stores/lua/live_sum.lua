#!lua
-- Put the summary of a project in place, if its live copies are still of the state it is of.
-- KEYS: canonicals, the summary
-- ARGV: the state there must be; seconds to live; the summary
-- Returns 1, or 0 for another state.
if redis.pcall('HGET', KEYS[1], '@stamp') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[2])
return 1
