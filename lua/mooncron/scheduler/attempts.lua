---The log of attempts in the store: what was tried and what came of it, bounded by age and count.

local M = {}

local MAX_COUNT <const> = 100000
local MAX_AGE_MS <const> = 30 * 86400000

---How many attempts are kept, and for how long; the oldest go first.
---@param options { max_attempts: integer?, max_attempt_age_ms: integer? }?
---@return { max_attempts: integer, max_attempt_age_ms: integer }
function M.limits(options)
  return {
    max_attempts = options and options.max_attempts or MAX_COUNT,
    max_attempt_age_ms = options and options.max_attempt_age_ms or MAX_AGE_MS,
  }
end

---Drop the attempts that are too many or too old.
---@param self mooncron.scheduler.Store
---@param now_ms integer
---@return integer?
---@return mooncron.Err?
function M.prune(self, now_ms)
  local ok, e = self:change("DELETE FROM attempts WHERE id <= (SELECT max(id) FROM attempts) - ?",
    self.limits.max_attempts)
  if not ok then
    return nil, e
  end
  -- Ids grow with time: stop at the first one that is young enough.
  return self:change([[DELETE FROM attempts WHERE id <
      (SELECT id FROM attempts WHERE ended_ms >= ? ORDER BY id LIMIT 1)]],
    now_ms - self.limits.max_attempt_age_ms)
end

---@param self mooncron.scheduler.Store
---@param a table gets `attempt_id`
---@return integer|true|nil
---@return mooncron.Err?
function M.insert(self, a)
  local ok, e = self:change([[INSERT INTO attempts (job, scheduled_ms, forced, attempt, started_ms, ended_ms,
      latency_us, target_type, target, code, http_status, debug_info, answer, note)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS BLOB), ?)]],
    a.job, a.scheduled_ms, a.forced, a.attempt, a.started_ms, a.ended_ms, a.latency_us, a.target_type,
    a.target, a.code, a.http_status, a.debug_info, a.answer, a.note)
  if not ok then
    return nil, e
  end
  a.attempt_id = self.db:last_rowid()
  self.on_change(a.job, a)
  local now_and_then = math.max(1, math.min(1000, self.limits.max_attempts // 10))
  if a.attempt_id % now_and_then == 0 then
    return M.prune(self, a.ended_ms)
  end
  return true
end

---@class mooncron.AttemptFilter
---@field job string? full name, or an id in whatever location
---@field failed boolean? only those without success
---@field after_id integer? those after it
---@field limit integer? default 1000, at most 100,000
---@field newest boolean? when there are more than the limit: the newest, not the oldest

---Attempts in the order in which they ended.
---@param self mooncron.scheduler.Store
---@param filter mooncron.AttemptFilter
---@return table[]?
---@return mooncron.Err?
function M.list(self, filter)
  local terms, values = { "id > ?1" }, { filter.after_id or 0, math.min(filter.limit or 1000, 100000) }
  if filter.job then
    local is_full = filter.job:find("/", 1, true)
    terms[2] = is_full and "job = ?3" or "(job = ?3 OR substr(job, -length(?3) - 6) = '/jobs/' || ?3)"
    values[3] = filter.job
  end
  if filter.failed then
    terms[#terms + 1] = "code <> 'OK'"
  end
  local sql = ("SELECT * FROM attempts WHERE %s ORDER BY id %s LIMIT ?2"):format(
    table.concat(terms, " AND "), filter.newest and "DESC" or "ASC")
  if filter.newest then
    sql = ("SELECT * FROM (%s) ORDER BY id"):format(sql)
  end
  return self.db:rows(sql, table.unpack(values))
end

return M
