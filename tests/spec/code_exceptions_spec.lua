-- Dates of job files that cron cannot say: kept by the local scheduler, refused for the cloud.
local apply = require "mooncron.code.apply"
local auth = require "mooncron.auth"
local code = require "mooncron.code"
local drift = require "mooncron.code.drift"
local fake_google = require "fake_google"
local lint = require "mooncron.code.lint"
local live = require "mooncron.code.live"
local loader = require "mooncron.code.loader"
local mooncron = require "mooncron"
local plan_api = require "mooncron.code.plan"
local plan_file = require "mooncron.code.plan_file"
local plan_text = require "mooncron.code.plan_text"
local scheduling = require "support.scheduling"
local support = require "support.jobfiles"
local time = require("mooncron.core").time

local OPTIONS <const> = { sleep = function() end, random = function() return 0 end, now_ms = support.NOW_MS }
local NAME <const> = "projects/p/locations/l/jobs/a"

local function declare(dates, schedule)
  local text = ("set 's' job 'a' { schedule = %q, time_zone = 'Europe/Berlin', %s,"
    .. " http_target = { uri = 'http://127.0.0.1:1/' } }"):format(schedule or "0 9 * * *", dates)
  return loader.load_text(text, { holds_exceptions = true })
end

local function run(client, declared, options)
  return apply.run(client, support.plan(client, declared, options), OPTIONS)
end

local STEPS <const> = {
  'except = { "2026-12-25", "SUN" }, paused = false',
  'except = { "2026-12-25" }, window = { from = "2026-11-20", to = "2027-01-10" }, paused = false',
  'except = { "12-25" }, paused = true',
  'except = { "12-25" }, paused = false',
  'window = { from = "2026-11-20", to = "2027-01-10" }, paused = false',
  'paused = false',
}

-- Every step from every other one, and from nothing.
local function check_steps(client)
  for i = 0, #STEPS do
    for j = 1, #STEPS do
      client:delete_job "a"
      if i > 0 then
        assert.same({}, run(client, assert(declare(STEPS[i]))).failed)
      end
      local declared = assert(declare(STEPS[j]))
      assert.same({}, run(client, declared).failed)
      local again = support.plan(client, declared)
      assert.is_false(plan_api.has_changes(again), ("%d -> %d:\n%s"):format(i, j, plan_text.human(again)))
      assert.same({}, drift.find(declared, assert(live.read(client, declared.parents)),
        { now_ms = support.NOW_MS }))
    end
  end
end

describe("dates that cron cannot say", function()
  it("leave nothing to do after they were applied in process", function()
    local client <close> = support.client()
    check_steps(client)
  end)

  it("leave nothing to do after they were applied through a server", function()
    local s <close> = scheduling.open { clock = "virtual" }
    local server <close> = assert(s:listen {})
    local client <close> = assert(mooncron.connect {
      endpoint = "http://127.0.0.1:" .. server:port(), project = "p", location = "l",
    })
    check_steps(client)
    assert.has_error(function()
      client:set_exceptions(NAME, { except = { "x" } })
    end)
    assert.is_true(client:set_exceptions(NAME, { except = { "12-25" } }))
    assert.same({ [NAME] = { except = { "12-25" } } }, client:exceptions())
    assert.is_nil(client:get_job("a").exceptions)
  end)

  it("are shown in the plan, with the run that is left in", function()
    local client <close> = support.client()
    assert.same({}, run(client, assert(declare("paused = false"))).failed)
    local plan = support.plan(client, assert(declare('except = { "2026-10-06" }')))
    assert.same({ 1, "2026-10-06T09:00:00+02:00", "2026-10-07T09:00:00+02:00" },
      { plan.summary.update, plan.changes[1].next_before, plan.changes[1].next_after })
    assert.matches("except: (none) -> '2026-10-06'", plan_text.human(plan), 1, true)
  end)

  it("are held back before a new job can fire", function()
    local client <close> = support.client()
    local seen = {}
    local watched = support.faulty(client, function() end)
    local real = client.set_exceptions
    rawset(watched, "set_exceptions", function(_, name, given)
      seen[1] = assert(client:get_job(name)).schedule
      return real(client, name, given)
    end)
    assert.same({}, run(watched, assert(declare('except = { "2026-10-06" }'))).failed)
    assert.equal("0 0 1 4 *", seen[1]) -- half a year away
    assert.equal("0 9 * * *", assert(client:get_job "a").schedule)
  end)

  it("end as they are declared, wherever apply is cut off", function()
    local declared = assert(declare('except = { "2026-10-06" }'))
    for n = 1, 3 do
      for _, how in ipairs { "before", "after" } do
        local client <close> = support.client()
        pcall(run, support.faulty(client, function(i) return i == n and how end), declared)
        assert.same({}, run(client, declared).failed)
        assert.is_false(plan_api.has_changes(support.plan(client, declared)))
      end
    end
  end)

  it("go through a plan's file", function()
    local client <close> = support.client()
    local declared = assert(declare('except = { "2026-10-06" }'))
    local plan = assert(plan_file.read(plan_file.write(support.plan(client, declared))))
    plan = assert(plan_file.lay_on(plan, assert(live.read(client, declared.parents)), {}))
    assert.same({}, apply.run(client, plan, OPTIONS).failed)
    assert.is_false(plan_api.has_changes(support.plan(client, declared)))
    -- and what was changed since is seen
    plan = assert(plan_file.read(plan_file.write(support.plan(client, assert(declare("paused = false"))))))
    assert.is_true(client:set_exceptions(NAME, { except = { "SUN" } }))
    local _, e = plan_file.lay_on(plan, assert(live.read(client, declared.parents)), {})
    assert.equal("FAILED_PRECONDITION", e.code)
  end)

  it("are drift when somebody changed them", function()
    local client <close> = support.client()
    local declared = assert(declare('except = { "2026-10-06" }'))
    assert.same({}, run(client, declared).failed)
    assert.is_true(client:set_exceptions(NAME, nil))
    local jobs = assert(live.read(client, declared.parents))
    local found = drift.find(declared, jobs, { now_ms = support.NOW_MS })
    assert.same({ { path = "except", from = "2026-10-06" } }, found[1].fields)
  end)

  it("are deleted by sync after their window", function()
    local client <close> = support.client()
    local declared = assert(declare('window = { from = "2026-11-20", to = "2027-01-10" }'))
    assert.same({}, run(client, declared).failed)
    local jobs = assert(live.read(client, declared.parents))
    local plan = plan_api.make(declared, jobs, { prune = true, parent = declared.parents[1],
      now_ms = assert(time.parse_instant "2027-01-11T12:00:00Z") })
    assert.same({ "delete", "it is over" }, { plan.changes[1].op, plan.changes[1].why })
  end)

  it("may leave no run, which lint tells", function()
    local declared = assert(declare('except = { "12-25" }', "0 9 25 12 1"))
    local dead = assert(declare('except = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "2026-10-06" }',
      "every day 09:00"))
    local function rules(of)
      local list = {}
      for _, finding in ipairs(lint.check(of, { now_ms = support.NOW_MS })) do
        list[finding.rule] = true
      end
      return list
    end
    assert.is_true(rules(dead)["never-fires"])
    assert.is_nil(rules(declared)["never-fires"])
  end)

  it("are still compiled where cron can say them", function()
    local declared = assert(declare('except = { "SUN" }'))
    assert.is_nil(declared.jobs[1].exceptions)
    assert.equal("0 9 * * 1-6", declared.jobs[1].job.schedule)
  end)

  it("are wrong when they are no dates, here too", function()
    local declared, e = declare('except = { "2026-12-25", "Christmas" }')
    assert.is_nil(declared)
    assert.matches("'Christmas': write a day", e.message, 1, true)
  end)
end)

describe("dates that cron cannot say, on the cloud", function()
  local USER <const> = '{"type":"authorized_user","client_id":"i","client_secret":"x","refresh_token":"y"}'

  it("are refused with the reason, and nothing is asked or made", function()
    local google = fake_google.start()
    local client = assert(mooncron.connect {
      backend = "gcp", project = "p", location = "l", endpoint = google.url,
      credential = assert(auth.from_json(USER, google:world())),
    })
    local path = os.tmpname()
    local file <close> = assert(io.open(path, "w"))
    assert(file:write [[job "a" { schedule = "0 9 * * *", except = { "2026-12-25" },
      http_target = { uri = "https://h.example/" } }]])
    file:close()
    local declared, e = code.load(client, { path })
    -- and a plan that was made for the local scheduler does not end as half of itself
    local report = run(client, assert(declare('except = { "2026-12-25" }')))
    local jobs = assert(live.read(client, { "projects/p/locations/l" }))
    client:close()
    google:close()
    os.remove(path)
    assert.is_nil(declared)
    assert.equal("UNIMPLEMENTED", e.code)
    assert.matches("cron has no year; Cloud Scheduler holds no single days back", e.message, 1, true)
    assert.same({}, jobs)
    assert.equal("UNIMPLEMENTED", report.failed[1].error.code)
  end)
end)
