---mooncron plan FILE...

local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

M.summary = "show what job files would change"

local OPTIONS <const> = jobfiles.with({
  { "--prune", help = "show also what sync would delete" },
  { "--adopt", help = "take over jobs that belong to another set" },
  { "--all", help = "list unchanged jobs too" },
  { "--out", value = "FILE", help = "write the plan, for apply; holds whole jobs, with their secrets" },
  { "--detailed-exitcode", help = "0: nothing to change, 1: an error, 2: changes" },
}, "arg", "json", "connection")

local usage <const> = [[
usage: mooncron plan FILE... [OPTION...]

Load job files, read the live jobs, and show what apply would do: + create, ~ update, - delete,
= unchanged. Nothing is changed. What looks like a secret is not shown.

%s

exit code: 0, and 1 on an error. With --detailed-exitcode, as Terraform has it: 2 when there is
something to change (a wrong option is 2 too, and prints nothing on standard output).

example:
  mooncron plan jobs.lua --arg env=dev]]

local COMMAND <const> = {
  name = "plan", usage = usage, options = OPTIONS,
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
  local plan = jobfiles.plan(values, client, { prune = values.prune })
  local text = require "mooncron.code.plan_text"
  if values.json then
    io.write(require("mooncron.json").pretty(text.to_json(plan), text.order))
  else
    io.write(text.human(plan, { all = values.all }))
  end
  if #plan.problems > 0 then
    return 1
  end
  if values.out then
    assert(require("mooncron.core").fs.write(values.out, require("mooncron.code.plan_file").write(plan)))
  end
  local has_changes = require("mooncron.code.plan").has_changes(plan)
  return values.detailed_exitcode and has_changes and 2 or 0
end

return M
