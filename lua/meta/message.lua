---@meta mooncron.core.message

---Messages of `mooncron.schema`, compiled: the quick way with values that have no fault. Pure.
---@class core.message
local message = {}

---@class core.message.Message

---@param fields mooncron.schema.Field[] at most 32; kept for good
---@return core.message.Message
function message.compile(fields) end

---@param compiled core.message.Message
---@param value any
---@param as_json boolean? decoded JSON instead of what people write in Lua
---@param is_lenient boolean? pass over what is not known
---@return table? canonical nil when something is at fault, or out of the ordinary
function message.read(compiled, value, as_json, is_lenient) end

---@param compiled core.message.Message
---@param value table canonical
---@param is_pretty boolean?
---@param int_enums boolean?
---@return string? text nil when the value is not canonical
function message.text(compiled, value, is_pretty, int_enums) end

return message
