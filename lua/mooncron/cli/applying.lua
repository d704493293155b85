---What apply and sync share: from a plan to a report.

local err <const> = require "mooncron.err"
local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

-- A run is known by what it is given, so that the same command goes on with it.
local function journal_path(values, client, plan)
  if values.journal then
    return values.journal
  end
  local folder = assert(require("mooncron.code.journal").folder(os.getenv))
  local key = { client.backend:describe(), client:parent(), plan.id or table.concat(values, "\0") }
  local id = require("mooncron.code.hash").hex(table.concat(key, "\0"))
  return ("%s/apply-%s.jsonl"):format(folder, id)
end

local function open_journal(values, client, plan)
  local journal, e = require("mooncron.code.journal").open(journal_path(values, client, plan))
  if not journal then
    error(e, 0)
  end
  if journal.is_cut then
    io.stderr:write(("mooncron: an earlier run was cut off after %d of %d changes: going on\n"):format(
      journal.done, journal.total or 0))
  end
  return journal
end

---Close the journal of a run that does not take place: what an earlier one left stays.
function M.discard(journal)
  journal:close(not journal.is_cut and next(journal.begun) == nil and "done" or nil)
end

---A plan that `plan --out` wrote, laid on the live state. Raises when that has moved.
---@return mooncron.code.Plan plan
---@return mooncron.code.Journal journal
function M.read_plan(values, client)
  local plan_file = require "mooncron.code.plan_file"
  local file, why = io.open(values[1], "rb")
  if not file then
    error(err.new("NOT_FOUND", "cannot read plan " .. why), 0)
  end
  local plan, e = plan_file.read(file:read("a"))
  file:close()
  if not plan then
    error(err.new(e.code, ("'%s': %s"):format(values[1], e:line())), 0)
  end
  local journal = open_journal(values, client, plan)
  plan, e = plan_file.lay_on(plan, jobfiles.live(client, plan.parents), journal.begun)
  if not plan then
    M.discard(journal)
    error(e, 0)
  end
  return plan, journal
end

local function print_failures(report, plan)
  local short = require("mooncron.code.plan").short
  for _, row in ipairs(report.failed) do
    local text = err.is(row.error) and row.error:line() or tostring(row.error)
    io.stderr:write(("mooncron: cannot %s %s: %s\n"):format(row.op, short(plan, row.name), text))
  end
  if #report.untried > 0 then
    io.stderr:write(("mooncron: %d jobs were not deleted, because of what failed\n"):format(#report.untried))
  end
end

local function report_json(report)
  local json = require "mooncron.json"
  local failed = json.list()
  for i, row in ipairs(report.failed) do
    failed[i] = { op = row.op, name = row.name, code = row.error.code, message = row.error.message }
  end
  return json.pretty({
    total = report.total, done = report.done, counts = report.counts, failed = failed,
    untried = json.list(report.untried), interrupted = report.interrupted ~= nil,
  }, {
    "total", "done", "counts", "failed", "untried", "interrupted",
    counts = { "create", "update", "delete" },
  })
end

---Carry out a plan and tell of it.
---@return integer exit code
function M.carry_out(values, client, plan, journal)
  journal = journal or open_journal(values, client, plan)
  local report
  do
    local s = plan.summary
    local progress <close> = require("mooncron.progress").new {
      label = "apply", total = s.create + s.update + s.delete,
    }
    report = require("mooncron.code.apply").run(client, plan, {
      parallel = jobfiles.parallel(values, client), journal = journal, now_ms = jobfiles.now_ms(),
      on_done = function(has_failed)
        progress:step(has_failed)
      end,
    })
  end
  print_failures(report, plan)
  if values.json then
    io.write(report_json(report))
  else
    local c = report.counts
    local cut = report.interrupted
      and ("; interrupted after %d of %d, the next run goes on"):format(report.done, report.total) or ""
    print(("%d created, %d updated, %d deleted, %d failed%s"):format(c.create, c.update, c.delete,
      #report.failed, cut))
  end
  if report.interrupted then
    error(report.interrupted, 0)
  end
  return #report.failed == 0 and 0 or 1
end

---Show a plan before it is carried out; on standard error when standard output is for JSON.
---@return boolean whether there is something to do
function M.show(values, plan)
  local text = require "mooncron.code.plan_text"
  local out = values.json and io.stderr or io.stdout
  out:write(text.human(plan))
  out:flush()
  if #plan.problems > 0 then
    error(err.new("FAILED_PRECONDITION", "nothing was changed: the plan has problems"), 0)
  end
  return require("mooncron.code.plan").has_changes(plan)
end

return M
