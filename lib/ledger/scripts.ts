/*
 * The operations of the shared engine as scripts, each of which runs atomically. A namespace has a hash of values, a
 * hash of metadata, and the order of writes; tags and due times have sets of their own. A store that evicts loses any of
 * these keys alone: a record without its value or its metadata is none.
 */

const COMMON = `
local base, ns, key = KEYS[1] .. ':ledger', ARGV[1], ARGV[2]
local function V(n) return base .. ':v:' .. n end
local function M(n) return base .. ':m:' .. n end
local function O(n) return base .. ':o:' .. n end
local function T(n, tag) return base .. ':t:' .. n .. ':' .. tag end
local due, bytes = base .. ':due', base .. ':bytes'
local function drop(n, k)
  local known = redis.call('HGET', M(n), k)
  if not known then return 0 end
  local meta = cjson.decode(known)
  redis.call('HDEL', V(n), k)
  redis.call('HDEL', M(n), k)
  redis.call('ZREM', O(n), k)
  redis.call('ZREM', due, n .. ' ' .. k)
  for _, tag in ipairs(meta.tags) do redis.call('SREM', T(n, tag), k) end
  redis.call('DECRBY', bytes, meta.bytes)
  return 1
end
local function versionOf(n, k)
  local known = redis.call('HGET', M(n), k)
  return known and redis.call('HEXISTS', V(n), k) == 1 and cjson.decode(known).version or ''
end
local function add(rows, n, k, ...)
  local value, meta = redis.call('HGET', V(n), k), redis.call('HGET', M(n), k)
  if value and meta then rows[#rows + 1] = {value, meta, k, ...} end
end
`;

/**
 * ns, key, value, tags as JSON, due or '', bytes, limit, refuse or dropOldest, most bytes, version or '*', writer or '',
 * number, milliseconds to remember the writer, '1' to write nothing while another record has one of the tags, '1' to write
 * nothing where there is no such record
 */
export const PUT = `${COMMON}
local value, tags, at, size, limit, whenFull, most, expected, writer, number, forget, unless, present = unpack(ARGV, 3)
local last = base .. ':writer:' .. writer
if writer ~= '' and tonumber(redis.call('GET', last) or '0') >= tonumber(number) then return {1, '0'} end
if unless == '1' then
  for _, tag in ipairs(cjson.decode(tags)) do if redis.call('SCARD', T(ns, tag)) > 0 then return {1, '0'} end end
end
local known = redis.call('HGET', M(ns), key)
if present == '1' and not known then return {2} end
if expected ~= '*' and versionOf(ns, key) ~= expected then return {0} end
local before = known and cjson.decode(known).bytes or 0
if tonumber(redis.call('GET', bytes) or '0') + size - before > tonumber(most) then return {-2} end
if not known and redis.call('HLEN', M(ns)) >= tonumber(limit) then
  if whenFull == 'refuse' then return {-1} end
  local oldest = redis.call('ZRANGE', O(ns), 0, 0)[1]
  if oldest then drop(ns, oldest) end
end
drop(ns, key)
if writer ~= '' then redis.call('SET', last, number, 'PX', forget) end
local version = redis.call('INCR', base .. ':place')
local now = redis.call('TIME')
local written = now[1] .. string.format('%03d', math.floor(now[2] / 1000))
local meta = '{"version":"' .. version .. '","written":' .. written .. ',"bytes":' .. size .. ',"tags":' .. tags
if at ~= '' then meta = meta .. ',"due":' .. at end
redis.call('HSET', V(ns), key, value)
redis.call('HSET', M(ns), key, meta .. '}')
redis.call('ZADD', O(ns), version, key)
if at ~= '' then redis.call('ZADD', due, at, ns .. ' ' .. key) end
for _, tag in ipairs(cjson.decode(tags)) do redis.call('SADD', T(ns, tag), key) end
redis.call('INCRBY', bytes, size)
local isInterleaved = 0
if writer ~= '' then
  local latest = base .. ':latest:' .. ns
  if redis.call('GET', latest) ~= writer then isInterleaved = 1 end
  if isInterleaved == 1 then redis.call('SET', latest, writer, 'PX', forget) end
end
return {1, written, isInterleaved}
`;

/** ns, key, version or '*' */
export const DELETE = `${COMMON}
if ARGV[3] ~= '*' and versionOf(ns, key) ~= ARGV[3] then return -1 end
return drop(ns, key)
`;

export const GET = `${COMMON}
return {redis.call('HGET', V(ns), key), redis.call('HGET', M(ns), key)}
`;

export const COUNT = `${COMMON}
return redis.call('HLEN', M(ns))
`;

/** ns, '', last place before the page, page size @returns the last place, then value, meta, key of each */
export const PAGE = `${COMMON}
local found = redis.call('ZRANGEBYSCORE', O(ns), '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local rows = {}
for i = 1, #found, 2 do add(rows, ns, found[i]) end
return {#found / 2, found[#found] or '', rows}
`;

/** ns, '', tag @returns value, meta, key of each */
export const FIND = `${COMMON}
local rows = {}
for _, k in ipairs(redis.call('SMEMBERS', T(ns, ARGV[3]))) do add(rows, ns, k) end
return rows
`;

/** '', '', before @returns value, meta, key, namespace of each, earliest first */
export const DUE = `${COMMON}
local rows = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', ARGV[3])) do
  local n, k = string.match(member, '^(%a+) (.*)$')
  add(rows, n, k, n)
end
return rows
`;
