---What pause, resume and restore share.

local err <const> = require "mooncron.err"
local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

---Where the snapshot of a note is kept.
---@param values table read options
---@param client mooncron.Client
---@return string
function M.path(values, client)
  if values.snapshot then
    return values.snapshot
  end
  local folder = assert(require("mooncron.code.journal").folder(os.getenv))
  local where = require("mooncron.code.hash").hex(client.backend:describe() .. "\0"
    .. client:parent()):sub(1, 8)
  local note = (values.note or "pause"):lower():gsub("[^%w]+", "-"):gsub("^%-", ""):gsub("%-$", "")
  return ("%s/paused-%s-%s.json"):format(folder, where, note)
end

---The live jobs whose id fits a pattern and that are in a state; raises when none fits.
---@return mooncron.Job[] chosen
---@return integer others that fit and are in another state
function M.choose(client, pattern, state)
  local fits = require("mooncron.code.live").matcher(pattern)
  local chosen, others = {}, 0
  for _, job in ipairs(jobfiles.live(client, { client:parent() })) do
    if fits(job.name) and job.state == state then
      chosen[#chosen + 1] = job
    elseif fits(job.name) then
      others = others + 1
    end
  end
  if #chosen + others == 0 then
    error(err.new("NOT_FOUND", ("no job of %s fits '%s'"):format(client:parent(), pattern)), 0)
  end
  return chosen, others
end

---List the jobs and ask, unless --yes. Off a terminal more than one job wants --yes.
---@return boolean go on
function M.confirm(values, jobs, verb)
  for _, job in ipairs(jobs) do
    print(("  %s %s"):format(verb, require("mooncron.api.name").id(job.name)))
  end
  if values.yes or #jobs == 0 then
    return true
  end
  local answer = jobfiles.ask(("%s %d jobs?"):format(verb, #jobs))
  if answer == nil and #jobs > 1 then
    error(err.new("FAILED_PRECONDITION",
      ("nothing was changed: off a terminal, to %s more than one job wants --yes"):format(verb)), 0)
  elseif answer == false then
    print("nothing was changed")
    return false
  end
  return true
end

---Tell of what failed.
---@return integer exit code
function M.report(result, verb)
  for _, row in ipairs(result.failed) do
    io.stderr:write(("mooncron: cannot %s %s: %s\n"):format(verb, require("mooncron.api.name").id(row.name),
      row.error:line()))
  end
  return #result.failed == 0 and 0 or 1
end

return M
