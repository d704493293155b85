---Base64: out in the standard alphabet with padding, in from both alphabets, padded or not.

local text <const> = require("mooncron.native").text

local M = {}

---@type fun(data: string): string
M.encode = text.base64

---URL-safe alphabet, without padding.
---@param data string
---@return string
function M.encode_url(data)
  return text.base64(data, true)
end

---@type fun(text: string): string? nil when it is not base64
M.decode = text.from_base64

return M
