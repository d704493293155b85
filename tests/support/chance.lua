---Numbers that look made up and are the same in every run.

local M = {}

---A source of numbers.
---@param seed integer
---@return fun(n: integer): integer below from 0 to n - 1
---@return fun(list: any[]): any pick one of a list
function M.new(seed)
  local function below(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n
  end
  return below, function(list)
    return list[below(#list) + 1]
  end
end

return M
