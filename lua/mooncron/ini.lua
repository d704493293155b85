---Settings files as gcloud writes them: sections in brackets, `key = value`, comments on lines of
---their own that begin with `#` or `;`.

local err <const> = require "mooncron.err"

local M = {}

---Read one. A key before any section is in section `core`; of a key given twice, the last counts.
---@param text string
---@return table<string, string>? values by "section.key"
---@return mooncron.Err? err with `pos`, the number of the line at fault
function M.parse(text)
  local values, section, number = {}, "core", 0
  for line in (text:gsub("^\u{FEFF}", "") .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    line = line:match("^%s*(.-)%s*$")
    local name = line:match("^%[%s*([^%]]-)%s*%]$")
    local key, value = line:match("^([%w_.-]+)%s*[=:]%s*(.*)$")
    if name then
      section = name
    elseif key then
      values[section .. "." .. key] = value
    elseif line ~= "" and not line:find("^[#;]") then
      return nil, err.new("INVALID_ARGUMENT", "neither [section] nor key = value", { pos = number })
    end
  end
  return values
end

return M
