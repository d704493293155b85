---@meta mooncron.core.plain

---Quick looks at what most jobs have. Where one says no, `mooncron.api.rules` looks more closely. Pure.
---@class core.plain
local plain = {}

---@param name string
---@param parent string? under which it has to be
---@return integer? length of the parent in a full job name; nil when it is no such name
function plain.parent_length(name, parent) end

---@param text string
---@return boolean http or https, a host without a user, no control character
function plain.is_uri(text) end

---@param text string
---@return boolean exactly when it is one
function plain.is_mailbox(text) end

---@param headers table<string, string>
---@param max integer
---@return boolean less than `max` bytes, none of them twice
function plain.are_headers(headers, max) end

return plain
