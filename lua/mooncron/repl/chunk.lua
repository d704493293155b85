---From typed text to a function: an expression if it is one, else statements, or not complete yet.

local M = {}

local NAME <const> = "=repl"

---@param text string
---@param env table
---@return function? chunk
---@return string? problem one line
---@return boolean? incomplete more lines may make it right
function M.compile(text, env)
  text = text .. "\n" -- so that an open string shows at the end of its line, not of the text
  local chunk, as_expression = load("return " .. text, NAME, "t", env)
  if chunk then
    return chunk
  end
  local as_statement
  chunk, as_statement = load(text, NAME, "t", env)
  if chunk then
    return chunk
  end
  local incomplete = as_statement:find("<eof>'?$") or as_expression:find("near <eof>$")
  return nil, as_statement, incomplete ~= nil
end

return M
