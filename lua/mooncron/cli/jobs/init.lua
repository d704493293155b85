---mooncron jobs: gcloud scheduler's commands on jobs

local tree <const> = require "mooncron.cli.tree"

local M = {}

M.summary = "create, update, list, describe, run, pause, resume, delete jobs, with gcloud's flags"

local VERBS <const> = {
  { "create", "write" }, { "update", "write" }, { "describe", "read" }, { "list", "read" },
  { "run", "act" }, { "pause", "act" }, { "resume", "act" }, { "delete", "act" },
}

local children <const> = {}
for i, verb in ipairs(VERBS) do
  children[i] = {
    name = verb[1],
    load = function()
      return require("mooncron.cli.jobs." .. verb[2]).node(verb[1])
    end,
  }
end

---@type mooncron.cli.Node
M.root = { name = "jobs", summary = "work on jobs", children = children }

---@param args string[]
---@return integer exit code
function M.run(args)
  return tree.run(M.root, args)
end

return M
