-- `mooncron test`: what a test can do, and how its results are told.

local report = require "mooncron.testing.report"
local testing = require "mooncron.testing"

local JOB <const> = {
  name = "a", schedule = "0 9 * * *", time_zone = "UTC",
  http_target = { uri = "https://example.com/a", http_method = "POST", body = "hello" },
}

local function make(fn, options)
  return testing.make("spec.lua", { name = "one", options = options or {}, fn = fn })
end

describe("a test of jobs", function()
  it("has a clock that stands still until it is moved, and records what is sent", function()
    local result = make(function(t)
      assert.equal("2027-01-01T00:00:00Z", t:now())
      t:job(JOB)
      t:advance "2d"
      assert.equal("2027-01-03T00:00:00Z", t:now())
      local request = t:assert_sent { job = "a", url = "https://example.com/a", body = "hello", times = 2 }
      assert.equal("POST", request.method)
      assert.equal(2, #t:sent "a")
      t:clear()
      t:assert_nothing_sent()
    end)
    assert.same({ true, nil }, { result.ok, result.message })
  end)

  it("sends nothing to anybody, whatever the target is", function()
    local result = make(function(t)
      local topic = "projects/test/topics/orders"
      t:job { name = "p", schedule = "* * * * *", pubsub_target = { topic_name = topic, data = "x" } }
      t:job { name = "g", schedule = "* * * * *", app_engine_http_target = { relative_uri = "/g" } }
      t:job { name = "h", schedule = "* * * * *", http_target = { uri = "https://example.com/" } }
      t:advance "1m"
      local urls = {}
      for _, request in ipairs(t:sent()) do
        urls[#urls + 1] = request.path
      end
      table.sort(urls)
      t:equal({
        "http://appengine.invalid/g", "http://pubsub.invalid/v1/" .. topic .. ":publish",
        "https://example.com/",
      }, urls)
    end)
    assert.is_nil(result.message)
  end)

  it("loads job files with the days on which a job does not fire", function()
    local path = os.tmpname()
    local file <close> = assert(io.open(path, "w"))
    assert(file:write [[job "a" { schedule = "0 9 * * *", except = { "2027-01-02" },
      http_target = { uri = "https://example.com/a" } }]])
    file:close()
    local result = make(function(t)
      t:load(path)
      t:advance "3d"
      t:assert_sent { job = "a", times = 2 }
    end)
    os.remove(path)
    assert.is_nil(result.message)
  end)

  it("can begin at another instant, fail requests, answer, pause and run", function()
    local result = make(function(t)
      assert.equal("2027-06-01T08:00:00Z", t:now())
      t:job(JOB)
      t:fault { job = "a", times = 1, status = 503 }
      t:run "a"
      t:respond { status = 404 }
      t:go_to "2027-06-01T09:00:00Z"
      local attempts = t:attempts "a"
      t:equal({ 503, 404 }, { attempts[1].http_status, attempts[2].http_status })
      t:pause "a"
      t:equal("PAUSED", t:get("a").state)
    end, { at = "2027-06-01T08:00:00Z" })
    assert.is_nil(result.message)
  end)

  local failures = {
    { function(t) t:equal({ a = 1 }, { a = 2 }) end, 'wanted {"a":1}, got {"a":2}', "values that differ" },
    { function(t) t:ok(false, "no luck") end, "no luck", "a condition" },
    { function(t) t:job(JOB); t:assert_sent { job = "a" } end,
      "wanted a request with job 'projects/test/locations/us-central1/jobs/a', got 0 of 0",
      "nothing was sent" },
    { function(t)
      t:job(JOB)
      t:runs_at("a", { from = "2027-01-01T00:00:00Z", to = "2027-01-02T00:00:00Z" },
        { "2027-01-01T10:00:00Z" })
    end, "run 1: wanted 2027-01-01T10:00:00Z, got 2027-01-01T09:00:00+00:00", "another time" },
    { function(t) t:job { name = "x", schedule = "61 * * * *" } end, "minute 61 is not in 0-59",
      "a job that is none" },
    { function() error("boom") end, "boom", "a mistake of the test" },
  }
  for _, row in ipairs(failures) do
    it("fails with one line: " .. row[3], function()
      local result = make(row[1])
      assert.is_false(result.ok)
      assert.truthy(result.message:find(row[2], 1, true), result.message)
      assert.is_nil(result.message:find("\n"))
    end)
  end

  it("refuses options that it does not know", function()
    local function nothing() end
    assert.error_matches(function() testing.test("n", { att = "x" }, nothing) end, "no option 'att'")
    assert.error_matches(function() testing.test("n", { at = "soon" }, nothing) end, "at 'soon'")
    assert.error_matches(function() testing.test("n") end, "write test%(")
  end)
end)

describe("a report", function()
  local results = {
    { file = "a.lua", name = "good", ok = true, seconds = 0.5 },
    { file = "a.lua", name = "bad <&\"# 1", ok = false, message = "it's 'wrong' <", where = "a.lua:7",
      seconds = 0 },
    { file = "b.lua", name = "later", ok = true, skipped = "not yet", seconds = 0 },
  }

  local function print_as(format)
    local parts = {}
    local one = report.formats[format](function(part)
      parts[#parts + 1] = part
    end)
    for i, result in ipairs(results) do
      one.each(result, i)
    end
    one.finish(results)
    return table.concat(parts)
  end

  it("is TAP", function()
    assert.equal([[
TAP version 13
ok 1 - good
not ok 2 - bad <&"\# 1
  ---
  message: 'it''s ''wrong'' <'
  at: 'a.lua:7'
  ...
ok 3 - later # SKIP not yet
1..3
]], print_as "tap")
  end)

  it("is JUnit's XML, a suite a file", function()
    local out = print_as "junit"
    assert.matches('<testsuites tests="3" failures="1" skipped="1" time="0.500">', out, 1, true)
    assert.matches('<testsuite name="a.lua" tests="2" failures="1" skipped="0" errors="0" time="0.500">',
      out, 1, true)
    assert.matches('<testcase name="bad &lt;&amp;&quot;# 1" classname="a"', out, 1, true)
    assert.matches('<failure message="it\'s \'wrong\' &lt;">a.lua:7</failure>', out, 1, true)
    assert.matches('<skipped message="not yet"/>', out, 1, true)
  end)

  it("is for people", function()
    local out = print_as "pretty"
    assert.matches("  ✗ bad", out, 1, true)
    assert.matches("      a.lua:7: it's 'wrong' <\n", out, 1, true)
    assert.matches("3 tests, 1 failed, 1 skipped", out, 1, true)
  end)
end)
