---mooncron apply FILE... | PLAN

local applying <const> = require "mooncron.cli.applying"
local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

M.summary = "create and update jobs as job files have them; deletes nothing"

local OPTIONS <const> = jobfiles.with({
  { "--adopt", help = "take over jobs that belong to another set" },
  { "--journal", value = "FILE", help = "where the run is noted (default under $XDG_STATE_HOME/mooncron)" },
  jobfiles.options.yes,
}, "arg", "parallel", "json", "connection")

local usage <const> = [[
usage: mooncron apply FILE... [OPTION...]
       mooncron apply PLAN.json [OPTION...]

Show the plan of job files and carry it out, or carry out a plan that `mooncron plan --out` wrote, as it is;
that is refused when the live jobs are no longer those it was made for. On a terminal it asks first.

Calls that the service turns down for now are made again. What fails stops nothing else, and is told
at the end. A run that is cut off goes on with the next one.

%s

exit code: 0 all is done, 1 something failed.

example:
  mooncron apply jobs.lua --arg env=dev]]

local COMMAND <const> = {
  name = "apply", usage = usage, options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "FILE" },
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
  local plan, journal
  if #values == 1 and values[1]:find("%.json$") then
    plan, journal = applying.read_plan(values, client)
  else
    plan = jobfiles.plan(values, client, {})
  end
  if not applying.show(values, plan) then
    if journal then
      journal:close("done")
    end
    return 0
  end
  if not values.yes and jobfiles.ask("apply this?") == false then
    if journal then
      applying.discard(journal)
    end
    print("nothing was changed")
    return 1
  end
  return applying.carry_out(values, client, plan, journal)
end

return M
