---mooncron test FILE...

local args_reader <const> = require "mooncron.cli.args"

local M = {}

M.summary = "test jobs: what runs when, and what is sent"

local OPTIONS <const> = {
  { "--format", value = "NAME", help = "pretty (default), tap, or junit" },
  { "--filter", value = "TEXT", help = "only tests with this in their name" },
  { "--list", help = "print the names and make no test" },
}

local usage <const> = [[
usage: mooncron test FILE... [OPTION...]

Make the tests in Lua files. Each test has a scheduler of its own, in memory, on a clock that stands still
until the test moves it; what jobs send is recorded and goes nowhere.

%s

exit code: 0 all passed, 1 a test failed or a file cannot be run, 2 usage.

A test file:
  test("the report comes on weekdays", { at = "2027-01-04T00:00:00Z" }, function(t)
    t:load "jobs.lua"
    t:advance "7d"
    t:assert_sent { job = "report", method = "POST", times = 5 }
    t:runs_at("backup", { from = "2027-03-27T00:00:00Z", to = "2027-03-29T00:00:00Z" },
      { "2027-03-27T03:30:00+01:00", "2027-03-28T03:30:00+02:00" })
  end)

example:
  mooncron test jobs_test.lua --format junit > report.xml]]

local function check(options)
  local formats = require("mooncron.testing.report").formats
  if options.format and not formats[options.format] then
    return ("--format '%s': use junit, pretty, tap"):format(options.format)
  end
end

-- All tests of all files, in order: { path =, one = }.
local function collect(options)
  local testing, list = require "mooncron.testing", {}
  for _, path in ipairs(options) do
    local tests, e = testing.collect(path)
    if not tests then
      error(e, 0)
    end
    for _, one in ipairs(tests) do
      if not options.filter or one.name:find(options.filter, 1, true) then
        list[#list + 1] = { path = path, one = one }
      end
    end
  end
  return list
end

local function make_all(list, format)
  local testing = require "mooncron.testing"
  local report = require("mooncron.testing.report").formats[format](function(text)
    io.write(text)
  end)
  local results, failed = {}, false
  for i, row in ipairs(list) do
    results[i] = testing.make(row.path, row.one)
    failed = failed or not results[i].ok
    report.each(results[i], i)
  end
  report.finish(results)
  return failed
end

local COMMAND <const> = {
  name = "test",
  usage = usage,
  options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "FILE" },
  check = check,
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = args_reader.command(COMMAND, args, cli)
  if not options then
    return code
  end
  local list = collect(options)
  if options.list then
    for _, row in ipairs(list) do
      print(("%s: %s"):format(row.path, row.one.name))
    end
    return 0
  elseif not list[1] then
    return cli.usage_error(("test: no test has '%s' in its name"):format(options.filter))
  end
  return make_all(list, options.format or "pretty") and 1 or 0
end

return M
