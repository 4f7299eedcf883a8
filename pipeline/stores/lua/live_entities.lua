#!lua flags=no-writes
-- Read the fields of a hash that ids of names or entities lead to, all of one state.
-- KEYS: names, the hash
-- ARGV: ids
-- Returns for each its field, nothing where there is none; nothing where the copies
-- are not of one state.
local stamp = redis.pcall('HGET', KEYS[1], '@stamp')
if type(stamp) ~= 'string' or redis.pcall('HGET', KEYS[2], '@stamp') ~= stamp then
  return false
end
local answers = {}
for i = 1, #ARGV do
  local entity = redis.call('HGET', KEYS[1], ARGV[i]) or ARGV[i]
  answers[#answers + 1] = redis.call('HGET', KEYS[2], entity)
end
return answers
