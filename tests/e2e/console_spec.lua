-- `mooncron preview`, `mooncron test` and the console's data and events, as processes.

local http = require "mooncron.http"
local json = require "mooncron.json"
local task = require "mooncron.task"

local PROGRAM <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"
local PARENT <const> = "projects/p/locations/us-central1"

local folder

local function sh(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read("a")
end

local WHOLE <const> = PROGRAM:sub(1, 1) == "/" and PROGRAM or sh("pwd"):match("[^\n]+") .. "/" .. PROGRAM

-- Output, diagnostics and exit code.
local function run(args)
  local command = "cd %s && env -u GOOGLE_CLOUD_PROJECT XDG_DATA_HOME=%s/data %s %s 2>err; echo \"exit $?\""
  local out = sh(command:format(folder, folder, WHOLE, args))
  local text, code = out:match("^(.*)exit (%d+)\n$")
  local file <close> = assert(io.open(folder .. "/err"))
  return text, file:read("a"), tonumber(code)
end

local function write(name, text)
  local file <close> = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
end

before_each(function()
  folder = sh("mktemp -d"):match("[^\n]+")
end)

after_each(function()
  os.execute("rm -rf " .. folder)
end)

local SPAN <const> = " --from 2027-03-28T00:00:00Z --to 3h"
local JOBS <const> = [[
defaults { http_target = { uri = "https://example.com/" } }
job "nightly" { schedule = "30 2 * * *", time_zone = "Europe/Berlin" }
job "hourly" { schedule = "0 * * * *", time_zone = "UTC" }
]]

describe("mooncron preview", function()
  it("shows a job file's runs as text", function()
    write("jobs.lua", JOBS)
    local out, errors, code = run("preview jobs.lua" .. SPAN)
    assert.same({ "", 0 }, { errors, code })
    assert.matches("^3 runs of 2 jobs", out)
    assert.matches("\n  01:00  ~~ Europe/Berlin: the clock goes forward 1 h, 02:00 is 03:00 (1 job)\n"
      .. "  01:00  hourly\n", out, 1, true)
    assert.matches("nightly: 2027%-03%-28 02:30 does not exist in Europe/Berlin: the run is skipped", out)
  end)

  it("prints JSON, iCalendar and a page", function()
    write("jobs.lua", JOBS)
    local value = json.decode((run("preview jobs.lua --json" .. SPAN)))
    assert.same({ 3, false, 1, 1, 2 },
      { value.total, value.truncated, #value.changes, #value.notes, #value.jobs })
    assert.same({ "2027-03-28T00:00:00Z", PARENT .. "/jobs/hourly" }, { value.runs[1].at, value.runs[1].job })
    assert.is_true(json.decode((run("preview jobs.lua --json -n 1" .. SPAN))).truncated)
    assert.matches("^BEGIN:VCALENDAR\r\n", (run("preview jobs.lua --ical" .. SPAN)))
    assert.matches("^<!doctype html>", (run("preview jobs.lua --html" .. SPAN)))
  end)

  it("reads JSON of the API, and the live jobs", function()
    write("jobs.json", [[{"jobs": [{"name": "x/jobs/listed", "schedule": "0 1 * * *", "timeZone": "UTC"}]}]])
    assert.matches("\n  01:00  listed\n", (run("preview jobs.json" .. SPAN)))
    write("make.lua", [[
      local c <close> = assert(require("mooncron").connect())
      assert(c:create_job { name = "live", schedule = "0 2 * * *", time_zone = "UTC",
        http_target = { uri = "https://example.com/" } })
    ]])
    run "make.lua"
    local out = run("preview --live jobs.json" .. SPAN)
    assert.matches("\n  01:00  listed\n  02:00  live\n", out)
  end)

  local mistakes <const> = {
    { "preview", 2, "missing FILE, or %-%-live" },
    { "preview jobs.lua --json --html", 2, "%-%-json and %-%-html: one of them" },
    { "preview nothing.lua", 1, "nothing%.lua" },
    { "preview jobs.lua --from soon", 1, "%-%-from 'soon': write it like 2026%-03%-01T.* or 2026%-03%-01" },
    { "preview jobs.lua --from 2027-01-01T00:00:00Z --to 2026-01-01T00:00:00Z", 1, "the span is empty" },
    { "preview jobs.lua --to 500d", 1, "the span has more than 400 days" },
    { "preview jobs.lua --time-zone Mars/Base", 1, "Mars/Base" },
    { "preview broken.json", 1, "'broken%.json': " },
  }
  for _, row in ipairs(mistakes) do
    it("says what is wrong with: mooncron " .. row[1], function()
      write("jobs.lua", JOBS)
      write("broken.json", "{")
      local out, errors, code = run(row[1])
      assert.same({ "", row[2] }, { out, code })
      assert.matches("^mooncron: [^\n]*" .. row[3] .. "[^\n]*\n$", errors)
    end)
  end
end)

describe("mooncron test", function()
  local PASSING <const> = [[
test("runs hourly", { at = "2027-01-01T00:00:00Z" }, function(t)
  t:load "jobs.lua"
  t:advance "3h"
  t:assert_sent { job = "hourly", times = 3 }
end)
]]

  it("passes, fails and tells where, by exit code and report", function()
    write("jobs.lua", JOBS)
    write("good.lua", PASSING)
    write("bad.lua", "test(\"wrong\", function(t)\n  t:equal(1, 2)\nend)\n")
    local out, _, code = run "test good.lua --format tap"
    assert.same({ "TAP version 13\nok 1 - runs hourly\n1..1\n", 0 }, { out, code })
    out, _, code = run "test good.lua bad.lua"
    assert.equal(1, code)
    assert.matches("  ✗ wrong\n      bad.lua:2: wanted 1, got 2\n", out, 1, true)
    out, _, code = run "test good.lua bad.lua --format junit --filter hourly"
    assert.equal(0, code)
    assert.matches('<testsuites tests="1" failures="0"', out, 1, true)
    assert.equal("good.lua: runs hourly\n", (run "test good.lua --list"))
  end)

  local mistakes <const> = {
    { "test", 2, "missing FILE" },
    { "test good.lua --format xml", 2, "%-%-format 'xml': use junit, pretty, tap" },
    { "test good.lua --filter nothing", 2, "no test has 'nothing' in its name" },
    { "test empty.lua", 1, "'empty%.lua' has no test" },
    { "test nothing.lua", 1, "nothing%.lua" },
  }
  for _, row in ipairs(mistakes) do
    it("says what is wrong with: mooncron " .. row[1], function()
      write("good.lua", PASSING)
      write("empty.lua", "local x = 1\nreturn x\n")
      local out, errors, code = run(row[1])
      assert.same({ "", row[2] }, { out, code })
      assert.matches("^mooncron: [^\n]*" .. row[3] .. "[^\n]*\n$", errors)
    end)
  end
end)

describe("the console of mooncron serve", function()
  local pid

  after_each(function()
    if pid then
      os.execute("kill " .. pid .. " 2>/dev/null")
      pid = nil
    end
  end)

  local function start()
    pid = sh(("%s serve --port 0 --clock virtual --data %s/data >/dev/null 2>%s/log & echo $!"):format(
      PROGRAM, folder, folder)):match("%d+")
    for _ = 1, 1000 do
      local file <close> = io.open(folder .. "/log")
      local url = file and file:read("a"):match("serving (http://[^ ,]+)")
      if url then
        return url
      end
      task.sleep(0.01)
    end
    error "the server does not serve"
  end

  for _, what in ipairs { "server", "scheduler" } do
    it("lets a script close its " .. what .. " before those who listen", function()
      local scheduler <close> = assert(require("mooncron.scheduler").open { clock = "virtual" })
      local server <close> = assert(scheduler:listen { port = 0 })
      local url = ("http://127.0.0.1:%d/mooncron/console/events"):format(server:port())
      local stream <close> = assert(http.stream { url = url, timeout = 20 })
      assert(stream:read())
      local stray
      local before = task.on_stray_error
      task.on_stray_error = function(_, failure)
        stray = failure
      end
      local closed = what == "server" and server or scheduler
      closed:close()
      scheduler.console.events:changed "projects/p/locations/l/jobs/x"
      while scheduler.console.events.count > 0 do
        task.sleep(0.01)
      end
      task.on_stray_error = before
      assert.is_nil(stray)
    end)
  end

  it("tells of changes as they come, and ends with the server", function()
    local url = start()
    local stream <close> = assert(http.stream { url = url .. "/mooncron/console/events", timeout = 20 })
    assert.equal("text/event-stream", stream.headers["content-type"])
    local text = ""
    local function wait_for(pattern)
      while not text:find(pattern) do
        text = text .. assert(stream:read(), "the stream ended before " .. pattern)
      end
    end
    wait_for "^event: clock\ndata: {[^\n]*\"virtual\":true[^\n]*}\n\n"
    assert(http.post(url .. "/v1/" .. PARENT .. "/jobs", { body = json.encode {
      name = PARENT .. "/jobs/a", schedule = "* * * * *", timeZone = "UTC",
      httpTarget = { uri = "http://127.0.0.1:1/" },
    } }))
    wait_for "event: jobs\ndata: [^\n]*\"words\":\"every minute\""
    assert(http.post(url .. "/mooncron/clock:advance", { body = '{"duration":"2m"}' }))
    wait_for "\"strip\":\"xx\""
    assert(http.delete(url .. "/v1/" .. PARENT .. "/jobs/a"))
    wait_for "\"gone\":%[\"projects[^\n]*a\"%]"
    assert.equal(200, assert(http.get(url .. "/")).status)
    os.execute("kill " .. pid)
    while stream:read() do end
    assert.is_nil(stream.err)
  end)
end)
