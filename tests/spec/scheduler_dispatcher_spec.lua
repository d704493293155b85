local err = require "mooncron.err"
local json = require "mooncron.json"
local mask_api = require "mooncron.api.mask"
local scheduling = require "support.scheduling"
local task = require "mooncron.task"

local START_MS <const> = scheduling.START_MS -- a Monday, 08:00:00 UTC
local PARENT <const> = scheduling.PARENT
local MINUTE <const>, HOUR <const> = 60000, 3600000

local function id(name)
  return PARENT .. "/jobs/" .. name
end

describe("scheduler.dispatcher", function()
  local s, wall, receiver

  local function open(options)
    s = scheduling.open(options, wall)
    s.dispatcher.retry_store_s = 0.001
    return s
  end

  -- A receiver whose answers wait until they are let go: `gate:set(status)`.
  local function hold_answers()
    local gate, arrived = task.event(), task.event()
    receiver = scheduling.receiver(function()
      arrived:set()
      return gate.wait()
    end)
    return gate, arrived
  end

  local function create(name, fields)
    local job = scheduling.job(name, fields)
    job.http_target = fields and fields.http_target or { uri = receiver.url .. "/" .. name,
      http_method = "POST" }
    if fields and fields.http_target == false then
      job.http_target = nil
    end
    return assert(s.jobs:create(PARENT, job))
  end

  local function slots()
    local out = {}
    for i, request in ipairs(receiver.requests) do
      out[i] = request.headers["x-cloudscheduler-scheduletime"]
    end
    return out
  end

  -- Starts of the attempts, in seconds after the first one.
  local function starts(name)
    local out = {}
    local attempts = assert(s:attempts { job = id(name) })
    for i, a in ipairs(attempts) do
      out[i] = (a.started_ms - attempts[1].started_ms) / 1000
    end
    return out
  end

  -- Fire what is due at `ms` without waiting for the attempts.
  local function fire_at(ms)
    wall.ms = ms
    return assert(s.dispatcher:fire_due())
  end

  local function wait_until_idle()
    assert(task.with_timeout(5, function()
      s.dispatcher:wait_until_idle()
      return true
    end))
  end

  before_each(function()
    wall = { ms = START_MS }
    receiver = nil
    open()
  end)

  after_each(function()
    if receiver then
      receiver.close()
    end
    s:close()
  end)

  it("sends one simulated hour, each slot once and in order", function()
    receiver = scheduling.receiver()
    local want <const> = {
      { "minutes", "* * * * *", "UTC", 60 },
      { "quarters", "*/15 * * * *", "UTC", 4 },
      { "half", "30 * * * *", "America/New_York", 1 },
      { "kathmandu", "*/30 * * * *", "Asia/Kathmandu", 2 },
      { "synchronized", "every 20 mins synchronized", "Europe/Berlin", 3 },
      { "interval", "every 7 minutes", "UTC", 8 },
      { "leap", "0 0 29 2 *", "UTC", 0 },
    }
    for _, row in ipairs(want) do
      create(row[1], { schedule = row[2], time_zone = row[3] })
    end
    assert.equal(60, s:advance "1h")
    assert.equal(START_MS + HOUR, s:now_ms())
    local counts, minutes = {}, {}
    for _, request in ipairs(receiver.requests) do
      local name = request.headers["x-cloudscheduler-jobname"]
      counts[name] = (counts[name] or 0) + 1
      if name == "minutes" then
        minutes[#minutes + 1] = request.headers["x-cloudscheduler-scheduletime"]
      end
    end
    for _, row in ipairs(want) do
      assert.equal(row[4], counts[row[1]] or 0, row[1])
    end
    for i = 1, 59 do
      assert.equal(("2026-10-05T01:%02d:00-07:00"):format(i), minutes[i])
    end
    assert.equal("2026-10-05T02:00:00-07:00", minutes[60])
    s:advance "1h"
    assert.equal(120, #assert(s:attempts { job = id "minutes" }))
  end)

  it("sends what Cloud Scheduler sends, byte for byte", function()
    receiver = scheduling.receiver()
    create("a", { http_target = {
      uri = receiver.url .. "/path?q=%20", http_method = "PUT", body = "\0\255",
      headers = { ["X-Mine"] = "1", Host = "elsewhere", ["user-agent"] = "me", ["X-Empty"] = "" },
    } })
    s:advance "1m"
    local request = receiver.requests[1]
    assert.same({ "PUT", "/path?q=%20", "\0\255" }, { request.method, request.target, request.body })
    assert.same({
      ["accept-encoding"] = "gzip, deflate, br",
      ["content-length"] = "2",
      ["content-type"] = "application/octet-stream",
      ["host"] = receiver.url:match("//(.+)$"),
      ["user-agent"] = "Google-Cloud-Scheduler",
      ["x-cloudscheduler"] = "true",
      ["x-cloudscheduler-jobname"] = "a",
      ["x-cloudscheduler-scheduletime"] = "2026-10-05T01:01:00-07:00",
      ["x-empty"] = "",
      ["x-mine"] = "1",
    }, request.headers)
  end)

  it("says content-length: 0 when a POST has no body", function()
    receiver = scheduling.receiver()
    create "a"
    s:advance "1m"
    assert.equal("0", receiver.requests[1].headers["content-length"])
    assert.is_nil(receiver.requests[1].headers["content-type"])
  end)

  -- ---- retries ----

  local CHAINS <const> = {
    { "recorded", { min_backoff_duration = "4s", max_doublings = 2, retry_count = 4 }, { 0, 4, 12, 28, 46 } },
    { "documented", { min_backoff_duration = "4s", max_doublings = 2, retry_count = 4 }, { 0, 4, 12, 28,
      60 } },
    { "recorded", { retry_count = 5 }, { 0, 5, 15, 35, 75, 155 } },
    { "recorded", { min_backoff_duration = "4s", max_backoff_duration = "10s", max_retry_duration = "30s" },
      { 0, 4, 12, 22 } },
    { "recorded", { min_backoff_duration = "4s", retry_count = 3, max_retry_duration = "20s" }, { 0, 4, 12,
      28 } },
    { "recorded", nil, { 0 } },
  }
  for i, row in ipairs(CHAINS) do
    for _, forced in ipairs { false, true } do
      it(("retries %s with the back-off %s (%d)"):format(forced and "a forced run" or "a slot", row[1], i),
        function()
        s:close()
        open { back_off = row[1] }
        receiver = scheduling.receiver(function()
          return 500
        end)
        create("a", { schedule = forced and "0 0 1 1 *" or "30 8 * * *", retry_config = row[2] })
        if forced then
          assert(s.jobs:run(id "a"))
        end
        s:advance "2h"
        assert.same(row[3], starts "a")
        local seen = slots()
        for k = 2, #seen do
          assert.equal(seen[1], seen[k], "the schedule time is the same on all attempts")
        end
      end)
    end
  end

  it("shows the retry, then the next slot; the failure, then nothing", function()
    receiver = scheduling.receiver(function(_, n)
      return n == 1 and 503 or 200
    end)
    create("a", { schedule = "30 8 * * *", retry_config = { retry_count = 1 } })
    s:advance "30m"
    local job = s.jobs:get(id "a")
    assert.same({ "2026-10-05T08:30:05Z", 13, "2026-10-05T08:30:00Z" },
      { job.schedule_time, job.status.code, job.last_attempt_time })
    s:advance "1m"
    job = s.jobs:get(id "a")
    assert.same({ "2026-10-06T08:30:00Z", 0, "2026-10-05T08:30:05Z" },
      { job.schedule_time, job.status.code, job.last_attempt_time })
  end)

  it("shows the next slot again after a forced run was retried", function()
    receiver = scheduling.receiver(function()
      return 500
    end)
    create("a", { schedule = "30 8 * * *", retry_config = { retry_count = 1 } })
    assert(s.jobs:run(id "a"))
    s:run_due()
    assert.equal("2026-10-05T08:00:05Z", s.jobs:get(id "a").schedule_time)
    s:advance "10s"
    assert.equal("2026-10-05T08:30:00Z", s.jobs:get(id "a").schedule_time)
    assert.equal(START_MS + 30 * MINUTE, s.store:job(id "a").due_ms)
  end)

  it("leaves out a slot that comes during the retries", function()
    receiver = scheduling.receiver(function()
      return 500
    end)
    create("a", { retry_config = { retry_count = 2, min_backoff_duration = "50s" } })
    s:advance "5m"
    assert.same({ "01:01", "01:01", "01:01", "01:04", "01:04" }, (function()
      local out = {}
      for i, slot in ipairs(slots()) do
        out[i] = slot:sub(12, 16)
      end
      return out
    end)())
  end)

  it("retries App Engine's 503 whatever the configuration says, and does not count it", function()
    receiver = scheduling.receiver(function(_, n)
      return n <= 3 and 503 or 500
    end)
    s:close()
    open { app_engine = { default = receiver.url } }
    create("a", { schedule = "30 8 * * *", http_target = false,
      app_engine_http_target = { relative_uri = "/x" } })
    s:advance "12h"
    assert.same({ 0, 5, 15, 35 }, starts "a")
    assert.equal("AppEngine-Google; (+http://code.google.com/appengine)",
      receiver.requests[1].headers["user-agent"])
  end)

  -- ---- an attempt on its way ----

  it("never runs a job beside itself; the next start is the slot after the end", function()
    local gate, arrived = hold_answers()
    create "a"
    assert.equal(1, fire_at(START_MS + MINUTE))
    arrived.wait()
    for minute = 2, 4 do
      assert.equal(0, fire_at(START_MS + minute * MINUTE))
    end
    wall.ms = START_MS + 4 * MINUTE + 30000
    gate:set(200)
    wait_until_idle()
    assert.equal("2026-10-05T08:05:00Z", s.jobs:get(id "a").schedule_time)
    assert.equal(0, fire_at(START_MS + 5 * MINUTE - 1))
    assert.equal(1, fire_at(START_MS + 5 * MINUTE))
    wait_until_idle()
    assert.same({ "2026-10-05T01:01:00-07:00", "2026-10-05T01:05:00-07:00" }, slots())
  end)

  it("runs a forced one beside it", function()
    local gate, arrived = hold_answers()
    create "a"
    fire_at(START_MS + MINUTE)
    arrived.wait()
    assert(s.jobs:run(id "a"))
    assert.equal(1, fire_at(START_MS + MINUTE + 1000))
    gate:set(200)
    wait_until_idle()
    assert.same({ "2026-10-05T01:01:00-07:00", "2026-10-05T01:02:00-07:00" }, slots())
    assert.same({ 0, 1 }, { s:attempts({})[1].forced, s:attempts({})[2].forced })
  end)

  it("lets a job be deleted meanwhile, and takes the attempt for none of a new one", function()
    local gate, arrived = hold_answers()
    create("a", { retry_config = { retry_count = 3 } })
    fire_at(START_MS + MINUTE)
    arrived.wait()
    assert(s.jobs:delete(id "a"))
    create("a", { schedule = "0 0 1 1 *", retry_config = { retry_count = 3 } })
    assert(s.jobs:run(id "a")) -- an execution beside the lost one
    gate:set(500)
    wait_until_idle()
    local job = s.jobs:get(id "a")
    assert.same({ -1, "2027-01-01T00:00:00Z" }, { job.status.code, job.schedule_time })
    assert.equal(1, #assert(s:attempts { job = id "a" }))
    assert.equal(1, #s.store.db:rows "SELECT * FROM executions WHERE attempt = 0")
  end)

  it("does not retry what was paused meanwhile", function()
    local gate, arrived = hold_answers()
    create("a", { retry_config = { retry_count = 3 } })
    fire_at(START_MS + MINUTE)
    arrived.wait()
    assert(s.jobs:pause(id "a"))
    gate:set(500)
    wait_until_idle()
    local job = s.jobs:get(id "a")
    assert.same({ "PAUSED", nil, 13 }, { job.state, job.schedule_time, job.status.code })
    assert.is_nil(s.store:next_due_ms())
    assert(s.jobs:resume(id "a"))
    assert.equal(START_MS + 2 * MINUTE, s.store:next_due_ms())
  end)

  it("goes on retrying what was paused and resumed meanwhile", function()
    local gate, arrived = hold_answers()
    create("a", { retry_config = { retry_count = 3 } })
    fire_at(START_MS + MINUTE)
    arrived.wait()
    assert(s.jobs:pause(id "a"))
    assert(s.jobs:resume(id "a"))
    gate:set(500)
    wait_until_idle()
    assert.equal(START_MS + MINUTE + 5000, s.store:next_due_ms())
  end)

  it("goes on by the schedule and the retry configuration that were patched meanwhile", function()
    local gate, arrived = hold_answers()
    create "a"
    fire_at(START_MS + MINUTE)
    arrived.wait()
    local mask = require "mooncron.api.mask"
    assert(s.jobs:patch(id "a", { schedule = "0 12 * * *", retry_config = { retry_count = 1 } },
      mask.implied))
    gate:set(500)
    wait_until_idle()
    assert.equal(START_MS + MINUTE + 5000, s.store:next_due_ms())
    s:advance "10s"
    assert.equal("2026-10-05T12:00:00Z", s.jobs:get(id "a").schedule_time)
  end)

  it("sends what was patched since the slot before", function()
    receiver = scheduling.receiver()
    create "a"
    s:advance "1m"
    local target = { http_target = { uri = receiver.url .. "/b", http_method = "PUT" } }
    assert(s.jobs:patch(id "a", target, require("mooncron.api.mask").implied))
    s:advance "1m"
    local sent = {}
    for i, request in ipairs(receiver.requests) do
      sent[i] = request.method .. " " .. request.target
    end
    assert.same({ "POST /a", "PUT /b" }, sent)
  end)

  it("tells each of several attempts that end at once, with its own slot and token", function()
    local told = {}
    s.dispatcher.on_attempt = function(attempt)
      told[#told + 1] = attempt.job:match("[^/]+$") .. " " .. attempt.code
    end
    s.dispatcher.token = function(target)
      return "token-" .. target.oidc_token.audience
    end
    receiver = scheduling.receiver()
    for _, name in ipairs { "a", "b" } do
      local token = { audience = name, service_account_email = "a@example.com" }
      create(name, { http_target = { uri = receiver.url .. "/" .. name, oidc_token = token } })
    end
    create "c"
    s:advance "2m"
    assert.equal(6, #told)
    local sent = {}
    for i, request in ipairs(receiver.requests) do
      local headers = request.headers
      sent[i] = ("%s %s %s"):format(request.target, headers["x-cloudscheduler-scheduletime"]:sub(15, 16),
        headers.authorization or "-")
    end
    table.sort(sent)
    assert.same({
      "/a 01 Bearer token-a", "/a 02 Bearer token-a", "/b 01 Bearer token-b", "/b 02 Bearer token-b",
      "/c 01 -", "/c 02 -",
    }, sent)
  end)

  -- ---- what comes of an attempt ----

  it("records each attempt", function()
    receiver = scheduling.receiver(function()
      return { status = 404, body = ("x"):rep(5000) }
    end)
    create "a"
    s:advance "1m"
    local attempts = assert(s:attempts {})
    assert.equal(1, #attempts)
    local a = attempts[1]
    assert.is_true(a.latency_us > 0)
    assert.same({
      id = 1, job = id "a", scheduled_ms = START_MS + MINUTE, forced = 0, attempt = 1,
        started_ms = START_MS + MINUTE,
      ended_ms = START_MS + MINUTE, latency_us = a.latency_us, target_type = "HTTP",
        target = receiver.url .. "/a",
      code = "NOT_FOUND", http_status = 404, answer = ("x"):rep(1024),
      debug_info = "URL_ERROR-ERROR_NOT_FOUND. Original HTTP response code number = 404",
    }, a)
  end)

  it("counts the status of an answer that is too large to read", function()
    receiver = scheduling.receiver(function()
      return { status = 200, body = ("x"):rep(100000) }
    end)
    create "a"
    s:advance "1m"
    local a = assert(s:attempts {})[1]
    assert.same({ "OK", 1024 }, { a.code, #a.answer })
  end)

  local REDIRECTS <const> = {
    { 301, "GET", "" },
    { 302, "GET", "" },
    { 303, "GET", "" },
    { 307, "POST", "body" },
    { 308, "POST", "body" },
  }
  for _, row in ipairs(REDIRECTS) do
    it(("follows a %d with %s, and the last answer counts"):format(row[1], row[2]), function()
      receiver = scheduling.receiver(function(request)
        if request.target == "/from" then
          return { status = row[1], headers = { Location = "/to" } }
        end
        return 403
      end)
      create("a", { http_target = { uri = receiver.url .. "/from", http_method = "POST", body = "body" } })
      s:advance "1m"
      assert.same({ row[2], "/to", row[3] },
        { receiver.requests[2].method, receiver.requests[2].target, receiver.requests[2].body })
      assert.equal(403, assert(s:attempts {})[1].http_status)
    end)
  end

  it("does not tell another host the token", function()
    local other = scheduling.receiver()
    finally(other.close)
    receiver = scheduling.receiver(function(request)
      if request.target == "/here" then
        return { status = 307, headers = { Location = "/same" } }
      end
      return { status = 307, headers = { Location = other.url .. "/elsewhere" } }
    end)
    create("a", { http_target = {
      uri = receiver.url .. "/here", oidc_token = { service_account_email = "a@b" },
      headers = { ["X-A"] = "1" },
    } })
    s.dispatcher.token = function()
      return "SECRET"
    end
    s:advance "1m"
    assert.equal("Bearer SECRET", receiver.requests[1].headers.authorization)
    assert.equal("Bearer SECRET", receiver.requests[2].headers.authorization)
    assert.equal("/elsewhere", other.requests[1].target)
    assert.is_nil(other.requests[1].headers.authorization)
    assert.equal("1", other.requests[1].headers["x-a"])
  end)

  it("gives up a chain of redirects without end", function()
    receiver = scheduling.receiver(function()
      return { status = 302, headers = { Location = "/again" } }
    end)
    create "a"
    s:advance "1m"
    assert.equal(11, #receiver.requests)
    assert.equal("UNAVAILABLE", assert(s:attempts {})[1].code)
  end)

  it("gives up at the attempt deadline", function()
    hold_answers()
    create "a"
    local row = s.store:job(id "a")
    row.resource = row.resource:gsub("180s", "0.050s")
    assert(s.store:update_job(row))
    s:advance "1m"
    local a = assert(s:attempts {})[1]
    assert.same({ "DEADLINE_EXCEEDED", nil,
      "URL_TIMEOUT-TIMEOUT_WEB. Original HTTP response code number = 504" },
      { a.code, a.http_status, a.debug_info })
    assert.equal(4, s.jobs:get(id "a").status.code)
  end)

  it("tells when nobody answers", function()
    receiver = scheduling.receiver()
    local url = receiver.url
    receiver.close()
    create("a", { http_target = { uri = url .. "/" } })
    s:advance "1m"
    local a = assert(s:attempts {})[1]
    assert.equal("UNAVAILABLE", a.code)
    assert.matches("^URL_UNREACHABLE%-UNREACHABLE_NO_RESPONSE%. .*refused", a.debug_info)
  end)

  it("fails, and goes on, when a request cannot even be made", function()
    receiver = scheduling.receiver()
    local headers = {}
    for i = 1, 2000 do
      headers["X-" .. i] = "1"
    end
    create("a", { http_target = { uri = receiver.url .. "/a", headers = headers } })
    create "b"
    s:advance "2m"
    assert.equal(2, #receiver.requests)
    assert.equal("INTERNAL", assert(s:attempts { job = id "a" })[1].code)
    assert.equal(0, s.dispatcher.in_flight)
    assert.equal("2026-10-05T08:03:00Z", s.jobs:get(id "a").schedule_time)
  end)

  it("publishes to Pub/Sub", function()
    receiver = scheduling.receiver(function()
      return { status = 200, body = '{"messageIds":["1"]}' }
    end)
    s:close()
    open { pubsub_endpoint = receiver.url }
    create("a", {
      http_target = false,
      pubsub_target = { topic_name = "projects/p/topics/t", data = "x", attributes = { k = "v" } },
    })
    s:advance "1m"
    assert.equal("/v1/projects/p/topics/t:publish", receiver.requests[1].target)
    assert.same({ messages = { { data = "eA==", attributes = { k = "v" } } } },
      json.decode(receiver.requests[1].body))
    local a = assert(s:attempts {})[1]
    assert.same({ "OK", "PUB_SUB", "projects/p/topics/t" }, { a.code, a.target_type, a.target })
  end)

  it("disables a job whose zone is gone, and fires the others", function()
    receiver = scheduling.receiver()
    create "a"
    create "b"
    local row = s.store:job(id "a")
    row.resource = row.resource:gsub("UTC", "Gone")
    assert(s.store:update_job(row))
    local said
    s.dispatcher.say = function(text)
      said = text
    end
    s:advance "2m"
    assert.equal(("mooncron: job '%s' is disabled: 'Gone' is not a time zone, "):format(id "a")
      .. "use an IANA name such as 'Europe/Paris'\n", said)
    assert.same({ "DISABLED", nil }, { s.jobs:get(id "a").state, s.store:job(id "a").due_ms })
    assert.equal(2, #receiver.requests)
  end)

  it("delivers more than it sends at once, each once", function()
    receiver = scheduling.receiver()
    s.dispatcher.max_in_flight = 100
    for i = 1, 1100 do
      create("j" .. i)
    end
    s:advance "1m"
    local seen = {}
    for _, request in ipairs(receiver.requests) do
      seen[request.target] = true
    end
    local count = 0
    for _ in pairs(seen) do
      count = count + 1
    end
    assert.same({ 1100, 1100 }, { count, #receiver.requests })
  end)

  -- ---- a store that fails ----

  describe("with a store that fails", function()
    local db

    local function quiet()
      s.dispatcher.complain = function(self, what, e)
        self.complained = { what, e }
      end
    end

    before_each(function()
      quiet()
      db = scheduling.faulty(s.store)
    end)

    after_each(function()
      db.faults = {}
    end)

    it("sends nothing that is not claimed durably, and sends it once afterwards", function()
      receiver = scheduling.receiver()
      create "a"
      assert(s.store:durable())
      db.faults.commit = err.new("RESOURCE_EXHAUSTED", "disk is full")
      wall.ms = START_MS + MINUTE
      local n, e = s.dispatcher:fire_due()
      assert.is_nil(n)
      assert.equal("RESOURCE_EXHAUSTED", e.code)
      wait_until_idle()
      assert.equal(0, #receiver.requests)
      db.faults = {}
      assert.equal(1, fire_at(START_MS + MINUTE + 500))
      wait_until_idle()
      assert.same({ "2026-10-05T01:01:00-07:00" }, slots())
    end)

    it("undoes what a mistake of ours leaves half claimed", function()
      receiver = scheduling.receiver()
      create "a"
      create "b"
      assert(s.store:durable())
      local real, calls = s.store.insert_execution, 0
      s.store.insert_execution = function(...)
        calls = calls + 1
        if calls == 2 then
          error("a mistake")
        end
        return real(...)
      end
      wall.ms = START_MS + MINUTE
      local n, e = s.dispatcher:fire_due()
      assert.is_nil(n)
      assert.equal("INTERNAL", e.code)
      s.store.insert_execution = nil
      assert.equal(2, fire_at(START_MS + MINUTE))
      wait_until_idle()
      assert.equal(2, #receiver.requests)
    end)

    it("keeps an execution whose job cannot be read just now, and makes its attempt afterwards", function()
      receiver = scheduling.receiver(function(_, n)
        return n == 1 and 500 or 200
      end)
      create("a", { retry_config = { retry_count = 1 } })
      fire_at(START_MS + MINUTE)
      wait_until_idle()
      local retry_ms = s.store:next_due_ms()
      db.faults.row, db.faults.match = err.new("UNAVAILABLE", "cannot be read"), "FROM jobs WHERE id"
      wall.ms = retry_ms
      local n, e = s.dispatcher:fire_due()
      assert.same({ nil, "cannot be read" }, { n, e.message })
      wait_until_idle()
      assert.same({ 1, retry_ms }, { #receiver.requests, s.store:next_due_ms() })
      db.faults = {}
      assert.equal(1, fire_at(retry_ms))
      wait_until_idle()
      assert.equal(2, #receiver.requests)
    end)

    it("records an attempt however long the store refuses", function()
      local gate, arrived = hold_answers()
      create("a", { retry_config = { retry_count = 3 } })
      fire_at(START_MS + MINUTE)
      arrived.wait()
      local refused = 0
      db.faults.commit = err.new("RESOURCE_EXHAUSTED", "disk is full")
      s.dispatcher.complain = function(_, what, e)
        refused = refused + 1
        assert.same({ "an attempt cannot be recorded, trying again", "disk is full" }, { what, e.message })
        if refused == 3 then
          db.faults = {}
        end
      end
      gate:set(500)
      wait_until_idle()
      assert.equal(3, refused)
      assert.equal(1, #assert(s:attempts {}))
      assert.equal(1, s.store:natural_execution(s.store:job(id "a").id).failures)
      assert.equal(START_MS + MINUTE + 5000, s.store:next_due_ms())
    end)

    it("records all of several attempts, each once, and goes on", function()
      receiver = scheduling.receiver()
      for _, name in ipairs { "a", "b", "c" } do
        create(name, { schedule = "* * * * *" })
      end
      assert(s.store:durable())
      local told = 0
      s.dispatcher.on_attempt = function()
        told = told + 1
      end
      local refused = 0
      s.dispatcher.complain = function()
        refused = refused + 1
        db.faults.run = refused < 9 and db.faults.run or nil
      end
      db.faults.match = "INSERT INTO attempts"
      db.faults.run = err.new("RESOURCE_EXHAUSTED", "disk is full")
      fire_at(START_MS + MINUTE)
      wait_until_idle()
      assert.is_true(refused >= 9)
      assert.same({ 3, 3, 3 }, { told, #assert(s:attempts {}), #receiver.requests })
      fire_at(START_MS + 2 * MINUTE)
      wait_until_idle()
      assert.same({ 6, 6, 6 }, { told, #assert(s:attempts {}), #receiver.requests })
    end)

    it("sends nothing of a change that was undone", function()
      receiver = scheduling.receiver()
      create "a"
      assert(s.store:durable())
      db.faults.commit = err.new("RESOURCE_EXHAUSTED", "disk is full")
      local target = { http_target = { uri = receiver.url .. "/b", http_method = "PUT" } }
      assert(s.jobs:patch(id "a", target, require("mooncron.api.mask").implied))
      assert.is_nil((s.store:durable()))
      db.faults = {}
      fire_at(START_MS + MINUTE)
      wait_until_idle()
      assert.equal("/a", receiver.requests[1].target)
    end)

    it("says the same thing once a minute", function()
      s.dispatcher.complain = nil
      local said = {}
      s.dispatcher.say = function(text)
        said[#said + 1] = text
      end
      for _ = 1, 3 do
        s.dispatcher:complain("nothing can be fired", err.new("UNAVAILABLE", "busy"))
      end
      s.dispatcher:complain("nothing can be fired", err.new("RESOURCE_EXHAUSTED", "full"))
      assert.same({ "mooncron: nothing can be fired: busy\n", "mooncron: nothing can be fired: full\n" },
        said)
    end)
  end)

  -- ---- time that was missed ----

  describe("after downtime", function()
    local folder

    before_each(function()
      s:close()
      folder = os.tmpname()
      os.remove(folder)
    end)

    after_each(function()
      s:close()
      os.execute("rm -rf '" .. folder .. "'")
    end)

    local function down_until(ms, options)
      s:close()
      wall.ms = ms
      options = options or {}
      options.folder = folder
      open(options)
    end

    local function hours()
      local out = {}
      for i, slot in ipairs(slots()) do
        out[i] = slot:sub(12, 16)
      end
      return out
    end

    local POLICIES <const> = {
      { "none", "0 * * * *", 3 * HOUR + 300000, {}, "2026-10-05T12:00:00Z" },
      { "last", "0 * * * *", 3 * HOUR + 300000, { "04:00" }, "2026-10-05T12:00:00Z" },
      { "all", "0 * * * *", 3 * HOUR + 300000, { "02:00", "03:00", "04:00" }, "2026-10-05T12:00:00Z" },
      { nil, "0 * * * *", 3 * HOUR + 300000, { "04:00" }, "2026-10-05T12:00:00Z", "the default is last" },
      { "last", "0 9 * * *", 3 * HOUR, {}, "2026-10-06T09:00:00Z", "longer ago than the window of an hour" },
      { "last", "0 9 * * *", 2 * HOUR, { "02:00" }, "2026-10-06T09:00:00Z", "the window's last instant" },
      { "all", "0 9 * * *", 3 * HOUR, { "02:00" }, "2026-10-06T09:00:00Z", "all knows no window" },
      { "none", "0 9 * * *", HOUR + 59000, { "02:00" }, "2026-10-06T09:00:00Z",
        "less than a minute late is not missed" },
      { "none", "0 9 * * *", HOUR + 61000, {}, "2026-10-06T09:00:00Z", "a minute late is" },
      { "last", "0 12 * * *", 3 * HOUR, {}, "2026-10-05T12:00:00Z", "nothing was missed" },
    }
    for i, row in ipairs(POLICIES) do
      it(("makes up for %s: %s (%d)"):format(row[1] or "last", row[6] or row[2], i), function()
        receiver = scheduling.receiver()
        down_until(START_MS)
        create("a", { schedule = row[2] })
        down_until(START_MS + row[3], { catch_up = row[1] })
        s:advance "1m"
        assert.same(row[4], hours())
        assert.equal(row[5], s.jobs:get(id "a").schedule_time)
        for _, a in ipairs(s:attempts {}) do
          assert.equal(row[3] - HOUR >= 60000 and "late: the scheduler was not running" or nil, a.note)
        end
      end)
    end

    it("makes again what was on its way, with the same schedule time", function()
      local _, arrived = hold_answers()
      down_until(START_MS)
      create("a", { schedule = "0 9 * * *" })
      fire_at(START_MS + HOUR)
      arrived.wait()
      s.dispatcher:close()
      s.store.db:close() -- a crash: nothing is written any more
      s.store.db = nil
      local first = slots()
      receiver.close()
      receiver = scheduling.receiver()
      wall.ms = START_MS + 5 * HOUR
      open { folder = folder, catch_up = "none" }
      local row = s.store:job(id "a")
      row.resource = row.resource:gsub("http:[^\"]*", (receiver.url:gsub("/", "\\/")))
      assert(s.store:update_job(row))
      s:advance "1m"
      assert.same(first, slots())
      local a = assert(s:attempts {})
      assert.same({ 1, 2, "made again: the scheduler ended meanwhile" }, { #a, a[1].attempt, a[1].note })
      assert.equal("2026-10-06T09:00:00Z", s.jobs:get(id "a").schedule_time)
    end)

    it("takes up retries that waited", function()
      receiver = scheduling.receiver(function(_, n)
        return n == 1 and 500 or 200
      end)
      down_until(START_MS)
      create("a", { schedule = "0 9 * * *", retry_config = { retry_count = 1,
        min_backoff_duration = "600s" } })
      s:advance "1h"
      down_until(START_MS + 2 * HOUR)
      s:advance "1m"
      assert.same({ "02:00", "02:00" }, hours())
    end)
  end)

  describe("when the clock is set", function()
    it("back, waits for the slots to come again and runs none twice", function()
      receiver = scheduling.receiver()
      s:close()
      open { catch_up = "none" }
      create "a"
      assert.equal(1, fire_at(START_MS + MINUTE))
      wait_until_idle()
      assert.equal(0, fire_at(START_MS - HOUR))
      create "b"
      assert.equal(1, fire_at(START_MS - HOUR + MINUTE))
      wait_until_idle()
      assert.equal(1, fire_at(START_MS - HOUR + 2 * MINUTE))
      wait_until_idle()
      assert.equal(1, #assert(s:attempts { job = id "a" }))
      assert.is_nil(assert(s:attempts { job = id "b" })[1].note)
    end)

    it("forward, makes up for the missed slots as after downtime", function()
      receiver = scheduling.receiver()
      create "a"
      fire_at(START_MS)
      assert.equal(1, fire_at(START_MS + HOUR + 30000))
      wait_until_idle()
      local attempts = assert(s:attempts {})
      assert.same({ 1, START_MS + HOUR }, { #attempts, attempts[1].scheduled_ms })
      assert.equal("late: the scheduler was not running", attempts[1].note)
    end)

    it("and the scheduler was only busy, runs the slot that it is late for", function()
      receiver = scheduling.receiver()
      s:close()
      open { catch_up = "none" }
      create("a", { schedule = "5 8 * * *" })
      for minute = 0, 7 do
        fire_at(START_MS + minute * MINUTE + (minute >= 5 and -1 or 0))
        if minute == 4 then
          s.store:update_job((function()
            local row = s.store:job(id "a")
            row.due_ms = START_MS + 2 * MINUTE -- as if there had been no room
            return row
          end)())
        end
      end
      wait_until_idle()
      assert.equal(START_MS + 2 * MINUTE, assert(s:attempts {})[1].scheduled_ms)
    end)
  end)

  -- ---- on the flowing clock ----

  describe("on the flowing clock", function()
    it("fires in the background, at once when something becomes due", function()
      local arrived = task.event()
      receiver = scheduling.receiver(function()
        arrived:set()
      end)
      s:start()
      create "a"
      assert(s.jobs:run(id "a"))
      assert(task.with_timeout(5, function()
        arrived.wait()
        return true
      end))
      assert.is_true(s:stop(5))
      assert.equal(1, #assert(s:attempts {}))
    end)

    it("is woken by what is due before it wakes by itself, and by nothing else", function()
      receiver = scheduling.receiver(function() end)
      for _, row in ipairs {
        { "0 9 * * *", false, "in an hour" },
        { "* * * * *", true, "in half a minute" },
      } do
        s:start()
        while not s.dispatcher.wakes_ms do -- it goes to sleep for a minute
          task.sleep(0)
        end
        wall.ms = START_MS + 30000
        create("a", { schedule = row[1] })
        assert.equal(row[2], s.dispatcher.due.is_set(), row[3])
        s.dispatcher.due:clear()
        assert(s.jobs:patch(id "a", { schedule = "30 9 * * *" }, assert(mask_api.parse "schedule")))
        assert.is_false(s.dispatcher.due.is_set(), "a later slot")
        assert(s.jobs:run(id "a"))
        assert.is_true(s.dispatcher.due.is_set(), "a forced run")
        assert(s.jobs:delete(id "a"))
        assert.is_true(s:stop(5))
        s.dispatcher.due:clear()
      end
    end)

    it("starts nothing after stop, and waits for what is on its way", function()
      local gate, arrived = hold_answers()
      s:start()
      create "a"
      assert(s.jobs:run(id "a"))
      arrived.wait()
      assert.is_false(s:stop(0.01))
      assert(s.jobs:run(id "a"))
      gate:set(200)
      assert.is_true(s:stop(5))
      assert.equal(1, #receiver.requests)
    end)

    it("fires what became due while time was moved", function()
      local arrived = task.event()
      receiver = scheduling.receiver(function()
        arrived:set()
      end)
      s:start()
      create("a", { schedule = "0 9 * * *" })
      s:advance "2h"
      assert.equal(1, #receiver.requests)
      arrived:clear()
      assert(s.jobs:run(id "a"))
      assert(task.with_timeout(5, function()
        arrived.wait()
        return true
      end))
      assert.is_true(s:stop(5))
    end)
  end)
end)
