---Whose a job is. A job file names its set; the mark is the tail of the job's description,
---` [mooncron:NAME]`. The description is the one place that the service keeps, shows in its console and
---lets change: a prefix of the name would show too, but a name is fixed at creation, so no job that is
---there already could ever be taken into a set. The mark counts among the description's 500 characters.

local M = {}

M.max_name = 60

---@param name any
---@return string? problem
function M.check_name(name)
  if type(name) ~= "string" then
    return "the name of a set must be text"
  elseif not name:find("^[%w][%w_.-]*$") or #name > M.max_name then
    return ("set '%s': use letters, digits, '-', '_' and '.', at most %d"):format(name, M.max_name)
  end
end

---@param set string
---@return string
function M.mark(set)
  return "[mooncron:" .. set .. "]"
end

---Put the mark on.
---@param description string?
---@param set string? nil: no mark
---@return string? description
function M.attach(description, set)
  if not set then
    return description
  elseif not description then
    return M.mark(set)
  end
  return description .. " " .. M.mark(set)
end

---Take a description apart.
---@param description string?
---@return string? text without the mark
---@return string? set
function M.detach(description)
  if not description then
    return nil, nil
  end
  local text, set = description:match("^(.-) ?%[mooncron:([%w][%w_.-]*)%]$")
  if not set then
    return description, nil
  end
  return text ~= "" and text or nil, set
end

return M
