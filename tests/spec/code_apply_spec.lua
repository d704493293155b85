-- Plans carried out on the local scheduler: what is left to do afterwards, and after anything went wrong.
local apply = require "mooncron.code.apply"
local journal = require "mooncron.code.journal"
local plan_api = require "mooncron.code.plan"
local plan_file = require "mooncron.code.plan_file"
local support = require "support.jobfiles"

local QUICK <const> = { sleep = function() end, random = function() return 0 end, now_ms = support.NOW_MS }

local function quick(more)
  local options = {}
  for key, value in pairs(QUICK) do
    options[key] = value
  end
  for key, value in pairs(more or {}) do
    options[key] = value
  end
  return options
end

-- Pending work in words, for a message.
local function left(plan)
  local lines = {}
  for _, change in ipairs(plan.changes) do
    for _, leaf in ipairs(change.op ~= "keep" and change.fields or {}) do
      lines[#lines + 1] = ("%s %s %s: %s -> %s"):format(change.op, change.name, leaf.path, leaf.from, leaf.to)
    end
  end
  return table.concat(lines, "\n")
end

local function run(client, declared, options)
  local plan = support.plan(client, declared, options)
  local report = apply.run(client, plan, quick(options))
  return plan, report
end

describe("apply", function()
  it("leaves nothing to do, for any job and any change of it", function()
    support.seed(20261125)
    local client <close> = support.client()
    for round = 1, 25 do
      local declared = support.declare(support.jobs(12), "s")
      local _, report = run(client, declared)
      assert.same({}, report.failed, "round " .. round)
      local again = support.plan(client, declared)
      assert.equal("", left(again), "round " .. round)
      assert.is_false(plan_api.has_changes(again))
    end
  end)

  it("writes nothing the second time", function()
    support.seed(7)
    local client <close> = support.client()
    local declared = support.declare(support.jobs(20), "s")
    run(client, declared)
    local before = support.state(client)
    local counted = support.faulty(client, function() end)
    local _, report = run(counted, declared)
    assert.same({ 0, 0, 0 }, { counted.calls, report.total, report.done })
    assert.same(before, support.state(client))
  end)

  it("ends in the same state whichever way it comes there", function()
    support.seed(99)
    local first, second = support.declare(support.jobs(10), "s"), support.declare(support.jobs(10), "s")
    local straight <close> = support.client()
    local around <close> = support.client()
    run(straight, second)
    run(around, first)
    run(around, second)
    local function compared(client)
      local normalise, out = require "mooncron.code.normalise", {}
      for name, job in pairs(support.state(client)) do
        out[name] = normalise.compared(job)
      end
      return out
    end
    assert.same(compared(straight), compared(around))
  end)

  it("tells of each failure and stops for none, but deletes nothing then", function()
    local client <close> = support.client()
    local old = { name = "old", schedule = "* * * * *", http_target = { uri = "http://h/" } }
    run(client, support.declare({ old }, "s"))
    local jobs = {}
    for i = 1, 5 do
      jobs[i] = { name = "n" .. i, schedule = "* * * * *", http_target = { uri = "http://h/" } }
    end
    local faulty = support.faulty(client, function(n)
      return n == 2 and { code = "PERMISSION_DENIED", message = "no" } or nil
    end)
    local _, report = run(faulty, support.declare(jobs, "s"), { prune = true, parallel = 1 })
    assert.same({ 4, 1, "create", "PERMISSION_DENIED" },
      { report.done, #report.failed, report.failed[1].op, report.failed[1].error.code })
    assert.same({ "projects/p/locations/l/jobs/old" }, report.untried)
    assert.is_table(client:get_job("old"))
  end)

  it("tries again what may help, and takes a create whose answer was lost for done", function()
    local rows = {
      { { code = "RESOURCE_EXHAUSTED", status = 429 }, "over the quota" },
      { { code = "UNAVAILABLE", status = 503, done = true }, "done, but the answer was lost" },
      { { code = "ABORTED", status = 409, retryable = true }, "another change under way" },
      { { code = "INTERNAL", status = 500 }, "a fault of the server's" },
    }
    for _, row in ipairs(rows) do
      local client <close> = support.client()
      support.seed(5)
      local declared = support.declare(support.jobs(8), "s")
      local faulty = support.faulty(client, function(n)
        return n % 2 == 1 and row[1] or nil
      end)
      local _, report = run(faulty, declared, { parallel = 1 })
      assert.same({}, report.failed, row[2])
      assert.equal("", left(support.plan(client, declared)), row[2])
    end
  end)

  it("gives up on what stays away, with the reason", function()
    local client <close> = support.client()
    local slept = 0
    local faulty = support.faulty(client, function()
      return { code = "UNAVAILABLE", status = 503 }
    end)
    local declared = support.declare({ { name = "a", schedule = "* * * * *",
      http_target = { uri = "http://h/" } } })
    local report = apply.run(faulty, support.plan(client, declared), quick {
      sleep = function() slept = slept + 1 end,
    })
    assert.same({ "UNAVAILABLE", apply.tries, apply.tries - 1 }, { report.failed[1].error.code,
      faulty.calls, slept })
  end)
end)

describe("a paused job", function()
  it("has no moment in which it could fire", function()
    local client <close> = support.client()
    local seen = {}
    local watched = support.faulty(client, function(_, method)
      seen[#seen + 1] = method
    end)
    local create = client.create_job
    local soonest
    rawset(watched, "create_job", function(_, job)
      seen[#seen + 1] = "create_job"
      local made, e = create(client, job)
      soonest = require("mooncron.schedule").new(job.schedule, job.time_zone):next(support.NOW_MS)
      return made, e
    end)
    local declared = support.declare {
      { name = "a", schedule = "* * * * *", paused = true, http_target = { uri = "http://h/" } },
    }
    run(watched, declared)
    assert.same({ "create_job", "pause_job", "update_job" }, seen)
    assert.is_true(soonest - support.NOW_MS > 140 * 86400000)
    local job = client:get_job("a")
    assert.same({ "PAUSED", "* * * * *", "UTC" }, { job.state, job.schedule, job.time_zone })
  end)

  it("is paused before it is given a new schedule", function()
    local client <close> = support.client()
    local job = { name = "a", schedule = "0 0 1 1 *", http_target = { uri = "http://h/" } }
    run(client, support.declare { job })
    job.schedule, job.paused = "* * * * *", true
    local seen = {}
    run(support.faulty(client, function(_, method) seen[#seen + 1] = method end), support.declare { job })
    assert.same({ "pause_job", "update_job" }, seen)
  end)
end)

describe("a pause", function()
  local JOB <const> = { name = "a", schedule = "0 3 * * *", paused = true,
    http_target = { uri = "http://h/" } }

  -- The service pauses no paused job.
  local function strict(client, fail)
    local faulty = support.faulty(client, fail)
    rawset(faulty, "pause_job", function(_, name)
      local answer = fail()
      if not answer and client:get_job(name).state == "PAUSED" then
        return nil, require("mooncron.err").new("FAILED_PRECONDITION",
          "Job.state must be ENABLED for PauseJob.")
      end
      local job = client:pause_job(name)
      if answer then
        return nil, require("mooncron.err").new(answer, "lost")
      end
      return job
    end)
    return faulty
  end

  it("whose answer got lost is known to be done", function()
    local client <close> = support.client()
    local pauses = 0
    local on = strict(client, function(n)
      pauses = n and pauses or pauses + 1
      return not n and pauses == 1 and "UNAVAILABLE" or nil
    end)
    local declared = support.declare { JOB }
    assert.same({}, select(2, run(on, declared)).failed)
    assert.equal("", left(support.plan(client, declared)))
  end)

  it("is made again when the service wakes a job that it updates", function()
    local client <close> = support.client()
    run(client, support.declare { JOB })
    local waking = support.faulty(client, function() end)
    rawset(waking, "update_job", function(_, request)
      assert(client:update_job(request))
      return client:resume_job(request.job.name)
    end)
    local changed = { name = "a", schedule = "0 4 * * *", paused = true, http_target = JOB.http_target }
    run(waking, support.declare { changed })
    assert.same({ "PAUSED", "0 4 * * *" }, { client:get_job("a").state, client:get_job("a").schedule })
    changed.paused, changed.schedule = nil, "0 5 * * *" -- and when the file does not speak of the pause
    run(waking, support.declare { changed })
    assert.same({ "PAUSED", "0 5 * * *" }, { client:get_job("a").state, client:get_job("a").schedule })
  end)

  it("of a job whose update failed comes after a good update", function()
    local client <close> = support.client()
    local declared = support.declare { JOB }
    run(client, declared)
    local plan = support.plan(client, declared)
    local change = plan.changes[1]
    change.op, change.live.state = "update", "UPDATE_FAILED"
    local seen = {}
    apply.run(support.faulty(client, function(_, method) seen[#seen + 1] = method end), plan, quick())
    assert.equal("update_job", seen[1])
  end)
end)

-- Everything that an apply does: creates (one paused), updates (one into a pause), deletions.
local function scenario()
  local function job(id, fields)
    local out = { name = id, schedule = "0 3 * * *", http_target = { uri = "http://h/" .. id } }
    for key, value in pairs(fields or {}) do
      out[key] = value
    end
    return out
  end
  local before = { job "same", job "changed", job("wakes", { paused = true }), job "sleeps", job "old",
    job "older" }
  local after = {
    job "same", job("changed", { schedule = "0 4 * * *", description = "new" }),
    job("wakes", { paused = false }),
    job("sleeps", { paused = true, schedule = "* * * * *" }), job "new", job("newer", { paused = true }),
  }
  local client = support.client()
  run(client, support.declare(before, "s"))
  return client, support.declare(after, "s")
end

local function path_of_journal()
  local path = os.tmpname()
  os.remove(path)
  return path
end

describe("a run that is killed", function()
  local wanted, calls
  do
    local client <close>, declared = scenario()
    local counted = support.faulty(client, function() end)
    run(counted, declared, { prune = true, parallel = 1 })
    wanted, calls = support.state(client), counted.calls
  end

  it("ends in the same state when it is run again, wherever it was", function()
    assert.is_true(calls > 8)
    for n = 1, calls do
      for _, moment in ipairs { "before", "after" } do
        local client <close>, declared = scenario()
        local faulty = support.faulty(client, function(call)
          return call == n and moment or nil
        end)
        assert.is_false(pcall(run, faulty, declared, { prune = true, parallel = 1 }))
        local _, report = run(client, declared, { prune = true, parallel = 4 })
        assert.same({}, report.failed)
        assert.same(wanted, support.state(client), ("killed %s call %d"):format(moment, n))
        assert.equal("", left(support.plan(client, declared, { prune = true })))
      end
    end
  end)

  it("goes on with the plan's file by its journal", function()
    for n = 1, calls do
      for _, moment in ipairs { "before", "after" } do
        local why = ("killed %s call %d"):format(moment, n)
        local client <close>, declared = scenario()
        local text = plan_file.write(support.plan(client, declared, { prune = true }))
        local path = path_of_journal()
        local faulty = support.faulty(client, function(call)
          return call == n and moment or nil
        end)
        local live = require "mooncron.code.live"
        local function go(on)
          local book = assert(journal.open(path))
          local plan = assert(plan_file.read(text))
          plan = assert(plan_file.lay_on(plan, assert(live.read(client, plan.parents)), book.begun))
          return apply.run(on, plan, quick { journal = book, parallel = 1 })
        end
        assert.is_false(pcall(go, faulty), why)
        assert.is_truthy(io.open(path), why)
        assert.same({}, go(client).failed, why)
        assert.same(wanted, support.state(client), why)
        assert.is_nil(io.open(path), why)
      end
    end
  end)
end)

describe("a create that was under way when a run was cut off", function()
  it("may arrive after the next run has looked", function()
    local client <close> = support.client()
    local declared = support.declare { { name = "a", schedule = "0 3 * * *",
      http_target = { uri = "http://h/" } } }
    local plan = support.plan(client, declared)
    client:create_job { name = "a", schedule = "0 0 1 6 *", http_target = { uri = "http://h/" } }
    assert.equal("ALREADY_EXISTS", apply.run(client, plan, quick()).failed[1].error.code)
    local path = path_of_journal()
    local book = assert(journal.open(path))
    book:write { begin = declared.jobs[1].name }
    book:close()
    assert.same({}, apply.run(client, plan, quick { journal = assert(journal.open(path)) }).failed)
    assert.equal("0 3 * * *", client:get_job("a").schedule)
  end)
end)

describe("a plan's file", function()
  local live = require "mooncron.code.live"

  local function planned()
    local client, declared = scenario()
    return client, plan_file.write(support.plan(client, declared, { prune = true }))
  end

  local function lay_on(client, text)
    local plan = assert(plan_file.read(text))
    return plan_file.lay_on(plan, assert(live.read(client, plan.parents)), {})
  end

  it("carries all that apply needs", function()
    local client <close>, text = planned()
    local report = apply.run(client, assert(lay_on(client, text)), quick())
    assert.same({ {}, 7 }, { report.failed, report.done })
    local again = assert(lay_on(client, text)).summary
    assert.same({ 0, 0, 0 }, { again.create, again.update, again.delete })
  end)

  it("is refused when the live state has moved", function()
    local moves = {
      { function(c) c:update_job { name = "changed", schedule = "9 9 * * *" } end, "changed",
        "one to update" },
      { function(c) c:update_job { name = "same", schedule = "9 9 * * *" } end, "same", "one to leave" },
      { function(c) c:pause_job("changed") end, "changed", "a pause" },
      { function(c) c:delete_job("same") end, "same", "one is gone" },
      { function(c)
        c:create_job { name = "new", schedule = "9 9 * * *", http_target = { uri = "http://x/" } }
      end, "new", "one to create is there" },
      { function(c)
        c:create_job {
          name = "more", description = "[mooncron:s]", schedule = "9 9 * * *",
          http_target = { uri = "http://x/" },
        }
      end, "more", "another one of the set" },
    }
    for _, row in ipairs(moves) do
      local client <close>, text = planned()
      row[1](client)
      local plan, e = lay_on(client, text)
      assert.is_nil(plan, row[3])
      assert.same({ "FAILED_PRECONDITION", { row[2] } }, { e.code, e.names }, row[3])
    end
  end)

  it("is not taken from another text", function()
    for _, text in ipairs { "{}", "[]", "x", '{"format":"mooncron-plan","version":99}' } do
      local plan, e = plan_file.read(text)
      assert.is_nil(plan)
      assert.is_string(e.code)
    end
  end)
end)

describe("a journal", function()
  it("knows an earlier run, even by a torn last line", function()
    local path = path_of_journal()
    local file = assert(io.open(path, "w"))
    file:write('{"total":3}\n{"begin":"a"}\n{"done":"a"}\n{"begin":"b"}\n{"don')
    file:close()
    local book = assert(journal.open(path))
    assert.same({ true, 3, 1, { b = true } }, { book.is_cut, book.total, book.done, book.begun })
    book:close("done")
    assert.is_nil(io.open(path))
  end)

  it("knows a run that ended with a failure from one that was cut off", function()
    local path = path_of_journal()
    local book = assert(journal.open(path))
    book:write { total = 2 }
    book:write { begin = "a" }
    book:close("ended")
    book = assert(journal.open(path))
    assert.same({ false, 0, { a = true } }, { book.is_cut, book.done, book.begun })
    book:close("done")
  end)
end)
