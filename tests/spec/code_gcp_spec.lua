-- Jobs as code against a Google of our own: the same plans and the same end, under retries and quota.
local apply = require "mooncron.code.apply"
local auth = require "mooncron.auth"
local fake_google = require "fake_google"
local live = require "mooncron.code.live"
local mooncron = require "mooncron"
local plan_api = require "mooncron.code.plan"
local retry = require "mooncron.retry"
local support = require "support.jobfiles"
local task = require "mooncron.task"

local USER <const> = '{"type":"authorized_user","client_id":"i","client_secret":"x","refresh_token":"y"}'

local function pass() end -- no fault

describe("jobs as code on the cloud", function()
  local google, client
  local real_clock = retry.clock

  before_each(function()
    google = fake_google.start()
    local passed_ms = 0
    retry.clock = {
      sleep = function(seconds) -- passes at once
        passed_ms = passed_ms + math.ceil(seconds * 1000)
        task.sleep(0)
      end,
      mono_ms = function()
        return real_clock.mono_ms() + passed_ms
      end,
      wall_ms = real_clock.wall_ms,
      random = function()
        return 0
      end,
    }
    client = assert(mooncron.connect {
      backend = "gcp", project = "p", location = "l", endpoint = google.url,
      credential = assert(auth.from_json(USER, google:world())),
    })
  end)

  after_each(function()
    client:close()
    google:close()
    retry.clock = real_clock
    task.run(task.sleep, 0)
  end)

  local function run(declared, options)
    local plan = support.plan(client, declared, options)
    return apply.run(client, plan, {
      sleep = function() end, random = function() return 0 end, now_ms = support.NOW_MS, parallel = 8,
    })
  end

  it("leave nothing to do, for any job and any change of it", function()
    support.seed(2026)
    for _ = 1, 4 do
      local declared = support.declare(support.jobs(15), "s")
      assert.same({}, run(declared).failed)
      local again = support.plan(client, declared)
      assert.same({ 0, 0 }, { again.summary.create, again.summary.update })
    end
    assert.equal(15, run(support.declare({}, "s"), { prune = true }).counts.delete)
    assert.same({}, live.read(client, { "projects/p/locations/l" }))
  end)

  it("are listed 500 a page, and asked for no more than that", function()
    local jobs = {}
    for i = 1, 501 do
      jobs[i] = { name = "j-" .. i, schedule = "7 5 * * *", http_target = { uri = "http://h/" } }
    end
    local declared = support.declare(jobs, "s")
    assert.same({}, run(declared).failed)
    local before = #google.calls
    assert.is_false(plan_api.has_changes(support.plan(client, declared)))
    assert.equal(2, #google.calls - before)
  end)

  it("come through quota, unavailability and concurrent changes", function()
    support.seed(12)
    local declared = support.declare(support.jobs(12), "s")
    local errors = {
      fake_google.error(429, "RESOURCE_EXHAUSTED", "slow down"),
      fake_google.error(503, "UNAVAILABLE", "not now"),
      fake_google.error(409, "ABORTED", "sync mutate calls cannot be queued"),
      fake_google.error(500, "INTERNAL", "oh"),
    }
    for i = 1, 24 do
      google.faults[i] = i % 3 == 2 and errors[i % #errors + 1] or pass
    end
    local report = run(declared)
    assert.same({ {}, {} }, { report.failed, google.faults })
    assert.is_false(plan_api.has_changes(support.plan(client, declared)))
  end)

  it("say what the service refuses", function()
    google.faults = { pass, fake_google.error(403, "PERMISSION_DENIED", "may not actAs") }
    local job = { name = "a", schedule = "7 5 * * *", http_target = { uri = "http://h/" } }
    local report = run(support.declare({ job }, "s"))
    assert.same({ 1, "PERMISSION_DENIED" }, { #report.failed, report.failed[1].error.code })
    assert.matches("may not actAs", report.failed[1].error.message)
  end)
end)
