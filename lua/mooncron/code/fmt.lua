---Texts as Lua source, for generated job files: they read back as the same bytes. Pure.

local M = {}

local ESCAPES <const> = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }

local function escaped(text)
  local odd = utf8.len(text) and '[%c\\"\127]' or '[%c\\"\127-\255]'
  return '"' .. text:gsub(odd, function(char)
    return ESCAPES[char] or ("\\x%02X"):format(char:byte())
  end) .. '"'
end

---A text in double quotes, or between long brackets when it has quotes or lines of its own.
---@param text string
---@return string
function M.quote(text)
  local is_plain = utf8.len(text) and not text:find("[%z\1-\9\11-\31\127]")
  if not is_plain or not text:find('["\n\\]') or text:sub(1, 1) == "\n" then
    return escaped(text)
  end
  for level = 0, 3 do
    local mark = ("="):rep(level)
    if not (text .. "]"):find("]" .. mark .. "]", 1, true) then
      return "[" .. mark .. "[" .. text .. "]" .. mark .. "]"
    end
  end
  return escaped(text)
end

return M
