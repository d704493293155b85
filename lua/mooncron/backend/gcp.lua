---Google Cloud as a backend.

local err <const> = require "mooncron.err"

local M = {}

---@return nil
---@return mooncron.Err
function M.open()
  return nil, err.new("UNIMPLEMENTED",
    "the backend for Google Cloud is not implemented: leave the project out for the local scheduler")
end

return M
