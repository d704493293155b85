---The scheduler's rows in SQLite, and its group commit: what one loop turn changes is one
---transaction, and whoever waits for it is told after the commit.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Store
local Store = { __name = "mooncron.scheduler.Store" }
Store.__index = Store

-- user_version of the file. A newer one is refused: nothing of it is touched.
local VERSION <const> = 1

local SCHEMA <const> = [[
-- One row a job. `resource` is what the user set (API JSON); the other columns are what the service
-- keeps. An id is never used again: an attempt that is still on its way when its job is deleted must
-- not be taken for one of another job.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  parent TEXT NOT NULL,
  resource TEXT NOT NULL,
  state TEXT NOT NULL,
  anchor_ms INTEGER NOT NULL,   -- where plain intervals count from
  updated_ms INTEGER NOT NULL,
  schedule_ms INTEGER,          -- shown as scheduleTime: the next run or retry
  due_ms INTEGER,               -- the next slot to claim; NULL while paused or while an execution is out
  attempted_ms INTEGER,         -- start of the last attempt
  status INTEGER NOT NULL       -- of the last attempt, a google.rpc.Code; -1: none yet
);
CREATE INDEX jobs_by_parent ON jobs (parent, name);
CREATE INDEX jobs_due ON jobs (due_ms) WHERE due_ms IS NOT NULL;

-- One row a running execution: a slot that was claimed, or a forced run. It stays until the last
-- attempt has ended.
CREATE TABLE executions (
  id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL,
  forced INTEGER NOT NULL,
  scheduled_ms INTEGER NOT NULL, -- the slot: the run's identity, the same on all attempts
  first_ms INTEGER,              -- start of the first attempt
  attempt INTEGER NOT NULL,      -- attempts started
  failures INTEGER NOT NULL,     -- failed attempts that count
  due_ms INTEGER,                -- of the next attempt; NULL while one is on its way
  note TEXT                      -- why it is not a plain run: a catch-up, a repetition after a crash
);
CREATE INDEX executions_due ON executions (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX executions_by_job ON executions (job_id);

-- What was tried and what came of it.
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  scheduled_ms INTEGER NOT NULL,
  forced INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL,
  latency_us INTEGER NOT NULL,
  target_type TEXT NOT NULL,
  target TEXT NOT NULL,
  code TEXT NOT NULL,
  http_status INTEGER,
  debug_info TEXT NOT NULL,
  answer TEXT NOT NULL,
  note TEXT
);
CREATE INDEX attempts_by_job ON attempts (job, id);
]]

---Attempts kept; the oldest go first.
M.MAX_ATTEMPTS = 100000

local function prepare_file(db, path)
  local row, e = db:row("PRAGMA user_version")
  if not row then
    return nil, e
  end
  if row.user_version == 0 then
    return db:exec("BEGIN;" .. SCHEMA .. "PRAGMA user_version = " .. VERSION .. ";COMMIT;")
  elseif row.user_version > VERSION then
    local words = "'%s' was written by a newer mooncron (format %d, this one knows %d): "
      .. "use that one, or another folder"
    return nil, err.new("FAILED_PRECONDITION", words:format(path, row.user_version, VERSION))
  end
  return true
end

---Open or make the file. It belongs to one process at a time.
---@param path string ":memory:" keeps nothing
---@return mooncron.scheduler.Store?
---@return mooncron.Err?
function M.open(path)
  local db, e = core.store.open(path, { exclusive = true })
  if not db then
    return nil, e
  end
  local ok
  ok, e = prepare_file(db, path)
  if not ok then
    db:close()
    return nil, e
  end
  return setmetatable({ db = db, path = path, waiters = {}, parsed = {}, parsed_count = 0 }, Store)
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
  if not ok and self.db:in_transaction() then
    self.db:rollback()
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
  local done = task.event()
  self:after_commit(function(e)
    done:set(e)
  end)
  local e = done.wait()
  if e then
    return nil, e
  end
  return true
end

-- ---- jobs ----

local MAX_PARSED <const> = 10000

---The job as the user set it, canonical, of a row. Shared and cached: not to be changed.
function Store:resource_of(row)
  local known = self.parsed[row.name]
  if known and known.text == row.resource then
    return known.job
  end
  local value = assert(json.decode(row.resource))
  local job = assert(require("mooncron.api.job").from_json(value, { lenient = true }))
  if self.parsed_count >= MAX_PARSED then
    self.parsed, self.parsed_count = {}, 0
  end
  self.parsed_count = self.parsed_count + (known and 0 or 1)
  self.parsed[row.name] = { text = row.resource, job = job }
  return job
end

function Store:job(name)
  return self.db:row("SELECT * FROM jobs WHERE name = ?", name)
end

function Store:job_by_id(id)
  return self.db:row("SELECT * FROM jobs WHERE id = ?", id)
end

---Jobs of a parent in the order of their names, those after `last_name` only.
function Store:list(parent, last_name, limit)
  return self.db:rows("SELECT * FROM jobs WHERE parent = ? AND name > ? ORDER BY name LIMIT ?",
    parent, last_name or "", limit)
end

function Store:insert_job(row)
  return change(self, [[INSERT INTO jobs (name, parent, resource, state, anchor_ms, updated_ms,
      schedule_ms, due_ms, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)]],
    row.name, row.parent, row.resource, row.state, row.anchor_ms, row.updated_ms, row.schedule_ms,
    row.due_ms, row.status)
end

---Write back what may change of a job: all columns but its identity.
function Store:update_job(row)
  return change(self, [[UPDATE jobs SET resource = ?, state = ?, anchor_ms = ?, updated_ms = ?,
      schedule_ms = ?, due_ms = ?, attempted_ms = ?, status = ? WHERE id = ?]],
    row.resource, row.state, row.anchor_ms, row.updated_ms, row.schedule_ms, row.due_ms,
    row.attempted_ms, row.status, row.id)
end

function Store:delete_job(row)
  local ok, e = change(self, "DELETE FROM executions WHERE job_id = ?", row.id)
  if not ok then
    return nil, e
  end
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

function Store:insert_attempt(a)
  local ok, e = change(self, [[INSERT INTO attempts (job, scheduled_ms, forced, attempt, started_ms, ended_ms,
      latency_us, target_type, target, code, http_status, debug_info, answer, note)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]],
    a.job, a.scheduled_ms, a.forced, a.attempt, a.started_ms, a.ended_ms, a.latency_us, a.target_type,
    a.target, a.code, a.http_status, a.debug_info, a.answer, a.note)
  if not ok then
    return nil, e
  end
  local id = self.db:last_rowid()
  if id % 1000 == 0 then
    return change(self, "DELETE FROM attempts WHERE id <= ?", id - M.MAX_ATTEMPTS)
  end
  return true
end

---Attempts, the oldest first: of one job or of all, after `last_id`.
---@param filter { job: string?, after_id: integer?, limit: integer? }
function Store:attempts(filter)
  return self.db:rows(
    "SELECT * FROM attempts WHERE id > ?1 AND (?2 IS NULL OR job = ?2) ORDER BY id LIMIT ?3",
    filter.after_id or 0, filter.job, filter.limit or 1000)
end

return M
