local json = require "mooncron.json"
local log = require "mooncron.scheduler.log"

local function logger(options)
  local lines = {}
  local all = {
    write = function(line)
      lines[#lines + 1] = line
    end,
    now_ms = function()
      return 1704088740900
    end,
  }
  for key, value in pairs(options or {}) do
    all[key] = value
  end
  return log.new(all), lines
end

local ATTEMPT <const> = {
  job = "projects/p/locations/l/jobs/j",
  attempt = 2,
  code = "INTERNAL",
  http_status = 500,
  latency_us = 12345,
  debug_info = "it failed",
  target = "http://user:secret@example.com/?key=secret",
  answer = "secret",
}

describe("scheduler.log", function()
  it("writes a line for people", function()
    local write, lines = logger()
    log.attempt(write, ATTEMPT)
    assert.same({ "mooncron: j attempt 2: it failed\n" }, lines)
  end)

  it("writes a line for machines, its members in order", function()
    local write, lines = logger { format = "json" }
    log.attempt(write, ATTEMPT)
    assert.same({
      '{"time":"2024-01-01T05:59:00.900Z","severity":"WARNING","message":"j attempt 2: it failed",'
        .. '"job":"projects/p/locations/l/jobs/j","attempt":2,"code":"INTERNAL","httpStatus":500,'
        .. '"latencyMs":12}\n',
    }, lines)
  end)

  it("tells neither where a target is nor what it answered", function()
    for _, format in ipairs { "text", "json" } do
      local write, lines = logger { format = format }
      log.attempt(write, ATTEMPT)
      assert.is_nil(lines[1]:find("secret"))
    end
  end)

  it("stays one line of valid JSON whatever it is given", function()
    local write, lines = logger { format = "json" }
    write("ERROR", "bad\n\255\0bytes", { job = "\128" })
    assert.equal(1, select(2, lines[1]:gsub("\n", "")))
    assert.equal("bad ? bytes", json.decode(lines[1]).message)
  end)

  it("says only what is wrong when it is to be quiet", function()
    local write, lines = logger { quiet = true }
    write("INFO", "serving")
    write("WARNING", "an attempt failed")
    write("ERROR", "the disk is full")
    log.attempt(write, ATTEMPT)
    assert.same({ "mooncron: the disk is full\n" }, lines)
  end)
end)
