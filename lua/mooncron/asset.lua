---Files that are no Lua but belong to it, such as pages: carried by the interpreter with this file, and
---beside it everywhere else.

local M = {}

local CARRIED <const> = "@mooncron/asset.lua"

local here <const> = debug.getinfo(1, "S").source
local folder <const> = here:match("^@(.*)asset%.lua$")

---The text of a file below lua/mooncron. That it is not there is a mistake of ours.
---@param path string "console/app.js"
---@return string
function M.read(path)
  if here == CARRIED then
    local text = require("mooncron.host").asset("mooncron/" .. path)
    return text or error("no such asset: " .. path, 2)
  end
  local file <close> = assert(io.open(folder .. path, "rb"))
  return file:read("a")
end

return M
