#!lua flags=allow-oom
-- Read what a snapshot says around a chunk, and let it live on.
-- KEYS: the snapshot
-- ARGV: its hash; seconds to live; how many chunks; what begins a chunk's field; how many buckets;
--   their fields; then other fields
-- Returns fields and values, of what is there: the fields, and so many chunks, those that stand in
-- most of the buckets, the smaller number first. Nothing if this snapshot is not there, whole.
if redis.pcall('HGET', KEYS[1], '@whole') ~= ARGV[1] then
  return false
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
local answer = {}
local function read(first, last, take)
  for from = first, last, 1000 do
    local to = math.min(from + 999, last)
    local values = redis.call('HMGET', KEYS[1], unpack(ARGV, from, to))
    for i = from, to do
      local value = values[i - from + 1]
      if value then
        take(ARGV[i], value)
      end
    end
  end
end

local shared, numbers = {}, {}
local others = 6 + tonumber(ARGV[5])
read(6, others - 1, function(_, value)
  for _, number in ipairs(cjson.decode(string.sub(value, 2)).chunks) do
    if not shared[number] then
      numbers[#numbers + 1] = number
    end
    shared[number] = (shared[number] or 0) + 1
  end
end)
table.sort(numbers, function(one, other)
  if shared[one] ~= shared[other] then
    return shared[one] > shared[other]
  end
  return one < other
end)
local function put(field, value)
  answer[#answer + 1] = field
  answer[#answer + 1] = value
end
for i = 1, math.min(tonumber(ARGV[3]), #numbers) do
  local field = ARGV[4] .. string.format('%d', numbers[i])
  local value = redis.call('HGET', KEYS[1], field)
  if value then
    put(field, value)
  end
end
read(others, #ARGV, put)
return answer
