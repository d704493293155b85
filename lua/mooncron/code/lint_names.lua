---Names of the lint rules, for `ignore = { ... }` in job files.

local M = {}

M.list = {
  "audience", "day-union", "dst", "herd", "ignored-field", "ignored-header", "minute-zero", "missing-auth",
  "missing-retry", "name", "never-fires", "plain-http", "short-months", "uneven-step",
}

M.known = {}
for _, name in ipairs(M.list) do
  M.known[name] = true
end

return M
