local core = require "mooncron.core"
local err = require "mooncron.err"
local scheduling = require "support.scheduling"
local task = require "mooncron.task"

local START_MS <const> = scheduling.START_MS

local function id(name)
  return scheduling.PARENT .. "/jobs/" .. name
end

describe("scheduler: time, recorders, faults", function()
  local s, recorder

  local function open(options)
    if s then
      s:close()
    end
    s = scheduling.open(options)
    recorder = s:recorder()
  end

  local function create(name, fields)
    local job = scheduling.job(name, { http_target = { uri = recorder.uri .. "/" .. name } })
    for key, value in pairs(fields or {}) do
      job[key] = value
    end
    return assert(s.jobs:create(scheduling.PARENT, job))
  end

  local function codes(filter)
    local out = {}
    for i, a in ipairs(assert(s:attempts(filter))) do
      out[i] = a.code
    end
    return out
  end

  before_each(function()
    open()
  end)

  after_each(function()
    s:close()
    s = nil
  end)

  describe("a recorder", function()
    it("gets what a job sends, without a socket", function()
      create("a", { http_target = {
        uri = recorder.uri .. "/in?x=1",
        http_method = "PUT",
        body = "\0\255",
        headers = { ["X-Mine"] = "yes" },
      } })
      s:advance "1m"
      local got = recorder:assert_received { method = "PUT", path = "/in?x=1", body = "\0\255", times = 1 }
      assert.equal("yes", got.headers["x-mine"])
      assert.equal("a", got.headers["x-cloudscheduler-jobname"])
      assert.equal("Google-Cloud-Scheduler", got.headers["user-agent"])
    end)

    it("answers for the attempt", function()
      recorder:respond { status = 404, body = ("x"):rep(3000) }
      create "a"
      s:advance "1m"
      local a = s:attempts {}[1]
      assert.same({ "NOT_FOUND", 404, ("x"):rep(1024) }, { a.code, a.http_status, a.answer })
    end)

    it("may wait before it answers, and fails the attempt by raising", function()
      recorder:respond(function()
        if recorder:count() == 1 then
          task.sleep(0.001)
          return { status = 204 }
        end
        error("boo", 0)
      end)
      create "a"
      s:advance "2m"
      assert.same({ "OK", "INTERNAL" }, codes())
      assert.equal("boo", s:attempts {}[2].debug_info)
    end)

    it("is one of several", function()
      local other = s:recorder { name = "other" }
      create("a", { http_target = { uri = other.uri } })
      s:advance "1m"
      assert.same({ 0, 1 }, { recorder:count(), other:count() })
      assert.equal("/", other:last().path)
    end)

    it("that is not there is a target that does not answer", function()
      create("a", { http_target = { uri = "http://recorder.invalid/none" } })
      s:advance "1m"
      assert.equal("UNAVAILABLE", s:attempts {}[1].code)
      assert.matches("no recorder 'none'", s:attempts {}[1].debug_info, 1, true)
    end)
  end)

  describe("a fault", function()
    local RETRYING <const> = { retry_config = { retry_count = 5, min_backoff_duration = "1s" } }

    it("fails so many requests of a job, which then gets through", function()
      s:fault { job = "a", times = 3, status = 503 }
      create("a", RETRYING)
      create "b"
      s:advance "1m50s" -- one slot and its retries
      assert.same({ "INTERNAL", "INTERNAL", "INTERNAL", "OK" }, codes { job = id "a" })
      assert.same({ "OK" }, codes { job = id "b" })
      recorder:assert_received { path = "/a", times = 1 }
    end)

    it("refuses a connection", function()
      s:fault { refuse = true }
      create "a"
      s:advance "1m"
      assert.same({ "UNAVAILABLE" }, codes())
      assert.equal(0, recorder:count())
    end)

    it("delays by the scheduler's time, not by ours", function()
      s:fault { delay = "90s" }
      create("a", { schedule = "0 * * * *" })
      s:advance "1h"
      assert.same({}, s:attempts()) -- it is on its way
      s:advance "89s"
      assert.same({}, s:attempts())
      s:advance "1s"
      local a = s:attempts()[1]
      assert.same({ "OK", 90000, 90000000 }, { a.code, a.ended_ms - a.started_ms, a.latency_us })
    end)

    it("delays by the flowing clock when time flows", function()
      open { wall_ms = core.loop.wall_ms }
      s:start()
      s:fault { delay = 0.02 }
      create("a", { schedule = "0 0 1 1 *" })
      assert(s.jobs:run(id "a"))
      assert(s:wait_until_idle(5))
      local a = s:attempts()[1]
      assert.equal("OK", a.code)
      assert.is_true(a.ended_ms - a.started_ms >= 20)
    end)

    it("that delays beyond the deadline, or times out, ends the attempt at the deadline", function()
      for _, fault in ipairs { { delay = "5m" }, { timeout = true } } do
        open()
        s:fault(fault)
        create("a", { schedule = "0 * * * *", attempt_deadline = "20s" })
        s:advance "61m"
        local a = s:attempts()[1]
        assert.same({ "DEADLINE_EXCEEDED", 20000 }, { a.code, a.ended_ms - a.started_ms })
        assert.equal(0, recorder:count())
      end
    end)

    it("lets retries, slots and waits follow each other in the order of time", function()
      s:fault { job = "slow", times = 1, delay = "30s", status = 500 }
      create("slow", {
        schedule = "0 * * * *",
        retry_config = { retry_count = 1, min_backoff_duration = "10s" },
      })
      create "minutely"
      s:advance "62m"
      local rows = s:attempts { job = id "slow" }
      assert.equal(2, #rows)
      local slot_ms = START_MS + 3600000
      assert.same({ slot_ms, slot_ms + 30000 }, { rows[1].started_ms, rows[1].ended_ms })
      assert.equal(slot_ms + 40000, rows[2].started_ms)
      assert.equal(62, #s:attempts { job = id "minutely" })
    end)

    it("can be looked at and cleared; a wrong one is the caller's mistake", function()
      s:fault { job = "a", status = 503 }
      assert.same({ { job = "a", status = 503 } }, s:faults())
      s:clear_faults()
      assert.same({}, s:faults())
      local ok, e = pcall(s.fault, s, { status = 7 })
      assert.is_false(ok)
      assert.is_true(err.is(e))
    end)
  end)

  describe("time", function()
    it("goes to an instant, and forward only", function()
      create("a", { schedule = "0 0 1 1 *" })
      assert.equal(1, s:go_to "2027-01-01T00:00:00Z")
      assert.equal(1798761600000, s:now_ms())
      assert.equal(1, recorder:count())
      assert.equal(0, s:go_to(1798761600000))
      for _, instant in ipairs { "2026-12-31T23:59:59Z", "yesterday", true } do
        local ok, e = pcall(s.go_to, s, instant)
        assert.is_false(ok)
        assert.is_true(err.is(e), tostring(e))
      end
    end)

    it("that is virtual stands still, also after it was advanced", function()
      local wall = { ms = START_MS }
      s:close()
      s = scheduling.open({ clock = "virtual" }, wall)
      wall.ms = START_MS + 86400000
      assert.equal(START_MS, s:now_ms())
      s:advance "1h"
      wall.ms = wall.ms + 1000
      assert.equal(START_MS + 3600000, s:now_ms())
    end)

    it("that is virtual goes on in a folder from where it was left", function()
      local pipe <close> = assert(io.popen("mktemp -d"))
      local folder = pipe:read("l")
      finally(function()
        os.execute("rm -rf '" .. folder .. "'")
      end)
      open { clock = "virtual", folder = folder }
      create "a"
      s:advance "2h"
      local now_ms = s:now_ms()
      open { clock = "virtual", folder = folder }
      assert.equal(now_ms, s:now_ms())
      s:advance "1m"
      assert.equal(1, recorder:count())
    end)

    it("that is virtual lets a started scheduler run what is due at its instant, and no more", function()
      open { clock = "virtual" }
      s:start()
      create "a"
      assert(s.jobs:run(id "a"))
      assert(s:wait_until_idle(5))
      assert.equal(1, recorder:count())
      s:advance "3m"
      assert.equal(4, recorder:count())
      assert(s:wait_until_idle(5))
      assert.equal(4, recorder:count())
      assert.is_true(s:stop(1))
    end)

    it("passes for one at a time", function()
      create "a"
      task.run(function()
        local scope <close> = task.scope()
        for _ = 1, 3 do
          scope:spawn(s.advance, s, "10m")
        end
        assert(scope:join())
      end)
      assert.is_true(s:now_ms() >= START_MS + 600000)
      local last_ms = 0
      for _, a in ipairs(s:attempts()) do
        assert.is_true(a.started_ms >= last_ms)
        last_ms = a.started_ms
      end
      assert.is_true(s.dispatcher.stepped.is_set())
    end)

    it("flows on when who advances it is cancelled", function()
      create "a"
      recorder:respond(function()
        task.sleep(60)
      end)
      local _, e = task.with_timeout(0.01, s.advance, s, "10m")
      assert.equal("DEADLINE_EXCEEDED", e.code)
      assert.is_nil(s.clock.held_ms)
      assert.is_true(s.dispatcher.stepped.is_set())
    end)
  end)

  describe("waiting until nothing goes on", function()
    it("sends what is due when nothing was started", function()
      create "a"
      assert(s.jobs:run(id "a"))
      assert.is_true(s:wait_until_idle())
      assert.equal(1, recorder:count())
    end)

    it("does not wait for time to pass that stands still", function()
      open { clock = "virtual" }
      s:start()
      s:fault { delay = "30s" }
      create("a", { schedule = "0 0 1 1 *" })
      assert(s.jobs:run(id "a"))
      assert.is_true(s:wait_until_idle(5))
      assert.same({ 1, 0 }, { s.dispatcher.in_flight, recorder:count() })
      s:advance "30s"
      assert.same({ 0, 1 }, { s.dispatcher.in_flight, recorder:count() })
    end)

    it("gives up after its timeout", function()
      recorder:respond(function()
        task.sleep(60)
      end)
      create "a"
      assert(s.jobs:run(id "a"))
      local ok, e = s:wait_until_idle(0.01)
      assert.is_nil(ok)
      assert.equal("DEADLINE_EXCEEDED", e.code)
    end)
  end)

  describe("a reset", function()
    it("leaves nothing but the clock and the recorders", function()
      create "a"
      s:fault { status = 500 }
      s:advance "5m"
      local now_ms = s:now_ms()
      assert.is_true(s:reset())
      assert.same({ {}, {}, 0 }, { s:attempts(), s:faults(), s.store:job_count() })
      assert.is_nil(s.store:next_due_ms())
      assert.equal(now_ms, s:now_ms())
      create "a"
      s:advance "1m"
      assert.same({ "OK" }, codes())
    end)

    it("forgets what is on its way", function()
      s:fault { delay = "30s" }
      create "a"
      s:advance "1m"
      assert.equal(1, s.dispatcher.in_flight)
      assert.is_true(s:reset())
      create("b", { schedule = "0 0 1 1 *" })
      s:advance "1m"
      assert.equal(0, s.dispatcher.in_flight)
      assert.same({}, s:attempts())
    end)
  end)

  describe("attempts", function()
    it("are found by job, by failure, and from either end", function()
      s:fault { job = "a", times = 1, status = 500 }
      create "a"
      create "b"
      s:advance "3m"
      assert.equal(6, #s:attempts())
      assert.same({ "INTERNAL", "OK", "OK" }, codes { job = "a" })
      assert.same({ "INTERNAL" }, codes { failed = true })
      assert.same({}, codes { failed = true, job = "b" })
      assert.equal(1, s:attempts({ limit = 1 })[1].id)
      assert.equal(6, s:attempts({ limit = 1, newest = true })[1].id)
      local newest = s:attempts { limit = 2, newest = true }
      assert.same({ 5, 6 }, { newest[1].id, newest[2].id })
      assert.same({}, codes { job = "_" })
    end)

    it("are bounded by count and age", function()
      open { max_attempts = 10, max_attempt_age = "1h" }
      create "a"
      s:advance "40m"
      local rows = s:attempts()
      assert.same({ 10, 40 }, { #rows, rows[10].id })
      s.store:prune_attempts(rows[5].ended_ms + 3600000)
      assert.equal(6, #s:attempts())
      s.store:prune_attempts(rows[10].ended_ms + 3600001)
      assert.equal(6, #s:attempts()) -- until a younger one shows that time goes on
    end)

    it("keep the bytes of an answer as they are", function()
      recorder:respond { status = 500, body = "\0\1\255" .. ("\0"):rep(2000) }
      create "a"
      s:advance "1m"
      assert.equal("\0\1\255" .. ("\0"):rep(1021), s:attempts()[1].answer)
    end)
  end)

  it("counts what it does", function()
    s:fault { times = 1, status = 500 }
    create "a"
    s:advance "2m"
    local page = s:metrics_page()
    for _, line in ipairs {
      "mooncron_due_total 2", "mooncron_fired_total 2", "mooncron_late_total 0", "mooncron_attempts_total 2",
      "mooncron_failed_total 1", "mooncron_in_flight 0", "mooncron_jobs 1",
    } do
      assert.matches("\n" .. line .. "\n", page, 1, true)
    end
  end)
end)
