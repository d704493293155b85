---The functions of the C core that are as pure as Lua's own libraries: no file, no clock, no network.

local core <const> = require "mooncron.core"

local M = { data = core.data, message = core.message }

---What a pattern for one byte (`[%w_-]`) says, many times quicker: `span(text, from)` is the place of the
---first byte from `from` on that the pattern does not match, `#text + 1` when there is none.
---@param pattern string
---@return fun(text: string, from: integer?): integer
function M.span(pattern)
  local members = {}
  for byte = 0, 255 do
    members[#members + 1] = string.char(byte):match(pattern)
  end
  return core.data.span(table.concat(members))
end

return M
