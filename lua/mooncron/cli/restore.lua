---mooncron restore [SNAPSHOT]

local jobfiles <const> = require "mooncron.cli.jobfiles"
local pausing <const> = require "mooncron.cli.pausing"

local M = {}

M.summary = "resume the jobs that a pause paused, and no other"

local OPTIONS <const> = jobfiles.with({
  { "--note", value = "TEXT", help = "the note of the pause (default pause)" },
}, "parallel", "connection")

local usage <const> = [[
usage: mooncron restore [SNAPSHOT] [OPTION...]

Resume what mooncron pause paused, as the snapshot has it, and remove the snapshot. Jobs that were paused
before, or are gone, are left alone and told.

%s

example:
  mooncron restore --note maintenance]]

local COMMAND <const> = { name = "restore", usage = usage, options = OPTIONS, words = { min = 0, max = 1 } }

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local values, code = jobfiles.read(COMMAND, args, cli)
  if not values then
    return code
  end
  local client <close> = jobfiles.connect(values)
  local live = {}
  for _, job in ipairs(jobfiles.live(client, { client:parent() })) do
    live[job.name] = job
  end
  local path = values[1] or pausing.path(values, client)
  local result, e = require("mooncron.code.snapshot").restore(client, path, live, {
    parallel = jobfiles.parallel(values, client),
  })
  if not result then
    error(e, 0)
  end
  for _, row in ipairs(result.left) do
    print(("  %s %s"):format(require("mooncron.api.name").id(row.name), row.why))
  end
  print(("%d resumed, %d left alone"):format(result.done, #result.left))
  return pausing.report(result, "resume")
end

return M
