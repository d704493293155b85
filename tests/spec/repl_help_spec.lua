local err <const> = require "mooncron.err"
local guard <const> = require "mooncron.repl.guard"
local help <const> = require "mooncron.repl.help"
local picture <const> = require "mooncron.repl.picture"

local JOB <const> = {
  name = "projects/p/locations/l/jobs/nightly",
  schedule = "0 2 * * *",
  time_zone = "Europe/Berlin",
  state = "ENABLED",
  http_target = { uri = "http://x/" },
}
local NOW <const> = 1792000000000 -- 2026-10-14T17:46:40Z

local function read_source(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

---Says hello to somebody. And more.
---@param name string
local function documented(name)
  return name
end

describe("repl.help", function()
  it("gives the comment and the line of a function", function()
    local text = help.about(documented, read_source)
    assert.matches("^local function documented%(name%)\nSays hello to somebody. And more.\n@param ", text)
    assert.matches("repl_help_spec.lua:%d+$", text)
    assert.matches("^a function of C\n", help.about(print, read_source))
  end)

  it("says so when there is no source", function()
    assert.matches("^a function\nno comment", help.about(documented, function() end))
  end)

  -- value, what is said, why
  local rows <const> = {
    { nil, "^help%(x%) tells", "nothing: an overview" },
    { { greet = documented, _hidden = documented },
      "^a table of functions:\n  greet  Says hello to somebody%.$",
      "a module" },
    { setmetatable({}, { __name = "mooncron.client", __index = { run = documented } }),
      "^a client: .*\n  run  Says hello", "methods" },
    { JOB, "^a job; it has these fields:\nFIELD.*\nhttp_target .*one of target", "a job" },
    { "http_target", "^http_target: google%.cloud%.scheduler%.v1%.HttpTarget\n.*\nuri ",
      "a message by its path" },
    { "httpTarget.httpMethod", "one of .*POST", "an enum, in either spelling" },
    { "state", "which the service sets$", "a field of the service" },
    { "nowhere.x", "^a text%.", "what is no field" },
    { err.new("NOT_FOUND", "gone", { path = "name" }), "^an error: gone %(code NOT_FOUND, at name%)$",
      "an error" },
    { 5, "^a number; help", "anything else" },
  }
  for _, row in ipairs(rows) do
    it("tells of " .. row[3], function()
      assert.matches(row[2], help.about(row[1], read_source))
    end)
  end
end)

describe("repl.picture", function()
  it("shows jobs as a table, with the columns that have something", function()
    local paused = { name = "projects/p/locations/l/jobs/b", schedule = "* * * * *", state = "PAUSED",
      last_attempt_time = "2026-10-14T17:00:00Z", status = { code = 5 } }
    assert.equal([[
ID       SCHEDULE   TIME ZONE      TARGET  STATE    LAST ATTEMPT          STATUS
nightly  0 2 * * *  Europe/Berlin  HTTP    ENABLED
b        * * * * *                         PAUSED   2026-10-14T17:00:00Z  NOT_FOUND]],
      picture.of({ JOB, paused }, NOW))
  end)

  it("shows the next runs of a schedule, and of a job", function()
    local schedule = assert(require("mooncron.schedule").new("0 2 * * *", "Europe/Berlin"))
    local text = picture.of(schedule, NOW)
    assert.matches("^0 2 %* %* %*: .*, in Europe/Berlin\nWEEKDAY ", text)
    assert.matches("\nThu +2026%-10%-15T02:00:00%+02:00 +CEST", text)
    assert.matches("^next runs:\nWEEKDAY .*\nThu +2026%-10%-15", picture.footer(JOB, NOW))
  end)

  it("has no picture of other values", function()
    for _, value in ipairs { {}, { 1 }, { JOB, 5 }, { JOB, x = JOB }, "text" } do
      assert.is_nil(picture.of(value, NOW))
    end
    assert.is_nil(picture.footer({ name = JOB.name, schedule = "* * * * *", state = "PAUSED" }, NOW))
    assert.is_nil(picture.footer({ name = JOB.name, schedule = "bad" }, NOW))
    assert.is_nil(picture.footer({}, NOW))
  end)

  it("bounds a long list", function()
    local many = {}
    for i = 1, 103 do
      many[i] = JOB
    end
    assert.matches("\n... 3 more$", picture.of(many, NOW))
  end)
end)

describe("repl.guard", function()
  local sent, writable

  local function client(is_cloud)
    return {
      is_cloud = is_cloud,
      backend = {
        kind = "here",
        send = function(_, request)
          sent[#sent + 1] = request.method
          return { status = 200 }
        end,
        describe = function()
          return "Google Cloud"
        end,
        close = function() end,
      },
    }
  end

  before_each(function()
    sent, writable = {}, false
  end)

  local function may_write()
    return writable
  end

  it("lets a cloud project be read, and changed only when it is allowed", function()
    local guarded = guard.client(client(true), may_write)
    assert.is_table(guarded.backend:send { method = "GET" })
    for _, method in ipairs { "POST", "PATCH", "DELETE" } do
      local answer, e = guarded.backend:send { method = method }
      assert.is_nil(answer)
      assert.equal("FAILED_PRECONDITION: this would change Google Cloud: writable() allows it", tostring(e))
    end
    writable = true
    assert.is_table(guarded.backend:send { method = "POST" })
    assert.same({ "GET", "POST" }, sent)
    assert.equal("here", guarded.backend.kind)
  end)

  it("leaves other clients alone", function()
    local free = client(false)
    local backend = free.backend
    assert.equal(backend, guard.client(free, may_write).backend)
  end)

  it("guards all connections, until it is stopped", function()
    local function connect(ok)
      if ok then
        return client(true)
      end
      return nil, "why"
    end
    local module = { connect = connect }
    local stop = guard.install(module, may_write)
    assert.is_nil((module.connect(true).backend:send { method = "POST" }))
    assert.same({ nil, "why" }, { module.connect(false) })
    stop()
    assert.equal(connect, module.connect)
  end)
end)
