---mooncron scheduler jobs ..., mooncron scheduler locations ...: the same commands under gcloud's name

local M = {}

M.summary = "the same as mooncron jobs and mooncron locations, for scripts made for gcloud"

local GROUPS <const> = { jobs = true, locations = true }

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  if cli.wants_help(args) then
    print "usage: mooncron scheduler jobs|locations COMMAND [ARG...]\n"
    print(M.summary:gsub("^%l", string.upper) .. ".\n\nexample:\n  mooncron scheduler jobs list")
    return 0
  elseif not GROUPS[args[1]] then
    return cli.usage_error("scheduler: write mooncron scheduler jobs or mooncron scheduler locations")
  end
  local group = table.remove(args, 1)
  return require("mooncron.cli." .. group).run(args, cli)
end

return M
