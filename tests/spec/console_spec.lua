-- The console's data, its files, and who may change something through it.

local console_module = require "mooncron.console"
local guard = require "mooncron.scheduler.guard"
local json = require "mooncron.json"
local scheduler_module = require "mooncron.scheduler"
local words = require "mooncron.console.words"

local PARENT <const> = "projects/p/locations/l"

local function new_console()
  local scheduler = assert(scheduler_module.open {
    clock = "virtual",
    wall_ms = function()
      return 1798761600000
    end,
  })
  scheduler.dispatcher.transport:record_all():respond(function(request)
    return { status = request.path:find("bad") and 503 or 200, body = "an answer" }
  end)
  return console_module.new(scheduler), scheduler
end

local function call(scheduler, method, path, body)
  local answer
  scheduler:handle({ method = method, target = "/v1/" .. path, body = body and json.encode(body) or "" },
    function(response)
      answer = response
    end)
  return function()
    return answer
  end
end

local function create(scheduler, id, path)
  call(scheduler, "POST", PARENT .. "/jobs", {
    name = PARENT .. "/jobs/" .. id, schedule = "*/5 * * * *", timeZone = "UTC",
    httpTarget = {
      uri = "https://example.com/" .. path,
      oidcToken = { serviceAccountEmail = "runner@p.iam.gserviceaccount.com" },
    },
  })
  scheduler.store:commit()
end

local function ask(console, target)
  local answer
  local taken = console:handle({ method = "GET", target = target }, function(response)
    answer = response
  end)
  return taken and answer
end

local function data(console, target)
  return json.decode(ask(console, "/mooncron/console/" .. target).body)
end

describe("the console", function()
  it("serves its files with a strict policy, and no other files", function()
    local console, scheduler <close> = new_console()
    for _, path in ipairs { "/", "/console/app.js", "/console/app.css", "/console/words.js" } do
      local answer = ask(console, path)
      assert.equal(200, answer.status)
      assert.truthy(console_module.is_file(path))
      assert.matches("default%-src 'none'; script%-src 'self'; style%-src 'self'; connect%-src 'self'",
        answer.headers["Content-Security-Policy"])
      assert.is_nil(answer.headers["Content-Security-Policy"]:find("unsafe", 1, true))
    end
    local html = ask(console, "/").body
    assert.is_nil(html:find(" style=", 1, true))
    assert.is_nil(html:find("<script>", 1, true))
    assert.is_nil(html:find("https?://%w", html:find("</head>", 1, true)))
    for _, path in ipairs { "/console/init.lua", "/console/../err.lua", "/console/", "/favicon.ico" } do
      assert.is_false(ask(console, path))
    end
    scheduler:close()
  end)

  it("tells rows with words, next runs and the strip of outcomes", function()
    local console, scheduler <close> = new_console()
    create(scheduler, "good", "good")
    create(scheduler, "bad", "bad")
    scheduler:advance "10m"
    local rows = data(console, "jobs").rows
    assert.same({ "bad", "good" }, { rows[1].name:match("[^/]+$"), rows[2].name:match("[^/]+$") })
    assert.same({ "every 5 minutes", "oo", 0, "ENABLED" },
      { rows[2].words, rows[2].strip, rows[2].code, rows[2].state })
    assert.equal(scheduler:now_ms() + 300000, rows[2].next)
    assert.equal("xx", rows[1].strip)
    scheduler:advance "5m"
    assert.equal("xxx", data(console, "jobs").rows[1].strip) -- kept up to date
    assert.same({}, data(console, "jobs?after=" .. PARENT .. "/jobs/good").rows)
    scheduler:close()
  end)

  it("tells all about a job", function()
    local console, scheduler <close> = new_console()
    create(scheduler, "bad", "bad")
    scheduler:advance "5m"
    local job = data(console, "job?name=" .. PARENT .. "/jobs/bad")
    assert.equal(10, #job.next)
    assert.equal("the target answered 503 Service Unavailable", job.attempts[1].words)
    assert.equal("YW4gYW5zd2Vy", job.attempts[1].answer)
    assert.equal("https://example.com/bad", job.request.url)
    assert.same({ "POST", "https://example.com/bad", "2026-12-31T16:05:00-08:00", "<redacted>" }, {
      job.attempts[1].request.method, job.attempts[1].request.url,
      job.attempts[1].request.headers["X-CloudScheduler-ScheduleTime"],
      job.attempts[1].request.headers["Authorization"],
    })
    assert.truthy(job.request.headers["X-CloudScheduler-ScheduleTime"])
    assert.equal(404, ask(console, "/mooncron/console/job?name=" .. PARENT .. "/jobs/nobody").status)
    assert.equal(400, ask(console, "/mooncron/console/job").status)
    scheduler:close()
  end)

  it("has the coming day in few numbers", function()
    local console, scheduler <close> = new_console()
    create(scheduler, "a", "a")
    create(scheduler, "b", "b")
    local day = data(console, "day")
    assert.equal(2, #day.jobs)
    assert.same({ { day.from, 300, 288 } }, day.groups)
    scheduler:close()
  end)
end)

describe("who may change something", function()
  local OWN <const> = "127.0.0.1:8085"
  local rows = {
    { {}, true, "a client that is no browser" },
    { { host = OWN, origin = "http://" .. OWN, ["mooncron-console"] = "1" }, true, "the console" },
    { { host = OWN, origin = "http://" .. OWN }, false, "our own origin without the header, as a form" },
    { { host = OWN, origin = "http://127.0.0.1:3000", ["mooncron-console"] = "1" }, false,
      "another port of this machine" },
    { { host = OWN, origin = "http://evil.example", ["mooncron-console"] = "1" }, false, "another site" },
    { { host = OWN, origin = "https://cron.example", ["mooncron-console"] = "1" }, true,
      "the console behind a proxy whose name is allowed" },
    { { host = OWN, origin = "null" }, false, "a page without an origin" },
    { { host = OWN, ["sec-fetch-site"] = "cross-site" }, false, "another site that hides its origin" },
    { { host = "evil.example", origin = "http://evil.example", ["mooncron-console"] = "1" }, false,
      "a rebound name" },
  }
  for _, row in ipairs(rows) do
    it(row[3], function()
      local watch = guard.new { host = "127.0.0.1", allowed_hosts = { "cron.example" } }
      local ok, e = watch:check { method = "POST", target = "/v1/x", headers = row[1] }
      assert.equal(row[2], ok == true)
      assert.equal(not row[2], e ~= nil)
    end)
  end

  it("wants the token for data and changes, not for the files", function()
    local watch = guard.new { host = "127.0.0.1", token = "0123456789abcdef" }
    local function is_let_in(target)
      return watch:check { method = "GET", target = target, headers = {} } == true
    end
    assert.same({ true, true, false, false, false, false }, {
      is_let_in "/", is_let_in "/console/app.js",
      is_let_in "/mooncron/console/jobs", is_let_in "/v1/projects",
      is_let_in "/console/a/../../v1", is_let_in "/mooncron/console/events",
    })
  end)
end)

describe("outcomes in words", function()
  local rows = {
    { { code = "OK", http_status = 204, debug_info = "" }, "the target answered 204" },
    { { code = "NOT_FOUND", http_status = 404, debug_info = "" },
      "the target answered 404 Not Found: nothing is at this path" },
    { { code = "UNKNOWN", http_status = 418, debug_info = "" }, "the target answered 418" },
    { { code = "DEADLINE_EXCEEDED", debug_info = "URL_TIMEOUT-TIMEOUT_WEB. x" },
      "no answer before the attempt's deadline" },
    { { code = "UNAVAILABLE", debug_info = "URL_UNREACHABLE-UNREACHABLE_NO_RESPONSE. connection refused" },
      "the target cannot be reached: connection refused" },
    { { code = "FAILED_PRECONDITION", debug_info = "no token" }, "it was not sent: no token" },
  }
  for _, row in ipairs(rows) do
    it(row[2], function()
      assert.equal(row[2], words.outcome(row[1]))
    end)
  end
end)
