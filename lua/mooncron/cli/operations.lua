---mooncron operations describe: what became of a change that takes a while, with the flags of gcloud 578.

local output <const> = require "mooncron.cli.output"
local resources <const> = require "mooncron.api.resources"
local session <const> = require "mooncron.cli.jobs.session"
local tree <const> = require "mooncron.cli.tree"

local M = {}

M.summary = "see what became of a change that takes a while"

local function describe(values)
  session.show(values, resources.operation, function(client)
    return client:get_operation(values.name)
  end)
end

---@type mooncron.cli.Node
M.root = {
  name = "operations",
  summary = M.summary,
  children = {
    {
      name = "describe",
      summary = "show an operation",
      words = { min = 0, max = 0, names = "" },
      options = function()
        return output.options {
          { "--name", value = "NAME", required = true,
            help = "its id, or projects/P/locations/L/operations/O" },
        }
      end,
      examples = { "operations describe --name=projects/p/locations/europe-west1/operations/o" },
      check = function(values)
        return not values.name and "argument --name: Must be specified." or nil
      end,
      run = describe,
    },
  },
}

---@param args string[]
---@return integer exit code
function M.run(args)
  return tree.run(M.root, args)
end

return M
