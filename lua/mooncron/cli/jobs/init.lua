---mooncron jobs: gcloud scheduler's commands on jobs

local act <const> = require "mooncron.cli.jobs.act"
local read <const> = require "mooncron.cli.jobs.read"
local tree <const> = require "mooncron.cli.tree"
local write <const> = require "mooncron.cli.jobs.write"

local M = {}

M.summary = "create, update, list, describe, run, pause, resume, delete jobs, with gcloud's flags"

---@type mooncron.cli.Node
M.root = {
  name = "jobs",
  summary = "work on jobs",
  children = {
    write.node "create",
    write.node "update",
    read.describe,
    read.list,
    act.node "run",
    act.node "pause",
    act.node "resume",
    act.node "delete",
  },
}

---@param args string[]
---@return integer exit code
function M.run(args)
  return tree.run(M.root, args)
end

return M
