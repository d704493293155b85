---Base64 in plain Lua: out in the standard alphabet with padding, in from both alphabets, padded or
---not.

local M = {}

local byte <const>, char <const>, concat <const> = string.byte, string.char, table.concat

local ALPHABET <const> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local PAIRS <const> = {} -- 12 bits -> two characters
local VALUES <const> = {} -- character code -> 6 bits

for i = 0, 63 do
  VALUES[ALPHABET:byte(i + 1)] = i
  for j = 0, 63 do
    PAIRS[i << 6 | j] = ALPHABET:sub(i + 1, i + 1) .. ALPHABET:sub(j + 1, j + 1)
  end
end
VALUES[byte("-")], VALUES[byte("_")] = 62, 63

---@param data string
---@return string
function M.encode(data)
  local out, n = {}, 0
  local whole = #data - #data % 3
  for i = 1, whole, 3 do
    local a, b, c = byte(data, i, i + 2)
    out[n + 1] = PAIRS[a << 4 | b >> 4]
    n = n + 2
    out[n] = PAIRS[(b & 15) << 8 | c]
  end
  local a, b = byte(data, whole + 1, whole + 2)
  if b then
    out[n + 1] = PAIRS[a << 4 | b >> 4]
    out[n + 2] = PAIRS[(b & 15) << 8]:sub(1, 1) .. "="
  elseif a then
    out[n + 1] = PAIRS[a << 4] .. "=="
  end
  return concat(out)
end

---URL-safe alphabet, without padding.
---@param data string
---@return string
function M.encode_url(data)
  return (M.encode(data):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

---@param text string
---@return string? data nil when it is not base64
function M.decode(text)
  local body, padding = text:match("^([%w+/_-]*)(=*)$")
  if not body or #body % 4 == 1 or #padding > 2 then
    return nil
  elseif padding ~= "" and (#body + #padding) % 4 ~= 0 then
    return nil
  end
  local out, n = {}, 0
  local whole = #body - #body % 4
  for i = 1, whole, 4 do
    local a, b, c, d = byte(body, i, i + 3)
    local bits = VALUES[a] << 18 | VALUES[b] << 12 | VALUES[c] << 6 | VALUES[d]
    n = n + 1
    out[n] = char(bits >> 16, bits >> 8 & 255, bits & 255)
  end
  local a, b, c = byte(body, whole + 1, #body)
  if c then
    local bits = VALUES[a] << 12 | VALUES[b] << 6 | VALUES[c]
    out[n + 1] = char(bits >> 10, bits >> 2 & 255)
  elseif b then
    out[n + 1] = char((VALUES[a] << 6 | VALUES[b]) >> 4)
  end
  return concat(out)
end

return M
