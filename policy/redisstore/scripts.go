package redisstore

import (
	"time"

	"github.com/redis/go-redis/v9"
)

// maxWindow is half of how far apart two times modulo 2^32 milliseconds can be told: an
// entry stays in a log of Count for up to two windows. Longer windows are cut to it.
const maxWindow = 24 * 24 * time.Hour

// A log of Count is a string of eight bytes for each entry, the oldest first: the time in
// milliseconds modulo 2^32, and the mark of its ID. The key expires a window after the
// last of them, so no time in it is older than two: what seems so lies in the future,
// because Redis' clock was set back, and counts as now.
const readLog = `
local t = redis.call('TIME')
local now = (t[1] * 1000 + math.floor(t[2] / 1000)) % 4294967296
local log = redis.call('GET', KEYS[1]) or ''
`

var countScript = redis.NewScript(readLog + `
local window, limit, id, attempt = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
local from, last = 1, #log
while from < last do
  local age = (now - struct.unpack('>I4', log, from)) % 4294967296
  if age < window or age >= 2 * window then break end
  from = from + 8
end
local n = (last - from + 1) / 8
if limit == 0 and not attempt then return {0, n} end
if id == '' then
  id = '\0\0\0\0'
else
  local at = string.find(log, id, from + 4, true)
  while at do
    if at % 8 == 5 then return {(not attempt or n <= limit) and 1 or 0, n} end
    at = string.find(log, id, at + 1, true)
  end
end
local ok = limit < 0 or n < limit
if not ok then
  if not attempt then return {0, n} end
  if n > limit then
    from, n = from + 8, n - 1
  end
end
if from > 1 then log = string.sub(log, from) end
redis.call('PSETEX', KEYS[1], window, log .. struct.pack('>I4', now) .. id)
return {ok and 1 or 0, n + 1}
`)

var uncountScript = redis.NewScript(`
local log = redis.call('GET', KEYS[1]) or ''
for i = ARGV[1] == '' and 0 or #log - 7, 1, -8 do
  if string.sub(log, i + 4, i + 7) == ARGV[1] then
    if #log == 8 then
      redis.call('DEL', KEYS[1])
    else
      redis.call('SET', KEYS[1], string.sub(log, 1, i - 1) .. string.sub(log, i + 8), 'KEEPTTL')
    end
    return {1, #log / 8 - 1}
  end
end
return {0, #log / 8}
`)

// A log of Add is a string of eighteen bytes for each entry, the oldest first: the time in
// milliseconds, the amount, and the mark of its ID.
var sumScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local window, limit, id, amount, add = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1'
local log, from = redis.call('GET', KEYS[1]) or '', 1
while from < #log and now - struct.unpack('>I6', log, from) >= window do from = from + 18 end
local sum, at = 0, nil
for i = from, #log, 18 do
  sum = sum + struct.unpack('>I4', log, i + 6)
  if id ~= '' and string.sub(log, i + 10, i + 17) == id then at = i end
end
if id == '' then return {1, sum} end
local old = at and struct.unpack('>I4', log, at + 6) or 0
local before, after = string.sub(log, from, (at or #log + 1) - 1), at and string.sub(log, at + 18) or ''
if add then
  if limit >= 0 and sum - old + amount > limit then return {0, sum} end
  redis.call('PSETEX', KEYS[1], window, before .. after .. struct.pack('>I6I4', now, amount) .. id)
  return {1, sum - old + amount}
end
if not at then return {0, sum} end
if amount > 0 then before = before .. struct.pack('>I6I4', struct.unpack('>I6', log, at), amount) .. id end
if before .. after == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], before .. after, 'KEEPTTL')
end
return {1, sum - old + amount}
`)

// Places are a sorted set of holders by when their leases end, in milliseconds.
const readPlaces = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
`

var holdScript = redis.NewScript(readPlaces + `
local lease, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local n = redis.call('ZCARD', KEYS[1])
if not redis.call('ZSCORE', KEYS[1], ARGV[3]) then
  if limit >= 0 and n >= limit then return {0, n} end
  n = n + 1
end
redis.call('ZADD', KEYS[1], now + lease, ARGV[3])
if redis.call('PTTL', KEYS[1]) < lease then redis.call('PEXPIRE', KEYS[1], lease) end
return {1, n}
`)

var freeScript = redis.NewScript(readPlaces + `
redis.call('ZREM', KEYS[1], ARGV[1])
return {1, redis.call('ZCARD', KEYS[1])}
`)

// A value is a hash of its generation and its bytes. A generation is the time in
// microseconds when it was written, or one more than that before it.
var readScript = redis.NewScript(`
local g = redis.call('HGET', KEYS[1], 'g')
if not g then return {0, '0'} end
if g == ARGV[1] then return {1, g} end
return {1, g, redis.call('HGET', KEYS[1], 'v')}
`)

var writeScript = redis.NewScript(`
local g = redis.call('HGET', KEYS[1], 'g') or '0'
if ARGV[2] ~= 'any' and ARGV[2] ~= g then
  if g == '0' then return {0, g} end
  local v = redis.call('HGET', KEYS[1], 'v')
  return {v == ARGV[3] and 1 or 0, g, v}
end
local t = redis.call('TIME')
g = string.format('%.0f', math.max(t[1] * 1000000 + t[2], g + 1))
redis.call('HSET', KEYS[1], 'g', g, 'v', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {1, g}
`)
