---Where in a script something went wrong.

local M = {}

local library <const> = debug.getinfo(1, "S").source:match("^(.*)stack%.lua$")

---The innermost line of the running stack that is the user's own. For an error's handler.
---@return string? "file:line"
function M.user_line()
  local level = 3 -- past the handler that asks
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return nil
    end
    local is_file = info.currentline > 0 and info.source:sub(1, 1) == "@"
    if is_file and info.source:sub(1, #library) ~= library then
      return info.short_src .. ":" .. info.currentline
    end
    level = level + 1
  end
end

return M
