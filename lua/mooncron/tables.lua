---Plain tables: copies and comparison. Pure.

local native <const> = require "mooncron.native"

local M = {}

---A copy of the table itself; what it holds is shared. `more` members are to come, for which it has room.
---@type fun(value: table, more: integer?): table
M.copy = native.data.copy

---Whether two values are the same, tables by what they hold.
---@return boolean
function M.equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, item in next, a do
    if not M.equal(item, b[key]) then
      return false
    end
  end
  for key in next, b do
    if a[key] == nil then
      return false
    end
  end
  return true
end

return M
