---Pages of a list: how many, and from where on. A token holds the last name that was seen, not a
---position, so it stays right whatever is created or deleted between two pages.

local base64 <const> = require "mooncron.api.base64"
local err <const> = require "mooncron.err"
local problem <const> = require "mooncron.problem"

local M = {}

M.max_size = 500 -- [ref]
local VERSION <const> = "1:"

local function refuse(path, message)
  return nil, err.new("INVALID_ARGUMENT", message, { path = path, status = 400 })
end

---Unset and 0 give the most; more than the most is cut to it; a negative one is refused [ours, as
---AIP-158 has it].
---@param given string|integer|nil
---@return integer? size
---@return mooncron.Err? err
function M.size(given)
  if given == nil or given == "" then
    return M.max_size
  end
  local size = tostring(given):find("^%-?%d+$") and math.tointeger(tonumber(given))
  if not size or size < -2147483648 or size > 2147483647 then
    local text = "page_size '%s': must be a whole number"
    return refuse("page_size", text:format(problem.cut(given)))
  elseif size < 0 then
    return refuse("page_size", ("page_size '%d': must not be negative"):format(size))
  end
  return size == 0 and M.max_size or math.min(size, M.max_size)
end

---The token of the page that begins after a name.
---@param last string the last name of the page before
---@return string
function M.token(last)
  return base64.encode_url(VERSION .. last)
end

---The name after which a page begins, nil for the first page.
---@param token string?
---@param parent string? the name that every name of the list begins with
---@return string? last
---@return mooncron.Err? err
function M.after(token, parent)
  if not token or token == "" then
    return nil
  end
  local text = base64.decode(token)
  local last = text and text:sub(1, #VERSION) == VERSION and text:sub(#VERSION + 1)
  if not last or last == "" or not utf8.len(last) or last:find("%c") then
    return refuse(
      "page_token", "page_token: not a token that a list gave, take nextPageToken as it is"
    )
  elseif parent and last:sub(1, #parent + 1) ~= parent .. "/" then
    return refuse(
      "page_token", "page_token: is of another list, take nextPageToken of the same one"
    )
  end
  return last
end

return M
