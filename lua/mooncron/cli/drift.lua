---mooncron drift FILE...

local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

M.summary = "show what was changed outside of the job files"

local OPTIONS <const> = jobfiles.with({
  { "--detailed-exitcode", help = "0: none, 1: an error, 2: something drifted" },
}, "arg", "json", "connection")

local usage <const> = [[
usage: mooncron drift FILE... [OPTION...]

Compare the live jobs with what is declared, from the other side than plan: jobs that are gone, that were
changed or paused by somebody, and jobs of the set that no file declares. A job whose file does not say
whether it is paused counts as one that runs.

%s

exit code: 0, and 1 on an error; with --detailed-exitcode 2 when something drifted.

example:
  mooncron drift jobs.lua --detailed-exitcode]]

local COMMAND <const> = {
  name = "drift", usage = usage, options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "FILE" },
}

local WORDS <const> = {
  missing = "is declared and not there",
  changed = "was changed",
  unknown = "is of the set and not declared",
}

local function print_human(found, client)
  local plan_text, short = require "mooncron.code.plan_text", require("mooncron.code.plan").short
  local home = { parent = client:parent() }
  for _, row in ipairs(found) do
    local at = row.changed_at and (", last change %s"):format(row.changed_at) or ""
    print(("  %s %s%s%s"):format(short(home, row.name), WORDS[row.kind], at,
      row.where and ("  (%s)"):format(row.where) or ""))
    for _, line in ipairs(plan_text.leaf_lines(row.fields)) do
      print(line)
    end
  end
  print(#found == 0 and "no drift" or ("drift: %d jobs"):format(#found))
end

local function print_json(found)
  local json = require "mooncron.json"
  local rows = json.list()
  for i, row in ipairs(found) do
    rows[i] = {
      kind = row.kind, name = row.name, where = row.where, changed_at = row.changed_at,
      fields = json.list(row.fields),
    }
  end
  io.write(json.pretty(rows, {
    "kind", "name", "where", "changed_at", "fields", fields = { "path", "from", "to" },
  }))
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local values, code = jobfiles.read(COMMAND, args, cli)
  if not values then
    return code
  end
  local client <close> = jobfiles.connect(values)
  local declared = jobfiles.load(table.move(values, 1, #values, 1, {}), values, client)
  local found = require("mooncron.code.drift").find(declared, jobfiles.live(client, declared.parents), {
    now_ms = jobfiles.now_ms(),
  })
  if values.json then
    print_json(found)
  else
    print_human(found, client)
  end
  return values.detailed_exitcode and #found > 0 and 2 or 0
end

return M
