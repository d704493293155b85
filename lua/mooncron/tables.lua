---Plain tables: copies, order and comparison. Pure.

local M = {}

---A copy of the table itself; what it holds is shared.
---@param value table
---@return table
function M.copy(value)
  local out = {}
  for key, item in next, value do
    out[key] = item
  end
  return out
end

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
