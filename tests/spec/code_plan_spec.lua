-- Plans as data: what is compared, what is shown, whose it is, and when.
local drift = require "mooncron.code.drift"
local job_api = require "mooncron.api.job"
local json = require "mooncron.json"
local loader = require "mooncron.code.loader"
local normalise = require "mooncron.code.normalise"
local plan_api = require "mooncron.code.plan"
local plan_text = require "mooncron.code.plan_text"
local secret = require "mooncron.code.secret"
local sets = require "mooncron.code.set"
local support = require "support.jobfiles"
local time = require("mooncron.core").time

local NOW_MS <const> = support.NOW_MS
local HTTP <const> = { uri = "https://h.example/x" }

local function declare(fields, set)
  local job = { name = "a", schedule = "0 3 * * *", http_target = HTTP }
  for key, value in pairs(fields or {}) do
    job[key] = value
    if value == false and key ~= "paused" then
      job[key] = nil
    end
  end
  return support.declare({ job }, set)
end

-- The live job as the service would show it.
local function stored(declared, changes)
  local job = job_api.normalise_stored(declared.jobs[1].job)
  job.state = "ENABLED"
  for key, value in pairs(changes or {}) do
    job[key] = value or nil
  end
  return job
end

local function make(declared, live, options)
  options = options or {}
  return plan_api.make(declared, live, {
    now_ms = options.now_ms or NOW_MS, prune = options.prune, adopt = options.adopt,
  })
end

local function leaves(change)
  local list = {}
  for i, leaf in ipairs(change.fields) do
    list[i] = ("%s: %s -> %s"):format(leaf.path, leaf.from, leaf.to)
  end
  return list
end

describe("what the service does by itself", function()
  -- declared, what is read back of it, why
  local EMAIL <const> = "a@b.c"
  local rows = {
    { {}, { time_zone = "UTC", attempt_deadline = "180s" }, "defaults [tf]" },
    { { http_target = { uri = "https://h.example" } }, {}, "a slash [tf]" },
    { {}, { retry_config = {
      max_retry_duration = "0s", min_backoff_duration = "5s", max_backoff_duration = "3600s",
        max_doublings = 5,
    } }, "the default back-off, though none was sent" },
    { { retry_config = { min_backoff_duration = "0s", max_doublings = 0 } }, { retry_config = {
      max_retry_duration = "0s", min_backoff_duration = "5s", max_backoff_duration = "3600s",
        max_doublings = 5,
    } }, "zeros [rec]" },
    { { http_target = { uri = "https://h.example/", headers = { ["x-a"] = "1" } } }, { http_target = {
      uri = "https://h.example/", http_method = "POST", headers = {
        ["X-A"] = "1", ["User-Agent"] = "Google-Cloud-Scheduler", ["X-Google-B"] = "2",
          ["X-AppEngine-C"] = "3",
        ["Content-Length"] = "0",
      },
    } }, "its own headers, and another case of ours [tf]" },
    { { http_target = { uri = "https://h.example/", body = "x" } }, { http_target = {
      uri = "https://h.example/", http_method = "POST", body = "x",
      headers = { ["Content-Type"] = "application/octet-stream" },
    } }, "the type of a body [ref]" },
    { { http_target = { uri = "https://h.example", oidc_token = { service_account_email = EMAIL } } },
      { http_target = {
      uri = "https://h.example/", http_method = "POST",
      oidc_token = { service_account_email = EMAIL, audience = "https://h.example" },
        headers = { Authorization = "x" },
    } }, "an audience without the slash [tf]" },
    { { http_target = { uri = "https://x.googleapis.com/",
      oauth_token = { service_account_email = EMAIL } } },
      { http_target = {
        uri = "https://x.googleapis.com/", oauth_token = {
          service_account_email = EMAIL, scope = "https://www.googleapis.com/auth/cloud-platform",
        },
      } }, "a scope [ref]" },
    { { http_target = false, app_engine_http_target = { headers = { ["user-agent"] = "mine" } } },
      { app_engine_http_target = {
        http_method = "POST", relative_uri = "/", app_engine_routing = { host = "p.appspot.com" },
        headers = { ["User-Agent"] = "mine AppEngine-Google; (+http://code.google.com/appengine)" },
      } }, "App Engine's agent, path and host [ref]" },
    { { http_target = false, pubsub_target = { topic_name = "projects/p/topics/t", data = "x" },
      attempt_deadline = "20s" },
      { attempt_deadline = "180s" }, "a deadline that Pub/Sub ignores [ref]" },
  }
  for _, row in ipairs(rows) do
    it("is no difference: " .. row[3], function()
      local declared = declare(row[1])
      local plan = make(declared, { stored(declared, row[2]) })
      assert.same({ "keep", {} }, { plan.changes[1].op, leaves(plan.changes[1]) })
    end)
  end

  -- All that the service is known to add or to spell otherwise, by turns.
  local function with_noise(job)
    local target = job.http_target or job.app_engine_http_target
    if target then
      local headers = {}
      for key, value in pairs(target.headers or {}) do
        headers[support.below(2) == 0 and key:upper() or key] = value
      end
      headers["X-Google-Trace"] = support.pick { nil, "1" }
      headers["X-AppEngine-Thing"] = support.pick { "1", "2" }
      headers["Content-Length"] = "7"
      if (target.oidc_token or target.oauth_token) and support.below(2) == 0 then
        headers["AUTHORIZATION"] = "Bearer made-by-the-service"
      end
      target.headers = headers
    end
    local token = job.http_target and job.http_target.oidc_token
    if token and token.audience == job.http_target.uri then
      token.audience = support.pick { token.audience, (token.audience:gsub("^(%a+://[^/]+)/$", "%1")) }
    end
    job.retry_config = job.retry_config or support.pick { nil, {
      max_retry_duration = "0s", min_backoff_duration = "5s", max_backoff_duration = "3600s",
        max_doublings = 5,
    } }
    if job.pubsub_target and support.below(2) == 0 then
      job.attempt_deadline = "180s"
    end
    job.user_update_time, job.status = "2026-10-01T05:21:00Z", { code = -1 }
    return job
  end

  it("is no difference of any job", function()
    support.seed(77)
    for _ = 1, 60 do
      local declared = support.declare(support.jobs(5), "s")
      local live = {}
      for i, one in ipairs(declared.jobs) do
        live[i] = with_noise(job_api.normalise_stored(one.job))
        live[i].state = one.paused and "PAUSED" or "ENABLED"
      end
      for _, change in ipairs(make(declared, live).changes) do
        assert.same({ "keep", {} }, { change.op, leaves(change) })
      end
    end
  end)

  it("comes out the same when it is compared twice", function()
    support.seed(4)
    for _ = 1, 200 do
      local job = assert(job_api.from_lua((function()
        local fields = support.fields()
        fields.paused = nil
        return fields
      end)()))
      local once = normalise.compared(job)
      assert.same(once, normalise.compared(once))
      assert.same(once, normalise.compared(job_api.normalise_stored(job)))
      assert.same(once, normalise.compared(normalise.filled(job)))
    end
  end)
end)

describe("a change", function()
  -- declared, live, leaves, mask
  local rows = {
    { {}, { schedule = "0 4 * * *" }, { "schedule: 0 4 * * * -> 0 3 * * *" }, { "schedule" } },
    { {}, { time_zone = "Europe/Berlin" }, { "time_zone: Europe/Berlin -> UTC" }, { "time_zone" } },
    { { description = "new" }, {}, { "description: nil -> new" }, { "description" } },
    { {}, { description = "old" }, { "description: old -> nil" }, { "description" } },
    { {}, { retry_config = { retry_count = 3 } }, { "retry_config.retry_count: 3 -> nil" },
      { "retry_config" } },
    { {}, { attempt_deadline = "20s" }, { "attempt_deadline: 20s -> nil" }, { "attempt_deadline" } },
    { { paused = true }, {}, { "state: ENABLED -> PAUSED" }, {} },
    { { paused = false }, { state = "PAUSED" }, { "state: PAUSED -> ENABLED" }, {} },
    { {}, { state = "UPDATE_FAILED" }, { "state: UPDATE_FAILED -> ENABLED" }, { "schedule" } },
  }
  for _, row in ipairs(rows) do
    it("is shown, and masked no wider: " .. row[3][1], function()
      local given = {}
      for key, value in pairs(row[1]) do
        given[key] = value
      end
      local before = declare({ paused = false })
      local plan = make(declare(given), { stored(before, row[2]) })
      assert.same({ "update", row[3], row[4] },
        { plan.changes[1].op, leaves(plan.changes[1]), plan.changes[1].mask })
    end)
  end

  it("takes along what was filled in for the old value", function()
    local old = declare { http_target = { uri = "https://old/", body = "x",
      oidc_token = { service_account_email = "a@b.c" } } }
    local new = declare { http_target = { uri = "https://new/",
      oidc_token = { service_account_email = "a@b.c" } } }
    local change = make(new, { stored(old) }).changes[1]
    assert.same({ "http_target.uri: https://old/ -> https://new/", "http_target.body: x -> nil" },
      leaves(change))
    assert.same({
      "http_target.uri", "http_target.headers", "http_target.body", "http_target.oidc_token.audience",
    }, change.mask)
  end)

  it("tells the next run before and after, when that moves", function()
    local declared = declare { time_zone = "Europe/Berlin" }
    local change = make(declared, { stored(declared, { schedule = "0 4 * * *" }) }).changes[1]
    assert.same({ "2026-10-06T04:00:00+02:00", "2026-10-06T03:00:00+02:00" },
      { change.next_before, change.next_after })
    local same = make(declare { description = "x" }, { stored(declare()) }).changes[1]
    assert.same({}, { same.next_before, same.next_after })
  end)

  it("leaves a pause alone that the file does not speak of, and says so", function()
    local declared = declare()
    local plan = make(declared, { stored(declared, { state = "PAUSED" }) })
    assert.equal("keep", plan.changes[1].op)
    assert.matches("it stays paused", plan.changes[1].warnings[1])
    assert.matches("it stays paused", plan_text.human(plan))
  end)

  it("comes in the order of the names, whatever order they are declared in", function()
    local jobs = {}
    for i, id in ipairs { "c", "a", "b" } do
      jobs[i] = { name = id, schedule = "0 3 * * *", http_target = HTTP }
    end
    local plan = make(support.declare(jobs), {})
    assert.same({ "a", "b", "c" }, {
      plan_api.short(plan, plan.changes[1].name), plan_api.short(plan, plan.changes[2].name),
      plan_api.short(plan, plan.changes[3].name),
    })
  end)
end)

describe("a set", function()
  it("is a mark at the description's end", function()
    for _, row in ipairs {
      { nil, nil, nil }, { "text", nil, "text" }, { nil, "s", "[mooncron:s]" }, { "text", "s",
        "text [mooncron:s]" },
    } do
      assert.equal(row[3], sets.attach(row[1], row[2]))
      assert.same({ row[1], row[2] }, { sets.detach(row[3]) })
    end
    assert.same({ "[mooncron:s] text" }, { sets.detach("[mooncron:s] text") })
  end)

  local function live(name, mark)
    return {
      name = "projects/p/locations/l/jobs/" .. name, description = mark, schedule = "0 3 * * *",
        state = "ENABLED",
      http_target = { uri = "https://h/" },
    }
  end

  it("loses only its own jobs, and only when it is pruned", function()
    local jobs = { live("mine", "[mooncron:s]"), live("theirs", "[mooncron:t]"), live("nobody's"),
      live("x", "s [mooncron:s") }
    local plan = make(declare({}, "s"), jobs, { prune = true })
    assert.same({ create = 1, update = 0, delete = 1, keep = 0 }, plan.summary)
    assert.equal("projects/p/locations/l/jobs/mine", plan.changes[2].name)
    local kept = make(declare({}, "s"), jobs)
    assert.same({ 0, { "projects/p/locations/l/jobs/mine" } }, { kept.summary.delete, kept.orphans })
    assert.same(0, make(declare(), jobs, { prune = true }).summary.delete)
  end)

  it("takes in what belongs to nobody, and nothing of another one", function()
    local declared = declare({}, "s")
    local free = make(declared, { stored(declared, { description = "says" }) })
    assert.same({ "set: nil -> s", "description: says -> nil" }, leaves(free.changes[1]))
    assert.matches("belongs to no set", free.changes[1].warnings[1])
    local theirs = stored(declared, { description = "[mooncron:t]" })
    local plan = make(declared, { theirs })
    assert.same({ 0, 1 }, { #plan.changes, #plan.problems })
    assert.matches("belongs to the set 't'", plan.problems[1].text)
    assert.same({ "set: t -> s" }, leaves(make(declared, { theirs }, { adopt = true }).changes[1]))
    assert.same(1, #make(declare(), { theirs }).problems)
  end)
end)

describe("a one-off", function()
  local declared = assert(loader.load_text([[set "s"
    job "a" { schedule = at "2026-12-24T18:00", http_target = { uri = "https://h/" } }]]))
  local AT <const> = assert(time.parse_instant("2026-12-24T18:00:00Z"))
  local HOUR <const>, DAY <const> = 3600000, 86400000

  -- now, is it live, prune -> op or why it is left out
  local rows = {
    { AT - 60 * DAY, false, false, "create", "it comes" },
    { AT - 400 * DAY, false, false, "not yet", "it would fire a year early" },
    { AT - 400 * DAY, true, true, "delete", "somebody made it too early" },
    { AT, false, false, "over", "too late to make it" },
    { AT + 1, true, true, "keep", "its retries may be under way" },
    { AT + HOUR, true, true, "keep", "the last moment of them" },
    { AT + HOUR + 1, true, true, "delete", "it is over" },
    { AT + HOUR + 1, true, false, "comes again in a year", "apply deletes nothing" },
  }
  for _, row in ipairs(rows) do
    it("is there for its time: " .. row[5], function()
      local plan = make(declared, row[2] and { stored(declared) } or {}, { now_ms = row[1], prune = row[3] })
      local what = plan.changes[1] and plan.changes[1].op or plan.skipped[1].why
      assert.matches(row[4], what, 1, true)
      assert.equal(1, #plan.changes + #plan.skipped)
    end)
  end
end)

describe("a one-off of somebody else's", function()
  local declared = assert(loader.load_text([[set "s"
    job "a" { schedule = at "2020-12-24T18:00", http_target = { uri = "https://h/" } }]]))
  for _, mark in ipairs { "[mooncron:t]", "no mark" } do
    it("is not deleted: " .. mark, function()
      local plan = make(declared, { stored(declared, { description = mark }) }, { prune = true })
      assert.same({ 0, 1 }, { #plan.changes, #plan.skipped })
      assert.matches("not of this set", plan.skipped[1].why)
    end)
  end
end)

describe("secrets", function()
  local rows = {
    { "http_target.headers.authorization", "Bearer x", "<redacted>" },
    { "http_target.headers.x-api-key", "k", "<redacted>" },
    { "http_target.headers.x-goog-token", "k", "<redacted>" },
    { "http_target.headers.cookie", "k", "<redacted>" },
    { "pubsub_target.attributes.clientSecret", "k", "<redacted>" },
    { "http_target.headers.x-monkey", "banana", "banana" },
    { "http_target.uri", "https://u:p@h/?token=t&a=1", "https://u:<redacted>@h/?token=<redacted>&a=1" },
    { "http_target.body", '{"password":"x"}', "<redacted, 16 bytes>" },
    { "http_target.body", '{"monkey":"x"}', '{"monkey":"x"}' },
    { "pubsub_target.data", "\0\1", "<2 bytes>" },
    { "description", "token", "token" },
  }
  for _, row in ipairs(rows) do
    it("are not shown: " .. row[1] .. " " .. row[3], function()
      assert.equal(row[3], secret.show(row[1], row[2]))
    end)
  end

  it("are in no form of a plan but its file", function()
    local declared = declare { http_target = {
      uri = "https://h/?key=hush1", headers = { Authorization = "hush2" }, body = "token=hush3",
    } }
    local other = declare { http_target = {
      uri = "https://h/?key=hush4", headers = { Authorization = "hush5" }, body = "token=hush6",
    } }
    for _, live in ipairs { {}, { stored(other) } } do
      local plan = make(declared, live)
      local text = plan_text.human(plan) .. json.pretty(plan_text.to_json(plan), plan_text.order)
      assert.is_nil(text:find("hush"))
      assert.is_not_nil(text:find("<redacted>", 1, true))
      assert.is_not_nil(require("mooncron.code.plan_file").write(plan):find("hush1", 1, true))
    end
  end)
end)

describe("drift", function()
  it("sees from the other side: gone, changed, paused, unknown", function()
    local jobs = {}
    for i, id in ipairs { "same", "gone", "changed", "paused", "meant" } do
      jobs[i] = { name = id, schedule = "0 3 * * *", http_target = HTTP, paused = id == "meant" or nil }
    end
    local declared = support.declare(jobs, "s")
    local live = {}
    for _, one in ipairs(declared.jobs) do
      local job = job_api.normalise_stored(one.job)
      local id = one.name:match("[^/]+$")
      job.state = (id == "paused" or id == "meant") and "PAUSED" or "ENABLED"
      job.schedule = id == "changed" and "0 4 * * *" or job.schedule
      live[#live + 1] = id ~= "gone" and job or nil
    end
    live[#live + 1] = { name = "projects/p/locations/l/jobs/unknown", description = "[mooncron:s]",
      state = "ENABLED" }
    live[#live + 1] = { name = "projects/p/locations/l/jobs/other", description = "[mooncron:t]",
      state = "ENABLED" }
    local found = {}
    for i, row in ipairs(drift.find(declared, live, { now_ms = NOW_MS })) do
      found[i] = row.kind .. " " .. row.name:match("[^/]+$") .. " " .. table.concat(leaves(row), "; ")
    end
    assert.same({
      "changed changed schedule: 0 3 * * * -> 0 4 * * *", "missing gone ",
        "changed paused state: ENABLED -> PAUSED",
      "unknown unknown ",
    }, found)
  end)
end)
