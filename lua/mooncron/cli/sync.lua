---mooncron sync FILE...

local applying <const> = require "mooncron.cli.applying"
local err <const> = require "mooncron.err"
local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

M.summary = "apply, and delete the jobs of the set that are no longer declared"

local OPTIONS <const> = jobfiles.with({
  { "--max-delete", value = "N", type = "integer",
    help = "deletions to allow (default 10, or a quarter of the set)" },
  { "--adopt", help = "take over jobs that belong to another set" },
  { "--journal", value = "FILE", help = "where the run is noted (default under $XDG_STATE_HOME/mooncron)" },
  jobfiles.options.yes,
}, "arg", "parallel", "json", "connection")

local usage <const> = [[
usage: mooncron sync FILE... [OPTION...]

Apply job files, and delete what is marked as belonging to their set and is not declared any more. Jobs
of other sets, and jobs without a mark, are never deleted. More deletions than --max-delete allows are
refused as a whole. When something is to be deleted it asks first; off a terminal it wants --yes.

Deletions come last, and not at all when something before them failed.

%s

exit code: 0 all is done, 1 something failed or was refused.

example:
  mooncron sync jobs.lua --yes]]

local COMMAND <const> = {
  name = "sync", usage = usage, options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "FILE" },
}

local ALWAYS <const> = 10

-- A file that lost half of its jobs by a mistake should not take them along.
local function guard(values, plan)
  local most = values.max_delete or math.max(ALWAYS, plan.owned // 4)
  if plan.summary.delete > most then
    local text = "nothing was changed: %d of the set's %d jobs would be deleted, %d are allowed;"
      .. " if that is meant, write --max-delete %d"
    local count = plan.summary.delete
    error(err.new("FAILED_PRECONDITION", text:format(count, plan.owned, most, count)), 0)
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
  local client <close> = jobfiles.connect(values)
  local plan = jobfiles.plan(values, client, { prune = true })
  if not applying.show(values, plan) then
    return 0
  end
  guard(values, plan)
  local answer = values.yes or jobfiles.ask("sync this?")
  if answer == nil and plan.summary.delete > 0 then
    error(err.new("FAILED_PRECONDITION",
      "nothing was changed: off a terminal, deletions want --yes"), 0)
  elseif answer == false then
    print("nothing was changed")
    return 1
  end
  return applying.carry_out(values, client, plan)
end

return M
