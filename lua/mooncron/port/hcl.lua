---Texts as Terraform's language has them.

local M = {}

local ESCAPES <const> = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(char)
  return ESCAPES[char] or ("\\u%04x"):format(char:byte())
end

---A quoted text; `${` and `%{` would begin a template. The text must be UTF-8.
---@param text string
---@return string
function M.quote(text)
  local quoted = text:gsub('[%c"\\\127]', escape)
  -- of "$${" only the last two characters are a sign: what is before is spelt by number
  quoted = quoted:gsub("%f[$%%]([$%%]+){", function(run)
    local sign = run:sub(-1)
    return run:sub(1, -2):gsub(".", function(char)
      return ("\\u%04x"):format(char:byte())
    end) .. sign .. sign .. "{"
  end)
  return '"' .. quoted .. '"'
end

---A text of whole lines as a heredoc; nil when it would not come back as it is.
---@param text string
---@return string?
function M.heredoc(text)
  local is_lines = text:sub(-1) == "\n" and text:find("\n", 1, true) < #text
  if not is_lines or text:find("[\0\1-\8\11-\31\127]") or text:find("[$%%][$%%]{") then
    return nil
  end
  local marker = "EOT"
  while ("\n" .. text):find("\n[ \t]*" .. marker .. "[ \t]*\n") do
    marker = marker .. "_"
  end
  return "<<" .. marker .. "\n" .. text:gsub("([$%%]){", "%1%1{") .. marker
end

-- Terraform normalises texts to NFC. Ranges of characters that this leaves alone in any order.
local STABLE <const> = {
  { 0x0, 0x2ff }, { 0x391, 0x3ce }, { 0x400, 0x482 }, { 0x2010, 0x205e }, { 0x20ac, 0x20ac },
  { 0x2190, 0x21ff }, { 0x2500, 0x257f }, { 0x3041, 0x3096 }, { 0x30a1, 0x30fa }, { 0x4e00, 0x9fff },
  { 0xac00, 0xd7a3 }, { 0x1f300, 0x1faff },
}

local function is_stable_code(code)
  for _, range in ipairs(STABLE) do
    if code >= range[1] and code <= range[2] then
      return true
    end
  end
  return false
end

---Whether a text is UTF-8 that Terraform surely keeps to the byte.
---@param text string
---@return boolean
function M.is_stable(text)
  if not utf8.len(text) then
    return false
  end
  local known = {}
  for char in text:gmatch("[\xCC-\xF4][\x80-\xBF]+") do -- from U+0300 on
    if not known[char] then
      if not is_stable_code(utf8.codepoint(char)) then
        return false
      end
      known[char] = true
    end
  end
  return true
end

---@param text string
---@return string
function M.identifier(text)
  local id = text:gsub("[^%w_-]", "_")
  return id:find("^[%a_]") and id or "job_" .. id
end

return M
