---Where the fields and methods of a value come from. Looks only: no metamethod is called.

local M = {}

---The tables that a field of `value` may come from, nearest first: itself and its chain of __index tables.
---Where __index is a function, the methods stand beside it, and `__members(value)` tells of others.
---@param value any
---@return table[]
function M.sources(value)
  local list, seen = {}, {}
  if type(value) == "table" then
    list[1], seen[value] = value, true
  end
  local meta = debug.getmetatable(value)
  while type(meta) == "table" do
    local index = rawget(meta, "__index")
    if type(index) == "function" then
      local members = rawget(meta, "__members")
      list[#list + 1] = meta
      list[#list + 1] = members and members(value)
    end
    if type(index) ~= "table" or seen[index] then
      break
    end
    list[#list + 1], seen[index] = index, true
    meta = debug.getmetatable(index)
  end
  return list
end

return M
