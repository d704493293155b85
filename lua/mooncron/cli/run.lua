---mooncron run FILE [ARG...]

local M = {}

M.summary = "run a Lua script, the same as mooncron FILE"

local usage <const> = [[
usage: mooncron run FILE [ARG...]

Run a Lua script in the embedded interpreter. `arg` holds the arguments, arg[0] the file; "-"
reads standard input. The script runs as a task: functions that wait (requests, task.sleep) let other
tasks go on.

example:
  mooncron run scripts/hello.lua]]

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  if cli.wants_help(args) then
    print(usage)
    return 0
  end
  if not args[1] then
    return cli.usage_error("run wants a file")
  end
  local path = table.remove(args, 1)
  return cli.run_file(path, args)
end

return M
