---Quick looks at what most jobs have. Each says that a text is faultless, or that it has to be looked at
---more closely: the words for what is wrong are in `mooncron.api.rules`.

local span <const> = require("mooncron.native").span

local M = {}

local printable_end <const> = span "[^%c\127]"
local field_end <const> = span "[^\r\n\0]"
local host_end <const> = span "[%w.%-]"
local token_end <const> = span "[%w!#$%%&'*+.^_`|~-]"
local mailbox_end <const> = span "[^%s@]"

local SLASH <const>, QUERY <const>, FRAGMENT <const>, AT <const> = 47, 63, 35, 64

---Whether a URI of http or https has a host without a user and a port, and no control character.
---@param uri string
---@return boolean
function M.is_uri(uri)
  local _, scheme = uri:find("^https?://")
  local after = scheme and host_end(uri, scheme + 1)
  if not after or after == scheme + 1 then
    return false
  end
  local byte = uri:byte(after)
  return (not byte or byte == SLASH or byte == QUERY or byte == FRAGMENT) and printable_end(uri, after) > #uri
end

---Whether these are headers, of less than `max` bytes, none of them twice. Names that are alike in length
---and first letter may be the same.
---@param headers table<string, string>
---@param max integer
---@return boolean
function M.are_headers(headers, max)
  local total, met = 0, 0
  for key, value in next, headers do
    local bit = 1 << (#key + 7 * ((key:byte() or 0) | 32) & 63)
    if key == "" or met & bit ~= 0 or token_end(key) <= #key or field_end(value) <= #value then
      return false
    end
    met = met | bit
    total = total + #key + #value
  end
  return total < max
end

---Whether this is an e-mail address, as far as can be told.
---@param text string
---@return boolean
function M.is_mailbox(text)
  local at = mailbox_end(text)
  return at > 1 and at < #text and text:byte(at) == AT and mailbox_end(text, at + 1) > #text
end

return M
