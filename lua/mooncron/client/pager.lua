---Lists that a server gives page by page: asked for as they are needed.

local M = {}

---@class mooncron.Pager
local Pager = { __name = "mooncron.Pager" }
Pager.__index = Pager

---`fetch(token)` gives the items after a token (nil: the first ones) and the token of the next page, or
---`nil, err`.
---@param fetch fun(token: string?): any[]?, string|mooncron.Err|nil
---@return mooncron.Pager
function M.new(fetch)
  return setmetatable({ fetch = fetch, page = {}, at = 0 }, Pager)
end

-- The next page; false when there is none, nil and the error when it cannot be had.
local function turn(self)
  if self.over then
    return false
  end
  local items, token = self.fetch(self.token)
  if not items then
    return nil, token
  end
  self.over = token == nil or token == ""
  self.page, self.at, self.token = items, 0, token
  return items
end

---The next item, nil after the last one: `for item in pager do`. What goes wrong is raised. Waits.
function Pager:__call()
  while self.at >= #self.page do
    local items, e = turn(self)
    if items == nil then
      error(e, 0)
    elseif not items then
      return nil
    end
  end
  self.at = self.at + 1
  return self.page[self.at]
end

---All items that are left. Waits.
---@return any[]?
---@return mooncron.Err?
function Pager:all()
  local list = table.move(self.page, self.at + 1, #self.page, 1, {})
  self.at = #self.page
  while true do
    local items, e = turn(self)
    if items == nil then
      return nil, e
    elseif not items then
      return list
    end
    table.move(items, 1, #items, #list + 1, list)
    self.at = #items
  end
end

---The pages as lists: `for page in pager:pages() do`. What goes wrong is raised. Waits.
---@return fun(): any[]?
function Pager:pages()
  return function()
    local items, e = turn(self)
    if items == nil then
      error(e, 0)
    end
    self.at = #self.page
    return items or nil
  end
end

return M
