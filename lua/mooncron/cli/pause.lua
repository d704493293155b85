---mooncron pause PATTERN

local jobfiles <const> = require "mooncron.cli.jobfiles"
local pausing <const> = require "mooncron.cli.pausing"

local M = {}

M.summary = "pause jobs for a while, and note which ones"

local OPTIONS <const> = jobfiles.with({
  { "--note", value = "TEXT", help = "what for; names the snapshot (default pause)" },
  { "--snapshot", value = "FILE", help = "where to note them (default under $XDG_STATE_HOME/mooncron)" },
  jobfiles.options.yes,
}, "parallel", "connection")

local usage <const> = [[
usage: mooncron pause PATTERN [OPTION...]

Pause the enabled jobs whose id fits the pattern (* and ?), and keep a snapshot of which these were:
mooncron restore resumes exactly those, and none that was paused before.

%s

example:
  mooncron pause 'billing-*' --note maintenance --yes]]

local COMMAND <const> = {
  name = "pause", usage = usage, options = OPTIONS, words = { min = 1, max = 1, names = "PATTERN" },
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local values, code = jobfiles.read(COMMAND, args, cli)
  if not values then
    return code
  end
  local client <close> = jobfiles.connect(values)
  local jobs, others = pausing.choose(client, values[1], "ENABLED")
  if not pausing.confirm(values, jobs, "pause") then
    return 1
  end
  local path = pausing.path(values, client)
  if #jobs == 0 then
    print(("0 paused, %d were not running"):format(others))
    return 0
  end
  local result, e = require("mooncron.code.snapshot").pause(client, jobs, {
    path = path, note = values.note, at = require("mooncron.core").time.format(jobfiles.now_ms()),
    parallel = jobfiles.parallel(values, client),
  })
  if not result then
    error(e, 0)
  end
  print(("%d paused, %d were not running; mooncron restore %s"):format(result.done, others, path))
  return pausing.report(result, "pause")
end

return M
