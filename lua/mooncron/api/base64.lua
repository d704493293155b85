---Base64: out in the standard alphabet with padding, in from both alphabets, padded or not.

local data <const> = require("mooncron.native").data

local M = {}

---@type fun(data: string): string
M.encode = data.base64

---URL-safe alphabet, without padding.
---@param bytes string
---@return string
function M.encode_url(bytes)
  return data.base64(bytes, true)
end

---@type fun(text: string): string? nil when it is not base64
M.decode = data.from_base64

return M
