/*
 * Lanes of events as scripts, each of which runs atomically. A lane is a list, its oldest event first; an entry is its
 * number, a space, and the event. Each lane has at most one owner, and only the owner takes from it.
 */

const COMMON = `
local base = KEYS[1]
local function L(lane) return base .. ':lane:' .. lane end
local owners, seen, bytes, intake = base .. ':lanes', base .. ':seen', base .. ':lanes:bytes', base .. ':intake'
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- Without it others look within a second.
local function wake(what) redis.pcall('PUBLISH', base .. ':wake', what) end
local function pop(list, number)
  local head = redis.call('LINDEX', list, 0)
  if not head or string.sub(head, 1, #number + 1) ~= number .. ' ' then return 0 end
  redis.call('LPOP', list)
  redis.call('DECRBY', bytes, #head)
  return 1
end
local function push(list, text)
  local entry = redis.call('INCR', base .. ':lanes:number') .. ' ' .. text
  redis.call('INCRBY', bytes, #entry)
  return redis.call('RPUSH', list, entry)
end
`;

/**
 * Put events into lanes, in turn, each unless one of its keys is known. Arguments: most bytes, milliseconds and number of
 * kept keys; of each event: lane, event, most events, number of its keys, its keys. @returns of each: new, known or full
 */
export const PUBLISH = `${COMMON}
local mostBytes, life, kept = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local at, found, i = now(), {}, 4
local function put(lane, event, most, from, to)
  for k = from, to do if redis.call('ZSCORE', seen, ARGV[k]) then return 'known' end end
  if most > 0 and (redis.call('LLEN', L(lane)) >= most
    or tonumber(redis.call('GET', bytes) or '0') + #event > mostBytes) then return 'full' end
  for k = from, to do redis.call('ZADD', seen, at, ARGV[k]) end
  if push(L(lane), event) == 1 then wake(lane) end
  return 'new'
end
while i <= #ARGV do
  local last = i + 3 + ARGV[i + 3]
  found[#found + 1] = put(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), i + 4, last)
  i = last + 1
end
local more = redis.call('ZCARD', seen) - kept
if more > 0 then redis.call('ZREMRANGEBYRANK', seen, 0, more + 99) end
redis.call('ZREMRANGEBYSCORE', seen, '-inf', at - life)
return found
`;

/** Remember events that were in no lane. Arguments: number of kept keys, their keys. */
export const NOTE = `${COMMON}
for i = 2, #ARGV do redis.call('ZADD', seen, 'NX', now(), ARGV[i]) end
return redis.call('ZREMRANGEBYRANK', seen, 0, -1 - ARGV[1])
`;

/** Arguments: first rank, last rank. @returns keys and the times of their events in turn, oldest first */
export const SEEN = `${COMMON}
return redis.call('ZRANGE', seen, ARGV[1], ARGV[2], 'WITHSCORES')
`;

/** Arguments: member, most events of a lane, lanes. @returns of each lane that is owned: lane, entries */
export const TAKE = `${COMMON}
local found = {}
for i = 3, #ARGV do
  if redis.call('HGET', owners, ARGV[i]) == ARGV[1] then
    found[#found + 1] = {ARGV[i], unpack(redis.call('LRANGE', L(ARGV[i]), 0, ARGV[2] - 1))}
  end
end
return found
`;

/** Arguments: member, lane, number of its oldest entry. */
export const DONE = `${COMMON}
if redis.call('HGET', owners, ARGV[2]) ~= ARGV[1] then return 0 end
return pop(L(ARGV[2]), ARGV[3])
`;

/** Arguments: event, most bytes. @returns 0 when there is no room */
export const HAND_IN = `${COMMON}
if tonumber(redis.call('GET', bytes) or '0') + #ARGV[1] > tonumber(ARGV[2]) then return 0 end
if push(intake, ARGV[1]) == 1 then wake('intake') end
return 1
`;

/** Arguments: most entries. */
export const INTAKE = `${COMMON}
return redis.call('LRANGE', intake, 0, ARGV[1] - 1)
`;

/** Arguments: number of the oldest entry. */
export const ACCEPTED = `${COMMON}
return pop(intake, ARGV[1])
`;

/** Remember a set of triggers. Arguments: its digest, its ids. */
export const DEPLOYED = `${COMMON}
redis.call('SADD', base .. ':triggers:' .. ARGV[1], unpack(ARGV, 2))
return 1
`;

/**
 * Assign the lanes to the instances that have all triggers of the newest deploy. A set of triggers is as new as its first
 * appearance, after nobody has had it for a while. Each instance prefers each lane to another degree (rendezvous
 * hashing), and none has more than its share. A lane without a living owner is assigned at once, others once their owner
 * has released them. Arguments: number of lanes, member, milliseconds until a set is forgotten. @returns of each lane:
 * owner, the one that it is meant for, number of waiting events; then 1 when the member lacks triggers
 */
export const ASSIGN = `${COMMON}
local count, at, forget = tonumber(ARGV[1]), now(), tonumber(ARGV[3])
local deploys, used = base .. ':deploys', base .. ':deploys:used'
local function T(digest) return base .. ':triggers:' .. digest end
local alive, able, has, newest, newestAt = {}, {}, {}, nil, nil
for _, id in ipairs(redis.call('ZRANGE', base .. ':joined', 0, -1)) do
  alive[id] = true
  local facts = cjson.decode(redis.call('HGET', base .. ':members', id) or '{}')
  if facts.shares then
    local digest, first = facts.triggers or '', -1
    if digest ~= '' then
      local last = redis.call('ZSCORE', used, digest)
      if not last or at - last > forget then redis.call('ZADD', deploys, at, digest) end
      redis.call('ZADD', used, at, digest)
      first = tonumber(redis.call('ZSCORE', deploys, digest))
    end
    if not facts.isDraining then
      able[#able + 1], has[id] = id, digest
      if not newest or first >= newestAt then newest, newestAt = digest, first end
    end
  end
end
for _, digest in ipairs(redis.call('ZRANGEBYSCORE', used, '-inf', at - forget - 1)) do
  redis.call('ZREM', used, digest)
  redis.call('ZREM', deploys, digest)
  redis.call('DEL', T(digest))
end
local complete, isOutdated = {}, 0
for _, id in ipairs(able) do
  if has[id] == newest or #redis.call('SDIFF', T(newest), T(has[id])) == 0 then complete[#complete + 1] = id
  elseif id == ARGV[2] then isOutdated = 1 end
end
able = complete
local least, taken, lanes = math.floor(count / math.max(1, #able)), {}, {}
local more = count - least * #able
for lane = 0, count - 1 do
  local best, weight
  for _, id in ipairs(able) do
    local own = redis.sha1hex(id .. ' ' .. lane)
    local owned = taken[id] or 0
    if (owned < least or owned == least and more > 0) and (not best or own > weight) then best, weight = id, own end
  end
  if best then
    if (taken[best] or 0) == least then more = more - 1 end
    taken[best] = (taken[best] or 0) + 1
  end
  local owner = redis.call('HGET', owners, lane) or ''
  if owner ~= (best or '') and not alive[owner] then
    owner = best or ''
    if owner == '' then redis.call('HDEL', owners, lane) else redis.call('HSET', owners, lane, owner) end
    wake(lane)
  end
  lanes[#lanes + 1] = {owner, best or '', redis.call('LLEN', L(lane))}
end
return {lanes, isOutdated}
`;

/** Arguments: member, lanes. */
export const RELEASE = `${COMMON}
local count = 0
for i = 2, #ARGV do
  if redis.call('HGET', owners, ARGV[i]) == ARGV[1] then count = count + redis.call('HDEL', owners, ARGV[i]) end
end
if count > 0 then wake('assign') end
return count
`;
