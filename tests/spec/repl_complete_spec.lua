local complete <const> = require "mooncron.repl.complete"

local touched = 0
local base <const> = { pause = function() end, shared = 1 }
local job <const> = setmetatable({ name = "x", next_run = function() end, _private = 1, ["odd key"] = 1 },
  { __index = base })
local env <const> = {
  job = job, jobs = { nightly = { schedule = "* * * * *" } }, text = "abc", print = print,
  client = setmetatable({ project = "p" }, {
    __index = error, run_job = print, __close = print,
    __members = function() return { reset = print } end,
  }),
  trap = setmetatable({}, { __index = function() touched = touched + 1 end }),
}
local commands <const> = { ".help", ".quit", ".tasks" }

describe("repl.complete", function()
  it("finds what may follow", function()
    local rows <const> = {
      { "jo", { "job", "jobs" }, "globals" },
      { "x = jo", { "job", "jobs" }, "in the middle of a line" },
      { "f", { "false", "for", "function" }, "keywords" },
      { "job.", { "name", "next_run", "pause", "shared" }, "fields, inherited ones too, no private ones" },
      { "job._", { "_private" }, "private ones when asked for" },
      { "job:", { "next_run", "pause" }, "methods only" },
      { "print(job.n", { "name", "next_run" }, "inside a call" },
      { "jobs.nightly.s", { "schedule" }, "a path" },
      { "text:up", { "upper" }, "methods of a string" },
      { "nowhere.x", {}, "an unknown name" },
      { "jobs.nowhere.x", {}, "an unknown field" },
      { "client:r", { "reset", "run_job" }, "methods beside an __index function, and what __members adds" },
      { "client.p", { "project" }, "its fields" },
      { "f().", {}, "a field of what is not known" },
      { ".", { ".help", ".quit", ".tasks" }, "commands" },
      { "  .q", { ".quit" }, "commands after blanks" },
      { "trap.x.y", {}, "a metamethod is not called" },
    }
    for _, row in ipairs(rows) do
      assert.same(row[2], (complete.candidates(row[1], env, commands)), row[3])
    end
    assert.equal(0, touched)
  end)

  it("completes the names of a client's jobs where one is wanted", function()
    local client = setmetatable({}, { __name = "mooncron.client" })
    local with_client = { client = client, my = { client = client }, other = {} }
    local function ids(asked)
      assert.equal(client, asked)
      return { "noon", "nightly", "weekly" }
    end
    local rows <const> = {
      { 'client:get_job "w', "eekly", {}, "in quotes" },
      { 'client:run_job("n', "", { "nightly", "noon" }, "in a call" },
      { "x = my.client:pause_job('ni", "ghtly", {}, "of a client in a table" },
      { 'other:get_job "ni', "l", {}, "not of anything else" },
      { 'client:describe "wee', "", {}, "not for other methods" },
    }
    for _, row in ipairs(rows) do
      local insert, listing = complete.answer(row[1], with_client, commands, ids)
      assert.same({ row[2], row[3] }, { insert, listing }, row[4])
    end
  end)

  it("lists globals for an empty line, without keywords", function()
    local want <const> = { "client", "job", "jobs", "print", "text", "trap" }
    assert.same(want, (complete.candidates("", env, commands)))
  end)

  it("inserts what all have in common, else lists them", function()
    local rows <const> = {
      { "pri", "nt", {}, "one" },
      { "jobs.nightly.", "schedule", {}, "one field" },
      { "j", "ob", {}, "a common beginning" },
      { "job", "", { "job", "jobs" }, "nothing more in common" },
      { "zzz", "", {}, "none" },
      { ".t", "asks", {}, "a command" },
    }
    for _, row in ipairs(rows) do
      local insert, listing = complete.answer(row[1], env, commands)
      assert.equal(row[2], insert, row[4])
      assert.same(row[3], listing, row[4])
    end
  end)
end)
