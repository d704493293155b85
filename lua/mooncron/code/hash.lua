---A hash that is the same on every machine and in every release: FNV-1a of 64 bits, its bits mixed once
---more so that the low ones serve as well as the high ones. Not for secrets.

local M = {}

local byte <const> = string.byte

---@param text string
---@return integer 64 bits
function M.number(text)
  local h, n = 0xcbf29ce484222325, #text
  local whole = n - n % 8
  for i = 1, whole, 8 do
    local a, b, c, d, e, f, g, z = byte(text, i, i + 7)
    h = (h ~ a) * 0x100000001b3
    h = (h ~ b) * 0x100000001b3
    h = (h ~ c) * 0x100000001b3
    h = (h ~ d) * 0x100000001b3
    h = (h ~ e) * 0x100000001b3
    h = (h ~ f) * 0x100000001b3
    h = (h ~ g) * 0x100000001b3
    h = (h ~ z) * 0x100000001b3
  end
  for i = whole + 1, n do
    h = (h ~ byte(text, i)) * 0x100000001b3
  end
  h = (h ~ h >> 33) * 0xff51afd7ed558ccd
  h = (h ~ h >> 33) * 0xc4ceb9fe1a85ec53
  return h ~ h >> 33
end

---@param text string
---@return string 16 hexadecimal digits
function M.hex(text)
  return ("%016x"):format(M.number(text))
end

---One of a list, chosen by the text.
---@param text string
---@param list any[]
function M.pick(text, list)
  return list[(M.number(text) >> 1) % #list + 1]
end

return M
