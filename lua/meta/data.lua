---@meta mooncron.core.data

---Plain data: texts, tables, JSON text. Pure.
---@class core.data
---@field list table metatable of a table that is a list even when it is empty
local data = {}

---@param text string
---@return boolean
function data.is_utf8(text) end

---@param bytes string
---@param for_url boolean? the URL-safe alphabet, without padding
---@return string
function data.base64(bytes, for_url) end

---@param text string either alphabet, padded or not
---@return string? bytes nil when it is not base64
function data.from_base64(text) end

---Bytes of all texts in a table, at whatever depth, and of their keys.
---@param value table
---@return integer
function data.size_of(value) end

---A copy of the table itself, with room for `more` members.
---@param value table
---@param more integer?
---@return table
function data.copy(value, more) end

---Whether two values are the same, tables by what they hold.
---@param a any
---@param b any
---@return boolean
function data.equal(a, b) end

---@param value any
---@param order table? of `mooncron.json.pretty`
---@param is_pretty boolean?
---@return string? text
---@return string? why what JSON does not have
function data.json(value, order, is_pretty) end

return data
