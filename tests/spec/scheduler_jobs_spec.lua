local job_api = require "mooncron.api.job"
local mask = require "mooncron.api.mask"
local scheduling = require "support.scheduling"

local START_MS <const> = scheduling.START_MS -- a Monday, 08:00:00 UTC
local PARENT <const> = scheduling.PARENT

local function id(name)
  return PARENT .. "/jobs/" .. name
end

describe("scheduler.jobs", function()
  local s, jobs, wall

  before_each(function()
    wall = { ms = START_MS }
    s = scheduling.open({}, wall)
    jobs = s.jobs
  end)

  after_each(function()
    s:close()
  end)

  local function create(name, fields)
    return assert(jobs:create(PARENT, scheduling.job(name, fields)))
  end

  -- Put a job into a state that no method leads to.
  local function force_state(name, state)
    local row = assert(s.store:job(id(name)))
    row.state, row.due_ms, row.schedule_ms = state, nil, nil
    assert(s.store:update_job(row))
  end

  -- An execution of the job's own schedule on its way, as the dispatcher claims it.
  local function claim(name, fields)
    local row = assert(s.store:job(id(name)))
    row.due_ms = nil
    assert(s.store:update_job(row))
    local x = { job_id = row.id, forced = 0, scheduled_ms = START_MS, first_ms = START_MS, attempt = 1,
      failures = 0 }
    for key, value in pairs(fields or {}) do
      x[key] = value
    end
    return assert(s.store:insert_execution(x))
  end

  local function executions(name)
    local row = assert(s.store:job(id(name)))
    return assert(s.store.db:rows("SELECT * FROM executions WHERE job_id = ? ORDER BY id", row.id))
  end

  describe("create", function()
    -- What is kept of a new job, so that nobody reads its row again, and what reading it would give.
    local SHAPES <const> = {
      { { description = "", retryConfig = {} }, "messages and texts that are empty" },
      { { retryConfig = { retryCount = 0, minBackoffDuration = "0s" } }, "zeros" },
      { { httpTarget = { uri = "http://a", headers = {}, body = "" } }, "an empty map, no bytes" },
      { { httpTarget = { uri = "http://a/", httpMethod = 0, oidcToken = { serviceAccountEmail = "a@b.c" } } },
        "an enum by its number, a token" },
      { { httpTarget = false, pubsubTarget = { topicName = "projects/p/topics/t", data = "aGk" } },
        "the other targets" },
      { { httpTarget = false, appEngineHttpTarget = { appEngineRouting = {} } }, "empty routing" },
    }

    it("keeps a job as it is read back", function()
      for i, shape in ipairs(SHAPES) do
        local json = { schedule = "* * * * *", httpTarget = { uri = "http://a/" } }
        for key, value in pairs(shape[1]) do
          json[key] = value or nil
        end
        json.name = id("kept-" .. i)
        assert(jobs:create(PARENT, assert(job_api.from_json(json))))
        local row = assert(s.store:job(json.name))
        local kept = s.store:resource_of(row)
        s.store.kept:clear()
        assert.same(s.store:resource_of(row), kept, shape[2])
      end
    end)

    it("answers what the service answers of a job that never ran", function()
      local job = create("a", { description = "d" })
      assert.equal(id "a", job.name)
      assert.equal("ENABLED", job.state)
      assert.same({ code = -1 }, job.status)
      assert.equal("2026-10-05T08:00:00Z", job.user_update_time)
      assert.equal("2026-10-05T08:01:00Z", job.schedule_time)
      assert.is_nil(job.last_attempt_time)
      assert.equal("180s", job.attempt_deadline)
      assert.is_nil(job.retry_config)
    end)

    it("is read back the same", function()
      local job = create "a"
      assert.same(job, jobs:get(id "a"))
      assert.same({ job }, jobs:list(PARENT, nil, 10))
    end)

    it("ignores what only the service sets", function()
      local job = create("a", {
        state = "PAUSED", status = { code = 5 }, schedule_time = "2000-01-01T00:00:00Z",
        user_update_time = "2000-01-01T00:00:00Z", last_attempt_time = "2000-01-01T00:00:00Z",
      })
      assert.same({ "ENABLED", -1, "2026-10-05T08:01:00Z" }, { job.state, job.status.code,
        job.schedule_time })
      assert.is_nil(job.last_attempt_time)
    end)

    it("takes UTC when there is no zone", function()
      local fields = scheduling.job "a"
      fields.time_zone = nil
      assert.equal("UTC", assert(jobs:create(PARENT, fields)).time_zone)
    end)

    it("makes a name of its own when there is none", function()
      local fields = scheduling.job "a"
      fields.name = nil
      local first, second = assert(jobs:create(PARENT, fields)), assert(jobs:create(PARENT, fields))
      assert.matches("^" .. PARENT:gsub("%-", "%%-") .. "/jobs/%d+$", first.name)
      assert.not_equal(first.name, second.name)
      assert.is_nil(fields.name)
    end)

    it("refuses a name that is taken, and leaves that job alone", function()
      local before = create "a"
      local job, e = jobs:create(PARENT, scheduling.job("a", { description = "another" }))
      assert.is_nil(job)
      assert.equal("ALREADY_EXISTS: Job " .. id "a" .. " already exists.", tostring(e))
      assert.same(before, jobs:get(id "a"))
    end)

    local BAD <const> = {
      { { schedule = "61 * * * *" }, "schedule", "minute 61 is not in 0%-59" },
      { { time_zone = "Mars/Base" }, "time_zone", "'Mars/Base' is not a time zone" },
      { { schedule = false }, "schedule", "is missing" },
      { { http_target = false }, nil, "the job has no target" },
      { { pubsub_target = { topic_name = "projects/p/topics/t", data = "x" } }, "pubsub_target", "keep one" },
      { { http_target = { uri = "ftp://h/" } }, "http_target.uri", "http://HOST" },
      { { retry_config = { retry_count = 6 } }, "retry_config.retry_count", "is not in 0%-5" },
      { { attempt_deadline = "14s" }, "attempt_deadline", "15s" },
      { { name = "projects/p/locations/other/jobs/a" }, "name", "is not under" },
      { { name = PARENT .. "/jobs/a b" }, "name", "may hold letters" },
    }
    for _, row in ipairs(BAD) do
      it(("refuses a bad %s: %s"):format(row[2] or "target", row[3]), function()
        local fields = scheduling.job("a", row[1])
        for key, value in pairs(row[1]) do
          fields[key] = value or nil
        end
        local job, e = jobs:create(PARENT, fields)
        assert.is_nil(job)
        assert.equal("INVALID_ARGUMENT", e.code)
        assert.equal(row[2], e.path)
        assert.matches(row[3], e.message)
        assert.same({}, jobs:list(PARENT, nil, 10))
        assert.is_nil(s.store:next_due_ms())
      end)
    end

    it("shows milliseconds where there are some", function()
      wall.ms = START_MS + 1500
      assert.equal("2026-10-05T08:00:01.500Z", create("a").user_update_time)
    end)

    it("anchors an interval at the creation", function()
      wall.ms = START_MS + 14000
      assert.equal("2026-10-05T08:05:14Z", create("a", { schedule = "every 5 minutes" }).schedule_time)
      assert.equal("2026-10-05T10:00:14Z", create("b", { schedule = "every 2 hours" }).schedule_time)
    end)

    it("takes the first slot strictly after the creation", function()
      assert.equal("2026-10-06T08:00:00Z", create("a", { schedule = "0 8 * * *" }).schedule_time)
    end)
  end)

  describe("of a name that is not there", function()
    for _, method in ipairs { "get", "delete", "pause", "resume", "run" } do
      it(method .. " answers NOT_FOUND", function()
        local job, e = jobs[method](jobs, id "gone")
        assert.is_nil(job)
        assert.equal("NOT_FOUND: Job not found.", tostring(e))
      end)
    end

    it("patch answers NOT_FOUND, and makes none", function()
      local job, e = jobs:patch(id "gone", scheduling.job "gone", mask.implied)
      assert.is_nil(job)
      assert.equal("NOT_FOUND", e.code)
      assert.is_nil((jobs:get(id "gone")))
    end)
  end)

  -- method, state before, state after or the error, slot shown, has user_update_time moved
  local STATES <const> = {
    { "pause", "ENABLED", "PAUSED", nil, true },
    { "pause", "PAUSED", "PAUSED", nil, false },
    { "pause", "DISABLED", "PAUSED", nil, true },
    { "pause", "UPDATE_FAILED", "PAUSED", nil, true },
    { "resume", "ENABLED", "ENABLED", "2026-10-05T08:01:00Z", false },
    { "resume", "PAUSED", "ENABLED", "2026-10-05T09:31:00Z", true },
    { "resume", "DISABLED", "ENABLED", "2026-10-05T09:31:00Z", true },
    { "resume", "UPDATE_FAILED", "ENABLED", "2026-10-05T09:31:00Z", true },
    { "run", "ENABLED", "ENABLED", "2026-10-05T08:01:00Z", false },
    { "run", "PAUSED", "FAILED_PRECONDITION: Job.state must be ENABLED for RunJob." },
    { "run", "DISABLED", "FAILED_PRECONDITION: Job.state must be ENABLED for RunJob." },
    { "run", "UPDATE_FAILED", "FAILED_PRECONDITION: Job.state must be ENABLED for RunJob." },
    { "patch", "ENABLED", "ENABLED", "2026-10-05T08:01:00Z", true },
    { "patch", "PAUSED", "PAUSED", nil, true },
    { "patch", "DISABLED", "DISABLED", nil, true },
    { "patch", "UPDATE_FAILED", "ENABLED", "2026-10-05T09:31:00Z", true },
    { "get", "ENABLED", "ENABLED", "2026-10-05T08:01:00Z", false },
    { "get", "PAUSED", "PAUSED", nil, false },
  }
  for _, row in ipairs(STATES) do
    local method, before, after, slot, moved = table.unpack(row, 1, 5)
    it(("%s of a job that is %s gives %s"):format(method, before, after), function()
      create "a"
      if before ~= "ENABLED" then
        force_state("a", before)
      end
      wall.ms = START_MS + 90 * 60000
      local job, e = jobs[method](jobs, id "a", { description = "new" }, mask.implied)
      if not job then
        assert.equal(after, tostring(e))
        assert.equal(before, s.store:job(id "a").state)
        assert.same({}, executions "a")
        return
      end
      assert.equal(after, job.state)
      assert.equal(slot, job.schedule_time)
      assert.equal(moved and "2026-10-05T09:30:00Z" or "2026-10-05T08:00:00Z", job.user_update_time)
      assert.same({ code = -1 }, job.status)
      assert.same(job, jobs:get(id "a"))
      assert.equal(job.state == "ENABLED", s.store:job(id "a").due_ms ~= nil)
    end)

    if method == "get" then
      it(("delete of a job that is %s leaves nothing"):format(before), function()
        create "a"
        force_state("a", before)
        claim "a"
        assert(jobs:delete(id "a"))
        assert.is_nil((jobs:get(id "a")))
        assert.same({}, s.store.db:rows "SELECT * FROM executions")
        create "a"
      end)
    end
  end

  describe("patch", function()
    local function patch(fields, text)
      return jobs:patch(id "a", fields, assert(mask.parse(text)))
    end

    before_each(function()
      create("a", {
        description = "old",
        schedule = "0 * * * *",
        http_target = { uri = "http://h/", http_method = "PUT", body = "b", headers = { ["X-A"] = "1" } },
        retry_config = { retry_count = 3, min_backoff_duration = "7s" },
      })
      wall.ms = START_MS + 60000
    end)

    local function of(job)
      local t = job.http_target
      return { job.description, job.schedule, t.uri, t.http_method, t.body, t.headers["X-A"] }
    end

    it("sets the fields that are there when there is no mask, and leaves the others", function()
      local job = assert(patch { description = "new" })
      assert.same({ "new", "0 * * * *", "http://h/", "PUT", "b", "1" }, of(job))
      assert.equal(3, job.retry_config.retry_count)
    end)

    it("sets what the mask names and nothing else", function()
      local job = assert(patch({ description = "new", schedule = "1 * * * *",
        http_target = { uri = "http://i/" } },
        "http_target.uri"))
      assert.same({ "old", "0 * * * *", "http://i/", "PUT", "b", "1" }, of(job))
    end)

    it("clears what the mask names and the patch does not have", function()
      local job = assert(patch({}, "description,httpTarget.body,retryConfig"))
      assert.same({ nil, "0 * * * *", "http://h/", "PUT", nil, "1" }, of(job))
      assert.is_nil(job.retry_config)
    end)

    it("replaces a map as a whole", function()
      local job = assert(patch({ http_target = { headers = { ["X-B"] = "2" } } }, "httpTarget.headers"))
      assert.is_nil(job.http_target.headers["X-A"])
      assert.equal("2", job.http_target.headers["X-B"])
    end)

    it("takes the name from the URL, whatever the patch says", function()
      assert.equal(id "a", assert(patch({ name = id "b", description = "new" }, "name,description")).name)
      assert.is_nil((jobs:get(id "b")))
    end)

    it("changes the kind of target", function()
      local topic = { topic_name = "projects/p/topics/t", data = "x" }
      local job = assert(patch({ pubsub_target = topic }, "pubsubTarget"))
      assert.same(topic, job.pubsub_target)
      assert.is_nil(job.http_target)
    end)

    local BAD <const> = {
      { { schedule = "61 * * * *" }, nil, "schedule" },
      { { time_zone = "Mars/Base" }, nil, "time_zone" },
      { {}, "schedule", "schedule", "a required field is cleared" },
      { {}, "httpTarget", nil, "the only target is cleared" },
      { { http_target = { http_method = "GET" } }, "httpTarget.httpMethod", "http_target.body",
        "GET has a body" },
      { { retry_config = { retry_count = 6 } }, "retryConfig.retryCount", "retry_config.retry_count" },
    }
    for i, row in ipairs(BAD) do
      it(("refuses what would make the job invalid, and changes nothing (%d)"):format(i), function()
        local before = jobs:get(id "a")
        local job, e = patch(row[1], row[2])
        assert.is_nil(job)
        assert.equal("INVALID_ARGUMENT", e.code)
        assert.equal(row[3], e.path)
        assert.same(before, jobs:get(id "a"))
      end)
    end

    it("computes the next slot of a new schedule or zone", function()
      assert.equal("2026-10-05T08:30:00Z", assert(patch { schedule = "30 * * * *" }).schedule_time)
      assert.equal("2026-10-05T09:00:00Z",
        assert(patch({ schedule = "0 5 * * *", time_zone = "America/New_York" },
        "schedule,timeZone")).schedule_time)
    end)

    it("counts a new interval from the change, and keeps the count of an old one", function()
      assert.equal("2026-10-05T10:01:00Z", assert(patch { schedule = "every 2 hours" }).schedule_time)
      wall.ms = START_MS + 30 * 60000
      assert.equal("2026-10-05T10:01:00Z", assert(patch { description = "x" }).schedule_time)
      assert.equal("2026-10-05T10:01:00Z", assert(patch { schedule = "every 2 hours" }).schedule_time)
    end)

    it("leaves the slot alone when the schedule does not change", function()
      wall.ms = START_MS + 3 * 3600000 -- a due slot that is not claimed yet
      assert.equal("2026-10-05T09:00:00Z", assert(patch { description = "x" }).schedule_time)
      assert.equal(START_MS + 3600000, s.store:job(id "a").due_ms)
    end)

    it("of a paused job shows no slot, and resume counts by the new schedule", function()
      assert(jobs:pause(id "a"))
      assert.is_nil(assert(patch { schedule = "30 * * * *" }).schedule_time)
      assert.equal("2026-10-05T08:30:00Z", assert(jobs:resume(id "a")).schedule_time)
    end)

    it("does not start a second execution while one is out", function()
      claim "a"
      assert.equal("2026-10-05T08:30:00Z", assert(patch { schedule = "30 * * * *" }).schedule_time)
      assert.is_nil(s.store:job(id "a").due_ms)
    end)
  end)

  describe("run", function()
    it("carries the next schedule time, and does not move it", function()
      create "a"
      wall.ms = START_MS + 20000
      assert.equal("2026-10-05T08:01:00Z", assert(jobs:run(id "a")).schedule_time)
      local x = executions "a"
      assert.equal(1, #x)
      assert.same({ 1, START_MS + 60000, START_MS + 20000, 0 }, { x[1].forced, x[1].scheduled_ms, x[1].due_ms,
        x[1].attempt })
      assert.equal(START_MS + 60000, s.store:job(id "a").due_ms)
    end)

    it("carries the next slot while a retry is shown", function()
      create "a"
      claim("a", { due_ms = START_MS + 5000, failures = 1 })
      local row = s.store:job(id "a")
      row.schedule_ms = START_MS + 5000
      assert(s.store:update_job(row))
      assert(jobs:run(id "a"))
      assert.equal(START_MS + 60000, executions("a")[2].scheduled_ms)
    end)

    it("may be asked for any number of times", function()
      create "a"
      claim "a"
      for _ = 1, 3 do
        assert(jobs:run(id "a"))
      end
      assert.equal(4, #executions "a")
    end)
  end)

  describe("pause", function()
    it("drops the retries that wait", function()
      create "a"
      claim("a", { due_ms = START_MS + 5000, failures = 1 })
      assert(jobs:pause(id "a"))
      assert.same({}, executions "a")
      assert.is_nil(s.store:next_due_ms())
    end)

    it("lets a forced run that was asked for begin", function()
      create "a"
      assert(jobs:run(id "a"))
      assert(jobs:pause(id "a"))
      assert.equal(1, #executions "a")
    end)
  end)

  describe("resume", function()
    it("does not make up for slots of the pause", function()
      create "a"
      assert(jobs:pause(id "a"))
      wall.ms = START_MS + 3600000
      assert.equal("2026-10-05T09:01:00Z", assert(jobs:resume(id "a")).schedule_time)
    end)

    it("keeps the anchor of an interval", function()
      create("a", { schedule = "every 2 hours" })
      assert(jobs:pause(id "a"))
      wall.ms = START_MS + 3 * 3600000
      assert.equal("2026-10-05T12:00:00Z", assert(jobs:resume(id "a")).schedule_time)
    end)

    it("with an attempt on its way does not start a second execution", function()
      create "a"
      claim "a"
      assert(jobs:pause(id "a"))
      assert.equal("2026-10-05T08:01:00Z", assert(jobs:resume(id "a")).schedule_time)
      assert.is_nil(s.store:job(id "a").due_ms)
      assert.equal(1, #executions "a")
    end)

    it("disables a job whose zone is gone, and says so", function()
      create "a"
      local row = assert(s.store:job(id "a"))
      row.resource = row.resource:gsub("UTC", "Gone")
      row.state = "PAUSED"
      assert(s.store:update_job(row))
      local job, e = jobs:resume(id "a")
      assert.is_nil(job)
      assert.matches("'Gone' is not a time zone", e.message)
      assert.equal("PAUSED", s.store:job(id "a").state)
    end)
  end)
end)
