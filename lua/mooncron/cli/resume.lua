---mooncron resume PATTERN

local jobfiles <const> = require "mooncron.cli.jobfiles"
local pausing <const> = require "mooncron.cli.pausing"

local M = {}

M.summary = "resume paused jobs, whoever paused them"

local OPTIONS <const> = jobfiles.with({ jobfiles.options.yes }, "parallel", "connection")

local usage <const> = [[
usage: mooncron resume PATTERN [OPTION...]

Resume every paused job whose id fits the pattern (* and ?). After mooncron pause, mooncron restore is
the one that leaves alone what was paused before.

%s

example:
  mooncron resume 'billing-*' --yes]]

local COMMAND <const> = {
  name = "resume", usage = usage, options = OPTIONS, words = { min = 1, max = 1, names = "PATTERN" },
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
  local jobs, others = pausing.choose(client, values[1], "PAUSED")
  if not pausing.confirm(values, jobs, "resume") then
    return 1
  end
  local result = require("mooncron.code.snapshot").each(client, "resume_job", jobs, {
    parallel = jobfiles.parallel(values, client),
  })
  print(("%d resumed, %d were not paused"):format(result.done, others))
  return pausing.report(result, "resume")
end

return M
