---mooncron scheduler jobs ..., mooncron scheduler locations ... and so on: the same commands under gcloud's
---name

local tree <const> = require "mooncron.cli.tree"

local M = {}

M.summary = "mooncron jobs, locations, cmek-config and operations, for scripts made for gcloud"

---@type mooncron.cli.Node
M.root = {
  name = "scheduler",
  summary = M.summary,
  children = {
    require("mooncron.cli.jobs").root,
    require("mooncron.cli.locations").root,
    require("mooncron.cli.cmek-config").root,
    require("mooncron.cli.operations").root,
  },
}

---@param args string[]
---@return integer exit code
function M.run(args)
  return tree.run(M.root, args)
end

return M
