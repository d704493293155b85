---Values of jobs as plans, logs and terminals may show them: what looks like a secret is blotted out. Pure.

local M = {}

M.mark = "<redacted>"

-- Names, of headers, attributes, parameters and JSON members, behind which secrets stand.
local WORDS <const> = {
  "authorization", "cookie", "password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey",
  "signature", "credential", "sessionid",
}
-- Ends of such names; "key" alone within a word would blot out "monkey".
local TAILS <const> = { "%f[%a]key$", "%f[%a]auth$", "%f[%a]sig$", "%f[%a]pwd$", "%f[%a]jwt$" }

---@param name string
---@return boolean
function M.is_secret_name(name)
  local lower = name:lower()
  local plain = lower:gsub("[^%a]", "")
  for _, word in ipairs(WORDS) do
    if plain:find(word, 1, true) then
      return true
    end
  end
  for _, tail in ipairs(TAILS) do
    if lower:find(tail) then
      return true
    end
  end
  return false
end

-- The password of a URL and its telling parameters.
local function uri(text)
  text = text:gsub("^(%a[%w+.-]*://[^/?#:@]*):[^/?#@]*@", "%1:" .. M.mark .. "@")
  return (text:gsub("([?&])([^=&#]+)=([^&#]*)", function(mark, name, value)
    return mark .. name .. "=" .. (M.is_secret_name(name) and M.mark or value)
  end))
end

-- A body with a telling name anywhere in it is not shown at all: what it is written in is not known.
local MAX_BODY <const> = 64 << 10

local function body(text)
  if #text > MAX_BODY or not utf8.len(text) or text:find("[%z\1-\8\14-\31\127]") then
    return ("<%d bytes>"):format(#text)
  end
  for name in text:gmatch("[%a_][%w_%-]*") do
    if M.is_secret_name(name) then
      return ("<redacted, %d bytes>"):format(#text)
    end
  end
  return text
end

---The value of a leaf as it may be shown.
---@param path string dotted; names in a map are its last part
---@param value any
---@return any
function M.show(path, value)
  if type(value) ~= "string" then
    return value
  elseif path:find("%.body$") or path:find("%.data$") then
    return body(value)
  elseif path:find("uri$") or path:find("audience$") then
    return uri(value)
  end
  local name = path:match("%.headers%.(.+)$") or path:match("%.attributes%.(.+)$")
  if name and M.is_secret_name(name) then
    return M.mark
  end
  return value
end

return M
