---mooncron locations list, mooncron locations describe

local output <const> = require "mooncron.cli.output"
local resources <const> = require "mooncron.api.resources"
local schema_write <const> = require "mooncron.schema_write"
local session <const> = require "mooncron.cli.jobs.session"
local tree <const> = require "mooncron.cli.tree"

local M = {}

M.summary = "list and describe the locations where jobs may run"

local TABLE <const> = 'table(locationId:label="NAME", name:label="FULL_NAME")'

local function record(location)
  return schema_write.write(resources.location, location)
end

local function list(values)
  local query = output.query(values, TABLE)
  local client <close> = session.open(values)
  local pager = client:list_locations { page_size = values.page_size }
  local locations = output.select(query, function()
    local location = pager()
    return location and record(location)
  end)
  locations = values.uri and require("mooncron.cli.jobs.read").as_urls(values, locations) or locations
  output.print_list(locations, query, { locationId = "NAME", name = "FULL_NAME" })
end

local function describe(values)
  session.show(values, resources.location, function(client)
    return client:get_location(values[1])
  end)
end

---@type mooncron.cli.Node
M.root = {
  name = "locations",
  summary = "see the locations where jobs may run",
  children = {
    {
      name = "list",
      summary = "list the locations",
      words = { min = 0, max = 0, names = "" },
      options = function()
        return output.options({}, true)
      end,
      examples = { "locations list --filter=locationId~^europe --format='value(locationId)'" },
      run = list,
    },
    {
      name = "describe",
      summary = "show a location",
      words = { min = 1, max = 1, names = "LOCATION" },
      completes = "location",
      options = function()
        return output.options {}
      end,
      examples = { "locations describe europe-west1" },
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
