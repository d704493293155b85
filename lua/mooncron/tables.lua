---Plain tables: copies, order and comparison. Pure.

local native <const> = require "mooncron.native"

local M = {}

---A copy of the table itself; what it holds is shared. `more` members are to come, for which it has room.
---@type fun(value: table, more: integer?): table
M.copy = native.data.copy

---The names of a map in order.
---@param map table<string, any>
---@return string[]
function M.sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

---Whether two values are the same, tables by what they hold.
---@type fun(a: any, b: any): boolean
M.equal = native.data.equal

return M
