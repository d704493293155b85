---mooncron lint FILE...

local connection <const> = require "mooncron.cli.connection"
local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

M.summary = "point at what job files allow but hardly mean"

local OPTIONS <const> = jobfiles.with({
  { "--strict", help = "warnings count as errors" },
}, "arg", "json", "project", "location")

local usage <const> = [[
usage: mooncron lint FILE... [OPTION...]

Check job files without looking at any live job: schedules that never fire, runs that daylight saving
skips or doubles, many jobs at one minute, no retry, an https target without a token, an audience of
another host, headers and fields that the service ignores, names. `ignore = { "RULE" }` in a job keeps a
rule from it.

%s

exit code: 0, and 1 when there is an error (with --strict: anything).

example:
  mooncron lint jobs.lua]]

local COMMAND <const> = {
  name = "lint", usage = usage, options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "FILE" },
}

local function print_human(findings)
  local names = require "mooncron.api.name"
  for _, row in ipairs(findings) do
    local id = row.name and (" '%s'"):format(names.id(row.name)) or ""
    print(("%s: %s:%s %s (%s)"):format(row.where, row.level, id, row.message, row.rule))
  end
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local values, code = jobfiles.read(COMMAND, args, cli)
  if not values then
    return code
  end
  -- A place is all that loading wants; nobody is asked.
  local context = assert(connection.context(values))
  local place = { project = context.project or "my-project", location = context.location,
    holds_exceptions = context.kind ~= "gcp" }
  local declared = jobfiles.load(table.move(values, 1, #values, 1, {}), values, place)
  local findings = require("mooncron.code.lint").check(declared, { now_ms = jobfiles.now_ms() })
  if values.json then
    local json = require "mooncron.json"
    io.write(json.pretty(json.list(findings), { "rule", "level", "name", "where", "message" }))
  else
    print_human(findings)
  end
  for _, row in ipairs(findings) do
    if values.strict or row.level == "error" then
      return 1
    end
  end
  return 0
end

return M
