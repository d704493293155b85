---The scheduler's rows in SQLite, and its group commit: what one loop turn changes is one
---transaction, and whoever waits for it is told after the commit.

local core <const> = require "mooncron.core"
local file_format <const> = require "mooncron.scheduler.file_format"
local kept <const> = require "mooncron.scheduler.kept"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Store
local Store = { __name = "mooncron.scheduler.Store" }
Store.__index = Store

---Attempts kept, and for how long; the oldest go first.
M.MAX_ATTEMPTS = 100000
M.MAX_ATTEMPT_AGE_MS = 30 * 86400000

---Open or make the file. It belongs to one process at a time.
---@param path string ":memory:" keeps nothing
---@param limits { max_attempts: integer?, max_attempt_age_ms: integer?, is_simulated: boolean? }?
--- `is_simulated`: what was committed survives the end of the process, but not that of the machine
---@return mooncron.scheduler.Store?
---@return mooncron.Err?
function M.open(path, limits)
  local db, e = core.store.open(path, { exclusive = true })
  if not db then
    return nil, e
  end
  local ok
  ok, e = file_format.prepare(db, path)
  if ok and limits and limits.is_simulated then
    ok, e = db:exec("PRAGMA synchronous = OFF")
  end
  if not ok then
    db:close()
    return nil, e
  end
  return setmetatable({
    db = db,
    path = path,
    waiters = {},
    kept = kept.new(),
    epoch = 0, -- resets so far: what began before one is not written down
    limits = limits or {},
    on_change = function() end, -- (job, attempt): a job changes, or any (nil); an attempt of it has ended
  }, Store)
end

function Store:close()
  if self.db then
    self:commit()
    self.db:close()
    self.db = nil
  end
end

-- ---- group commit ----

---Commit what this turn changed and tell whoever waits.
function Store:commit()
  if not self.open_turn then
    return
  end
  local waiters, failure = self.waiters, self.failure
  self.open_turn, self.waiters, self.failure = false, {}, nil
  local ok, e = nil, failure
  if not failure then
    ok, e = self.db:commit()
  end
  if not ok then
    self.kept:forget_answers() -- they may tell of what is undone
    if self.db:in_transaction() then
      self.db:rollback()
    end
  end
  local raised
  for _, waiter in ipairs(waiters) do
    local fine, mistake = pcall(waiter, not ok and e or nil)
    raised = raised or (not fine and { mistake })
  end
  if raised then
    error(raised[1], 0)
  end
end

---Nothing of this turn may last: whoever could not finish what he began says so. Fine when nothing
---was begun.
---@param e mooncron.Err
function Store:fail(e)
  if self.open_turn then
    self.failure = self.failure or e
  end
end

-- Before each change. The first one of a turn begins its transaction.
local function begin(self)
  if self.open_turn then
    return true
  end
  local ok, e = self.db:begin()
  if not ok then
    return nil, e
  end
  self.open_turn = true
  task.at_turn_end(function()
    self:commit()
  end)
  return true
end

-- A change that fails (a full disk) fails the whole turn: nothing of it may be answered as done.
local function change(self, sql, ...)
  local ok, e = begin(self)
  if not ok then
    return nil, e
  end
  if self.failure then
    return nil, self.failure
  end
  local count
  count, e = self.db:run(sql, ...)
  if not count and e.code ~= "ALREADY_EXISTS" then
    self:fail(e)
  end
  return count, e
end

---Call `fn(err?)` once what has been changed so far is durable; at once when nothing is open.
---@param fn fun(err: mooncron.Err?)
function Store:after_commit(fn)
  if self.open_turn then
    self.waiters[#self.waiters + 1] = fn
  else
    fn(nil)
  end
end

---Wait until what has been changed so far is durable.
---@return true?
---@return mooncron.Err?
function Store:durable()
  if not self.open_turn then
    return true
  end
  local done = self.committed
  if not done then -- one for all that wait in this turn
    done = task.event()
    self.committed = done
    self:after_commit(function(e)
      self.committed = nil
      done:set(e)
    end)
  end
  local e = done.wait()
  if e then
    return nil, e
  end
  return true
end

-- ---- jobs ----

---The job as the user set it, canonical, of a row. Shared and cached: not to be changed.
function Store:resource_of(row)
  return self.kept:job(row)
end

function Store:job(name)
  return self.db:row("SELECT * FROM jobs WHERE name = ?", name)
end

function Store:job_by_id(id)
  return self.db:row("SELECT * FROM jobs WHERE id = ?", id)
end

-- Bytes of jobs on one page, but for the last one: 500 of a megabyte each would be half a gigabyte.
local MAX_PAGE <const> = 4 << 20

---A page of a parent's jobs in the order of their names, those after `last_name` only.
---@return table[]? rows at most `limit`, fewer when they are large
---@return mooncron.Err|boolean err, or whether there are more
function Store:list(parent, last_name, limit)
  local rows, e = self.db:rows([[SELECT * FROM (
      SELECT *, sum(length(resource)) OVER (ORDER BY name) - length(resource) AS bytes_before FROM (
        SELECT * FROM jobs WHERE parent = ? AND name > ? ORDER BY name LIMIT ?))
      WHERE bytes_before < ?]], parent, last_name or "", limit, MAX_PAGE)
  if not rows or not rows[1] then
    return rows, e or false
  end
  local next_row, failure = self.db:row("SELECT 1 FROM jobs WHERE parent = ? AND name > ? LIMIT 1",
    parent, rows[#rows].name)
  if failure then
    return nil, failure
  end
  return rows, next_row ~= nil
end

---Jobs of all parents in the order of their names, those after `last_name` only.
function Store:all_jobs(last_name, limit)
  return self.db:rows("SELECT * FROM jobs WHERE name > ? ORDER BY name LIMIT ?", last_name or "", limit)
end

---@param row table
---@param job table? canonical, of `row.resource`: spares reading it
function Store:insert_job(row, job)
  if job then
    self.kept:keep_job(row, job)
  end
  self.on_change(row.name)
  return change(self, [[INSERT INTO jobs (name, parent, resource, state, anchor_ms, updated_ms,
      schedule_ms, due_ms, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)]],
    row.name, row.parent, row.resource, row.state, row.anchor_ms, row.updated_ms, row.schedule_ms,
    row.due_ms, row.status)
end

---Write back what may change of a job: all columns but its identity.
function Store:update_job(row)
  self.kept:forget_answer(row.name)
  self.on_change(row.name)
  return change(self, [[UPDATE jobs SET resource = ?, state = ?, anchor_ms = ?, updated_ms = ?,
      schedule_ms = ?, due_ms = ?, attempted_ms = ?, status = ?, exceptions = ? WHERE id = ?]],
    row.resource, row.state, row.anchor_ms, row.updated_ms, row.schedule_ms, row.due_ms,
    row.attempted_ms, row.status, row.exceptions, row.id)
end

---@return { name: string, exceptions: string }[]? of the jobs that have any
function Store:exceptions()
  return self.db:rows("SELECT name, exceptions FROM jobs WHERE exceptions IS NOT NULL ORDER BY name")
end

function Store:delete_job(row)
  local ok, e = change(self, "DELETE FROM executions WHERE job_id = ?", row.id)
  if not ok then
    return nil, e
  end
  self.kept:forget_answer(row.name)
  self.on_change(row.name)
  return change(self, "DELETE FROM jobs WHERE id = ?", row.id)
end

-- ---- executions ----

---Jobs whose slot has come, the longest due first.
function Store:due_jobs(now_ms, limit)
  return self.db:rows("SELECT * FROM jobs WHERE due_ms <= ? ORDER BY due_ms LIMIT ?", now_ms, limit)
end

---Executions whose next attempt has come, the longest due first.
function Store:due_executions(now_ms, limit)
  return self.db:rows("SELECT * FROM executions WHERE due_ms <= ? ORDER BY due_ms LIMIT ?", now_ms, limit)
end

---The next instant at which something is due, nil when nothing ever is.
---@return integer?
function Store:next_due_ms()
  local row = assert(self.db:row([[SELECT min(due_ms) AS due_ms FROM (
    SELECT min(due_ms) AS due_ms FROM jobs WHERE due_ms IS NOT NULL
    UNION ALL SELECT min(due_ms) FROM executions WHERE due_ms IS NOT NULL)]]))
  return row.due_ms
end

function Store:insert_execution(x)
  local ok, e = change(self, [[INSERT INTO executions (job_id, forced, scheduled_ms, first_ms, attempt,
      failures, due_ms, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)]],
    x.job_id, x.forced, x.scheduled_ms, x.first_ms, x.attempt, x.failures, x.due_ms, x.note)
  if not ok then
    return nil, e
  end
  x.id = self.db:last_rowid()
  return x
end

function Store:update_execution(x)
  return change(self, [[UPDATE executions SET first_ms = ?, attempt = ?, failures = ?, due_ms = ?, note = ?
      WHERE id = ?]], x.first_ms, x.attempt, x.failures, x.due_ms, x.note, x.id)
end

function Store:delete_execution(x)
  return change(self, "DELETE FROM executions WHERE id = ?", x.id)
end

---The execution of the job's own schedule that is out, if any.
function Store:natural_execution(job_id)
  return self.db:row("SELECT * FROM executions WHERE job_id = ? AND forced = 0", job_id)
end

---Drop the retries that wait. Attempts on their way end by themselves, and a forced run that was
---asked for begins.
function Store:delete_waiting_executions(job_id)
  return change(self, "DELETE FROM executions WHERE job_id = ? AND due_ms IS NOT NULL AND attempt > 0",
    job_id)
end

---After a start: attempts that were on their way when the process ended are made again (at least
---once).
---@return integer? how many
function Store:requeue_lost(now_ms)
  return change(self, [[UPDATE executions SET due_ms = ?, note = 'made again: the scheduler ended meanwhile'
      WHERE due_ms IS NULL]], now_ms)
end

-- ---- attempts ----

---Drop the attempts that are too many or too old.
function Store:prune_attempts(now_ms)
  local ok, e = change(self, "DELETE FROM attempts WHERE id <= (SELECT max(id) FROM attempts) - ?",
    self.limits.max_attempts or M.MAX_ATTEMPTS)
  if not ok then
    return nil, e
  end
  -- Ids grow with time: stop at the first one that is young enough.
  return change(self, [[DELETE FROM attempts WHERE id <
      (SELECT id FROM attempts WHERE ended_ms >= ? ORDER BY id LIMIT 1)]],
    now_ms - (self.limits.max_attempt_age_ms or M.MAX_ATTEMPT_AGE_MS))
end

function Store:insert_attempt(a)
  local ok, e = change(self, [[INSERT INTO attempts (job, scheduled_ms, forced, attempt, started_ms, ended_ms,
      latency_us, target_type, target, code, http_status, debug_info, answer, note)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]],
    a.job, a.scheduled_ms, a.forced, a.attempt, a.started_ms, a.ended_ms, a.latency_us, a.target_type,
    a.target, a.code, a.http_status, a.debug_info, core.store.blob(a.answer), a.note)
  if not ok then
    return nil, e
  end
  a.id = self.db:last_rowid()
  self.on_change(a.job, a)
  local now_and_then = math.max(1, math.min(1000, (self.limits.max_attempts or M.MAX_ATTEMPTS) // 10))
  if a.id % now_and_then == 0 then
    return self:prune_attempts(a.ended_ms)
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
---@param filter mooncron.AttemptFilter
---@return table[]?
---@return mooncron.Err?
function Store:attempts(filter)
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

-- ---- the whole ----

---Drop all jobs, executions and attempts. What is on its way is not written down any more.
function Store:reset()
  self.epoch = self.epoch + 1
  self.kept:clear()
  self.on_change()
  for _, table_name in ipairs { "executions", "jobs", "attempts" } do
    local ok, e = change(self, "DELETE FROM " .. table_name)
    if not ok then
      return nil, e
    end
  end
  return self:durable()
end

---The latest instant that anything stored is of.
---@return integer ms
function Store:latest_ms()
  return assert(self.db:row([[SELECT max(
    ifnull((SELECT max(updated_ms) FROM jobs), 0),
    ifnull((SELECT ended_ms FROM attempts ORDER BY id DESC LIMIT 1), 0)) AS ms]])).ms
end

---@return integer
function Store:job_count()
  return assert(self.db:row("SELECT count(*) AS n FROM jobs")).n
end

---@return integer bytes of the file, or of what is in memory
function Store:size()
  local pages = assert(self.db:row("PRAGMA page_count")).page_count
  return pages * assert(self.db:row("PRAGMA page_size")).page_size
end

return M
