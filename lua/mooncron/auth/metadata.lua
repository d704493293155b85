---The metadata server of Google's machines: is it there, and what it says beside tokens.

local err <const> = require "mooncron.err"
local world_of <const> = require "mooncron.auth.world"

local M = {}

local FLAVOR <const> = { ["Metadata-Flavor"] = "Google" }

local function timeout_of(world)
  return tonumber(world_of.variable(world, "GCE_METADATA_TIMEOUT") or "")
end

local function is_google(response)
  return response ~= nil and response.headers["metadata-flavor"] == "Google"
end

---Does the server answer? One short try, three patient ones where the machine or the environment says
---that it is there. Waits.
---@param world mooncron.auth.World
---@param host string
---@return boolean
function M.detect(world, host)
  local product = world.read_file("/sys/class/dmi/id/product_name") or ""
  local likely = product:find("^Google") or world_of.variable(world, "GCE_METADATA_HOST", "K_SERVICE")
  for _ = 1, likely and 3 or 1 do
    local response, e = world.http {
      method = "GET",
      url = "http://" .. host .. "/",
      headers = FLAVOR,
      timeout = timeout_of(world) or likely and 3 or 1,
      max_body = 65536,
    }
    if response then
      return is_google(response)
    end
    if e.code ~= "DEADLINE_EXCEEDED" then
      return false
    end
  end
  return false
end

---One value under `computeMetadata/v1/`, such as `project/project-id`. Waits.
---@return string? value nil when there is none
---@return mooncron.Err? err
function M.get(world, host, path)
  local response, e = world.http {
    method = "GET",
    url = "http://" .. host .. "/computeMetadata/v1/" .. path,
    headers = FLAVOR,
    timeout = timeout_of(world) or 3,
    max_body = 65536,
  }
  if not response then
    return nil, e
  end
  if response.status == 404 then
    return nil
  end
  if response.status ~= 200 or not is_google(response) then
    return nil, err.new("UNAVAILABLE", ("metadata server: no %s, HTTP %d"):format(path, response.status))
  end
  return (response.body:gsub("%s+$", ""))
end

return M
