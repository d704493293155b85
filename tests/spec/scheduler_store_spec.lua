local core = require "mooncron.core"
local err = require "mooncron.err"
local scheduling = require "support.scheduling"
local store = require "mooncron.scheduler.store"

local FULL <const> = err.new("RESOURCE_EXHAUSTED", "disk is full")

local function row(id, fields)
  local r = {
    name = scheduling.PARENT .. "/jobs/" .. id,
    parent = scheduling.PARENT,
    resource = '{"schedule":"* * * * *"}',
    state = "ENABLED",
    anchor_ms = 0,
    updated_ms = 0,
    status = -1,
  }
  for key, value in pairs(fields or {}) do
    r[key] = value
  end
  return r
end

local function names(s)
  local out = {}
  for i, r in ipairs(assert(s:list(scheduling.PARENT, nil, 1000))) do
    out[i] = r.name:match("[^/]+$")
  end
  return out
end

-- The jobs of the format's first version.
local VERSION_1 <const> = [[
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
INSERT INTO jobs (name, parent, resource, state, anchor_ms, updated_ms, status)
  VALUES ('n', 'p', '{}', 'ENABLED', 1, 2, -1);
PRAGMA user_version = 1;
]]

describe("scheduler.store's group commit", function()
  local s, db

  before_each(function()
    s = assert(store.open(":memory:"))
    db = scheduling.faulty(s)
  end)

  after_each(function()
    db.faults = {}
    s:close()
  end)

  it("makes one transaction of what a turn changes", function()
    for i = 1, 50 do
      assert(s:insert_job(row("j" .. i)))
    end
    assert.same({ begin = 1, commit = 0, run = 50 }, db.counts)
    assert(s:durable())
    assert.same({ begin = 1, commit = 1, run = 50 }, db.counts)
    assert.equal(50, #names(s))
  end)

  it("tells who waits after the commit, in order, and once", function()
    local told = {}
    assert(s:insert_job(row "a"))
    for i = 1, 3 do
      s:after_commit(function(e)
        told[#told + 1] = { i, e, db:in_transaction() }
      end)
    end
    assert.same({}, told)
    assert(s:durable())
    assert.same({ { 1, nil, false }, { 2, nil, false }, { 3, nil, false } }, told)
    assert(s:insert_job(row "b"))
    assert(s:durable())
    assert.equal(3, #told)
  end)

  it("tells at once when nothing is open", function()
    local told = 0
    s:after_commit(function(e)
      assert.is_nil(e)
      told = told + 1
    end)
    assert.equal(1, told)
    assert.is_true(s:durable())
    assert.same({ begin = 0, commit = 0, run = 0 }, db.counts)
  end)

  it("fails all of the turn when the commit fails, and nothing is there afterwards", function()
    assert(s:insert_job(row "before"))
    assert(s:durable())
    db.faults.commit = FULL
    local told = {}
    assert(s:insert_job(row "a"))
    s:after_commit(function(e)
      told[#told + 1] = e
    end)
    assert(s:insert_job(row "b"))
    assert(s:delete_job(s:job(scheduling.PARENT .. "/jobs/before")))
    local ok, e = s:durable()
    assert.is_nil(ok)
    assert.equal(FULL, e)
    assert.same({ FULL }, told)
    assert.same({ "before" }, names(s))
    assert.is_false(db:in_transaction())

    db.faults.commit = nil
    assert(s:insert_job(row "later"))
    assert(s:durable())
    assert.same({ "before", "later" }, names(s))
  end)

  it("fails all of the turn when a change fails", function()
    assert(s:insert_job(row "a"))
    db.faults.run = FULL
    local ok, e = s:insert_job(row "b")
    assert.is_nil(ok)
    assert.equal(FULL, e)
    db.faults.run = nil
    ok, e = s:insert_job(row "c")
    assert.is_nil(ok, "what follows in the same turn is refused")
    assert.equal(FULL, e)
    ok, e = s:durable()
    assert.is_nil(ok)
    assert.equal(FULL, e)
    assert.same({}, names(s))
    assert.equal(0, db.counts.commit)
  end)

  it("fails the turn when SQLite has rolled back by itself", function()
    assert(s:insert_job(row "a"))
    db.faults.run = FULL
    assert.is_nil((s:insert_job(row "b")))
    assert(db:rollback()) -- as SQLite does on a full disk
    db.faults.run = nil
    assert.is_nil((s:insert_job(row "c")))
    assert.is_nil((s:durable()))
    assert.same({}, names(s))
  end)

  it("changes nothing when no transaction begins", function()
    db.faults.begin = FULL
    local ok, e = s:insert_job(row "a")
    assert.is_nil(ok)
    assert.equal(FULL, e)
    assert.is_true(s:durable())
    db.faults.begin = nil
    assert.same({}, names(s))
  end)

  it("keeps the rest of the turn when a name is taken", function()
    assert(s:insert_job(row "a"))
    local ok, e = s:insert_job(row "a")
    assert.is_nil(ok)
    assert.equal("ALREADY_EXISTS", e.code)
    assert(s:insert_job(row "b"))
    assert(s:durable())
    assert.same({ "a", "b" }, names(s))
  end)

  it("fails the turn on demand, for whoever could not finish what he began", function()
    assert(s:insert_job(row "a"))
    s:fail(FULL)
    local ok, e = s:durable()
    assert.is_nil(ok)
    assert.equal(FULL, e)
    assert.same({}, names(s))
    s:fail(FULL)
    assert.is_true(s:durable(), "nothing was open")
  end)

  local function claim()
    assert(s:insert_job(row("a", { due_ms = 5, schedule_ms = 5 })))
    assert(s:durable())
    local due = assert(s:due_jobs(5, 1))[1]
    due.schedule_ms = 65
    assert(s:claim_slot(due))
    assert(s:durable())
    return due
  end

  it("knows a claim's row as long as the job is as it was then", function()
    local due = claim()
    assert.equal(due, s:unchanged(due))
    local stored = s:job_by_id(due.id)
    assert.same({ 65, nil }, { stored.schedule_ms, stored.due_ms })
    assert.is_nil(s:unchanged(nil))
    assert.is_nil(s:unchanged(stored), "another row of it")
  end)

  local CHANGES <const> = {
    { "an update", function(stored) assert(s:update_job(stored)) end },
    { "an attempt", function(stored) assert(s:update_outcome(stored, 7, 0)) end },
    { "a slot that is left out", function(stored) assert(s:update_slot(stored)) end },
    { "another claim", function(stored) assert(s:claim_slot(stored)) end },
    { "its end", function(stored) assert(s:delete_job(stored)) end },
    { "a reset", function() assert(s:reset()) end },
    { "a turn that fails", function(stored)
      db.faults.commit = FULL
      assert(s:insert_job(row "b"))
      assert.is_nil((s:durable()))
      assert.equal("a", stored.name:match("[^/]+$"))
    end },
  }
  for _, change in ipairs(CHANGES) do
    it("does not take a claim's row for the job's after " .. change[1], function()
      local due = claim()
      change[2](assert(s:job_by_id(due.id)))
      assert.is_nil(s:unchanged(due))
    end)
  end

  it("tells the others when one of those who wait raises", function()
    local told = 0
    assert(s:insert_job(row "a"))
    s:after_commit(function()
      error("a mistake in a waiter")
    end)
    s:after_commit(function()
      told = told + 1
    end)
    assert.has_error(function()
      s:commit()
    end)
    assert.equal(1, told)
  end)
end)

describe("scheduler.store", function()
  local s

  before_each(function()
    s = assert(store.open(":memory:"))
  end)

  after_each(function()
    s:close()
  end)

  it("never gives a job the id of a deleted one", function()
    assert(s:insert_job(row "a"))
    local first = assert(s:job(scheduling.PARENT .. "/jobs/a"))
    assert(s:delete_job(first))
    assert(s:insert_job(row "a"))
    assert.not_equal(first.id, assert(s:job(scheduling.PARENT .. "/jobs/a")).id)
  end)

  it("lists a parent's jobs by name, from one on", function()
    for _, id in ipairs { "b", "a", "c", "B" } do
      assert(s:insert_job(row(id)))
    end
    assert(s:insert_job(row("x", { name = "projects/p/locations/l2/jobs/x",
      parent = "projects/p/locations/l2" })))
    assert.same({ "B", "a", "b", "c" }, names(s))
    local after = assert(s:list(scheduling.PARENT, scheduling.PARENT .. "/jobs/a", 1))
    assert.equal(1, #after)
    assert.equal(scheduling.PARENT .. "/jobs/b", after[1].name)
  end)

  it("finds what each turn asks for by an index, however many jobs there are", function()
    local real, asked = s.db, {}
    s.db = setmetatable({}, { __index = function(_, key)
      return function(_, sql, ...)
        asked[#asked + 1] = { sql, ... }
        return real[key](real, sql, ...)
      end
    end })
    s:next_due_ms()
    s:due_jobs(0, 1)
    s:due_executions(0, 1)
    s:job("a")
    s:job_by_id(1)
    s:natural_execution(1)
    s.db = real
    assert.equal(6, #asked)
    for _, call in ipairs(asked) do
      for _, step in ipairs(assert(real:rows("EXPLAIN QUERY PLAN " .. call[1], table.unpack(call, 2)))) do
        assert.is_nil(step.detail:find("SCAN", 1, true), step.detail .. ": " .. call[1])
        assert.is_nil(step.detail:find("TEMP B-TREE", 1, true), step.detail .. ": " .. call[1])
      end
    end
  end)

  it("finds what is due, the longest due first", function()
    for id, due in pairs { late = 10, now = 100, soon = 101 } do
      assert(s:insert_job(row(id, { due_ms = due })))
    end
    assert(s:insert_job(row("never")))
    local due = {}
    for i, r in ipairs(assert(s:due_jobs(100, 10))) do
      due[i] = r.name:match("[^/]+$")
    end
    assert.same({ "late", "now" }, due)
    assert.equal(1, #assert(s:due_jobs(100, 1)))
    assert.equal(10, s:next_due_ms())
  end)

  it("knows that nothing will ever be due", function()
    assert.is_nil(s:next_due_ms())
  end)

  it("requeues what was on its way, and only that", function()
    local x = { job_id = 1, forced = 0, scheduled_ms = 5, attempt = 1, failures = 0 }
    local waiting = { job_id = 2, forced = 0, scheduled_ms = 5, attempt = 1, failures = 1, due_ms = 70 }
    assert(s:insert_execution(x))
    assert(s:insert_execution(waiting))
    assert.equal(1, s:requeue_lost(50))
    assert.same({ 50, "made again: the scheduler ended meanwhile" }, {
      s:natural_execution(1).due_ms, s:natural_execution(1).note,
    })
    assert.equal(70, s:natural_execution(2).due_ms)
  end)

  it("drops the retries that wait, not what runs or has not begun", function()
    local running = { job_id = 1, forced = 0, scheduled_ms = 5, attempt = 1, failures = 0 }
    local waiting = { job_id = 1, forced = 1, scheduled_ms = 6, attempt = 1, failures = 1, due_ms = 70 }
    local fresh = { job_id = 1, forced = 1, scheduled_ms = 7, attempt = 0, failures = 0, due_ms = 60 }
    for _, x in ipairs { running, waiting, fresh } do
      assert(s:insert_execution(x))
    end
    assert(s:delete_waiting_executions(1))
    local left = {}
    for i, x in ipairs(assert(s.db:rows "SELECT scheduled_ms FROM executions ORDER BY id")) do
      left[i] = x.scheduled_ms
    end
    assert.same({ 5, 7 }, left)
  end)

  describe("attempts", function()
    local function attempt(job, n)
      return {
        job = job, scheduled_ms = 0, forced = 0, attempt = n, started_ms = 0, ended_ms = 0, latency_us = 0,
        target_type = "HTTP", target = "http://h/", code = "OK", debug_info = "", answer = "\0\255",
      }
    end

    it("come back the oldest first, of one job or all, from one on", function()
      for i = 1, 4 do
        assert(s:insert_attempt(attempt(i % 2 == 0 and "even" or "odd", i)))
      end
      local function numbers(filter)
        local out = {}
        for i, a in ipairs(assert(s:attempts(filter))) do
          out[i] = a.attempt
        end
        return out
      end
      assert.same({ 1, 2, 3, 4 }, numbers {})
      assert.same({ 2, 4 }, numbers { job = "even" })
      assert.same({ 3, 4 }, numbers { after_id = 2 })
      assert.same({ 1 }, numbers { limit = 1 })
      assert.same({ 3 }, numbers { job = "odd", after_id = 1, limit = 1 })
      assert.equal("\0\255", assert(s:attempts {})[1].answer)
    end)

    it("are bounded: the oldest go", function()
      s.limits.max_attempts = 500
      for i = 1, 3000 do
        assert(s:insert_attempt(attempt("j", i)))
      end
      local kept = assert(s:attempts { limit = 5000 })
      assert.equal(500, #kept)
      assert.equal(3000, kept[500].attempt)
    end)
  end)
end)

describe("scheduler.store on a file", function()
  local path

  local function read(name)
    local file = io.open(name, "rb")
    local bytes = file and file:read("a")
    if file then
      file:close()
    end
    return bytes
  end

  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)

  after_each(function()
    for _, suffix in ipairs { "", "-wal", "-shm", "-journal" } do
      os.remove(path .. suffix)
    end
  end)

  it("keeps what was committed, also by close", function()
    local s = assert(store.open(path))
    assert(s:insert_job(row "a"))
    assert(s:durable())
    assert(s:insert_job(row "b"))
    s:close()
    s:close()
    s = assert(store.open(path))
    assert.same({ "a", "b" }, names(s))
    s:close()
  end)

  it("drops what was not", function()
    local s = assert(store.open(path))
    assert(s:insert_job(row "a"))
    s.db:close() -- as a crash does
    s = assert(store.open(path))
    assert.same({}, names(s))
    s:close()
  end)

  it("belongs to one process at a time", function()
    local s = assert(store.open(path))
    local other, e = store.open(path)
    assert.is_nil(other)
    assert.equal("FAILED_PRECONDITION", e.code)
    assert.matches("in use", e.message)
    s:close()
  end)

  it("takes over a file of the version before, with all that is in it", function()
    local db = assert(core.store.open(path))
    assert(db:exec(VERSION_1))
    db:close()
    local s = assert(store.open(path))
    local job = assert(s:job "n")
    assert.same({ "n", 1, 2 }, { job.name, job.anchor_ms, job.updated_ms })
    assert.is_nil(job.exceptions)
    job.exceptions = "x"
    assert(s:update_job(job))
    s:close()
    s = assert(store.open(path))
    assert.same({ { name = "n", exceptions = "x" } }, s:exceptions())
    s:close()
  end)

  it("refuses a newer file and leaves it as it is, byte for byte", function()
    assert(store.open(path)):close()
    local db = assert(core.store.open(path))
    assert(db:exec "PRAGMA user_version = 99")
    db:close()
    local before = assert(read(path))
    local s, e = store.open(path)
    assert.is_nil(s)
    assert.equal("FAILED_PRECONDITION", e.code)
    assert.equal(("'%s' was written by a newer mooncron (format 99, this one knows 2): "
      .. "use that one, or another folder"):format(path), e.message)
    assert.is_true(before == read(path))
    for _, suffix in ipairs { "-wal", "-shm", "-journal" } do
      assert.is_nil(read(path .. suffix))
    end
  end)

  it("refuses a file that is no database, and leaves it as it is", function()
    local file = assert(io.open(path, "wb"))
    file:write(("not a database "):rep(1000))
    file:close()
    local before = read(path)
    local s, e = store.open(path)
    assert.is_nil(s)
    assert.equal("DATA_LOSS", e.code)
    assert.is_true(before == read(path))
  end)
end)
