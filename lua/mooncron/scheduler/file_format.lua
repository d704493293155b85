---The tables of the scheduler's file.

local err <const> = require "mooncron.err"

local M = {}

-- user_version of the file. A newer one is refused: nothing of it is touched.
local VERSION <const> = 2

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
  status INTEGER NOT NULL,      -- of the last attempt, a google.rpc.Code; -1: none yet
  exceptions TEXT               -- days on which it does not fire, as mooncron.exceptions has them
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

-- How a file of the version before becomes one of this version, by this version.
local MIGRATIONS <const> = {
  [2] = "ALTER TABLE jobs ADD COLUMN exceptions TEXT;",
}

local function migrate(db, from)
  local steps = {}
  for version = from + 1, VERSION do
    steps[#steps + 1] = MIGRATIONS[version]
  end
  return db:exec("BEGIN;" .. table.concat(steps) .. "PRAGMA user_version = " .. VERSION .. ";COMMIT;")
end

---Bring an open file into the form above, or refuse it.
---@param db mooncron.Store
---@param path string
---@return true?
---@return mooncron.Err?
function M.prepare(db, path)
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
  elseif row.user_version < VERSION then
    return migrate(db, row.user_version)
  end
  return true
end

return M
