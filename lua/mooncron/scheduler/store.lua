---The scheduler's rows in SQLite, and its group commit: what one loop turn changes is one
---transaction, and whoever waits for it is told after the commit.

local attempts <const> = require "mooncron.scheduler.attempts"
local core <const> = require "mooncron.core"
local file_format <const> = require "mooncron.scheduler.file_format"
local kept <const> = require "mooncron.scheduler.kept"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Store
local Store = { __name = "mooncron.scheduler.Store" }
Store.__index = Store

---Open or make the file. It belongs to one process at a time.
---@param path string ":memory:" keeps nothing
---@param options { max_attempts: integer?, max_attempt_age_ms: integer?, is_simulated: boolean? }?
--- `is_simulated`: what was committed survives the end of the process, but not that of the machine
---@return mooncron.scheduler.Store?
---@return mooncron.Err?
function M.open(path, options)
  local db, e = core.store.open(path, { exclusive = true })
  if not db then
    return nil, e
  end
  local ok
  ok, e = file_format.prepare(db, path)
  if ok and options and options.is_simulated then
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
    claimed = {}, -- by job: the row of its last claim, as long as nobody else has changed it
    epoch = 0, -- resets so far: what began before one is not written down
    limits = attempts.limits(options),
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
    self.kept:clear() -- it may tell of what is undone
    self.claimed = {}
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

-- The first change of a turn begins its transaction.
local function begin(self)
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

---Run a statement that changes something, in this turn's transaction. One that fails (a full disk) fails
---the whole turn: nothing of it may be answered as done.
---@param sql string
---@return integer? rows changed
---@return mooncron.Err?
function Store:change(sql, ...)
  if not self.open_turn then
    local ok, e = begin(self)
    if not ok then
      return nil, e
    end
  elseif self.failure then
    return nil, self.failure
  end
  local count, e = self.db:run(sql, ...)
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
  return self.kept:read(row.id, row.resource).job
end

---What is known of the job of a row. The row may be one of `due_jobs`, without the resource, which is
---read only when nothing is known.
---@return mooncron.scheduler.Known
function Store:known(row)
  local text = row.resource
  if not text then
    local known = self.kept:known(row.id)
    if known then
      return known
    end
    text = assert(self.db:row("SELECT resource FROM jobs WHERE id = ?", row.id)).resource
  end
  return self.kept:read(row.id, text)
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

-- Somebody changes a job, or an attempt of it does.
local function touch(self, row)
  self.claimed[row.id] = nil
  self.kept:forget_answer(row.name)
  self.on_change(row.name)
end

---@param row table gets its id
---@param job table? canonical, of `row.resource`: spares reading it
function Store:insert_job(row, job)
  self.on_change(row.name)
  local ok, e = self:change([[INSERT INTO jobs (name, parent, resource, state, anchor_ms, updated_ms,
      schedule_ms, due_ms, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)]],
    row.name, row.parent, row.resource, row.state, row.anchor_ms, row.updated_ms, row.schedule_ms,
    row.due_ms, row.status)
  if ok then
    row.id = self.db:last_rowid()
    if job then
      self.kept:keep_job(row.id, row.resource, job)
    end
  end
  return ok, e
end

---Write back what may change of a job: all columns but its identity.
function Store:update_job(row)
  touch(self, row)
  self.kept:changes(row.id, row.resource)
  return self:change([[UPDATE jobs SET resource = ?, state = ?, anchor_ms = ?, updated_ms = ?,
      schedule_ms = ?, due_ms = ?, attempted_ms = ?, status = ?, exceptions = ? WHERE id = ?]],
    row.resource, row.state, row.anchor_ms, row.updated_ms, row.schedule_ms, row.due_ms,
    row.attempted_ms, row.status, row.exceptions, row.id)
end

---Write back what a slot that is left out changes of a job.
function Store:update_slot(row)
  touch(self, row)
  return self:change("UPDATE jobs SET state = ?, schedule_ms = ?, due_ms = ? WHERE id = ?",
    row.state, row.schedule_ms, row.due_ms, row.id)
end

---Write back what a claim changes of a job. Until somebody else changes it, `unchanged` knows the row.
function Store:claim_slot(row)
  touch(self, row)
  self.claimed[row.id] = row
  return self:change("UPDATE jobs SET schedule_ms = ?, due_ms = NULL WHERE id = ?", row.schedule_ms, row.id)
end

---Write back what an attempt changes of a job.
function Store:update_outcome(row, attempted_ms, status)
  touch(self, row)
  return self:change([[UPDATE jobs SET state = ?, schedule_ms = ?, due_ms = ?, attempted_ms = ?, status = ?
      WHERE id = ?]], row.state, row.schedule_ms, row.due_ms, attempted_ms, status, row.id)
end

---A claim's row, if the job is still as it was then.
function Store:unchanged(row)
  return row and self.claimed[row.id] == row and row or nil
end

---@return { name: string, exceptions: string }[]? of the jobs that have any
function Store:exceptions()
  return self.db:rows("SELECT name, exceptions FROM jobs WHERE exceptions IS NOT NULL ORDER BY name")
end

function Store:delete_job(row)
  local ok, e = self:change("DELETE FROM executions WHERE job_id = ?", row.id)
  if not ok then
    return nil, e
  end
  touch(self, row)
  return self:change("DELETE FROM jobs WHERE id = ?", row.id)
end

-- ---- executions ----

---Jobs whose slot has come, the longest due first: what a claim needs of them.
function Store:due_jobs(now_ms, limit)
  return self.db:rows([[SELECT id, name, state, anchor_ms, schedule_ms, due_ms, exceptions FROM jobs
      WHERE due_ms <= ? ORDER BY due_ms LIMIT ?]], now_ms, limit)
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
  local ok, e = self:change([[INSERT INTO executions (job_id, forced, scheduled_ms, first_ms, attempt,
      failures, due_ms, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)]],
    x.job_id, x.forced, x.scheduled_ms, x.first_ms, x.attempt, x.failures, x.due_ms, x.note)
  if not ok then
    return nil, e
  end
  x.id = self.db:last_rowid()
  return x
end

function Store:update_execution(x)
  return self:change([[UPDATE executions SET first_ms = ?, attempt = ?, failures = ?, due_ms = ?, note = ?
      WHERE id = ?]], x.first_ms, x.attempt, x.failures, x.due_ms, x.note, x.id)
end

---Let an execution wait for its next attempt.
function Store:put_off_execution(x, due_ms, failures)
  return self:change("UPDATE executions SET failures = ?, due_ms = ? WHERE id = ?", failures, due_ms, x.id)
end

function Store:delete_execution(x)
  return self:change("DELETE FROM executions WHERE id = ?", x.id)
end

---The execution of the job's own schedule that is out, if any.
function Store:natural_execution(job_id)
  return self.db:row("SELECT * FROM executions WHERE job_id = ? AND forced = 0", job_id)
end

---Drop the retries that wait. Attempts on their way end by themselves, and a forced run that was
---asked for begins.
function Store:delete_waiting_executions(job_id)
  return self:change("DELETE FROM executions WHERE job_id = ? AND due_ms IS NOT NULL AND attempt > 0",
    job_id)
end

---After a start: attempts that were on their way when the process ended are made again (at least
---once).
---@return integer? how many
function Store:requeue_lost(now_ms)
  return self:change([[UPDATE executions SET due_ms = ?, note = 'made again: the scheduler ended meanwhile'
      WHERE due_ms IS NULL]], now_ms)
end

-- ---- attempts ----

Store.insert_attempt, Store.prune_attempts, Store.attempts = attempts.insert, attempts.prune, attempts.list

-- ---- the whole ----

---Drop all jobs, executions and attempts. What is on its way is not written down any more.
function Store:reset()
  self.epoch = self.epoch + 1
  self.kept:clear()
  self.claimed = {}
  self.on_change()
  for _, table_name in ipairs { "executions", "jobs", "attempts" } do
    local ok, e = self:change("DELETE FROM " .. table_name)
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
