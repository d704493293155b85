-- What `mooncron jobs` does beyond gcloud: several names, globs, the local scheduler without a server.

package.path = "tests/conformance/gcloud/?.lua;" .. package.path

local replay <const> = require "replay"

describe("mooncron jobs", function()
  local server

  local function run(args, input)
    return replay.run(server, replay.mooncron, input and ("%s | TOOL %s"):format(input, args) or args)
  end

  before_each(function()
    server = replay.server()
    for _, id in ipairs { "report-a", "report-b", "sweep" } do
      local said = run(("jobs create http %s --headers=A=1,B=2 --schedule='0 1 * * *' "
        .. "--uri=http://example.com/"):format(id))
      assert.equal(0, said.code, said.err)
    end
  end)

  after_each(function()
    server.stop()
  end)

  local function states()
    return run("jobs list --format='value(name.basename(),state)'").out
  end

  it("takes globs and several names, and sums up", function()
    assert.same({ code = 0, out = "", err = "2 jobs paused, 0 failed\n" }, run "jobs pause 'report-*'")
    assert.equal("report-a\tPAUSED\nreport-b\tPAUSED\nsweep\tENABLED\n", states())
    assert.same({ code = 0, out = "", err = "3 jobs resumed, 0 failed\n" },
      run "jobs resume 'report-*' sweep report-a")
    assert.equal("Job has been paused.\n", run("jobs pause 'swe?p'").err)
  end)

  it("does what it can, and says what failed", function()
    assert.same({
      code = 1,
      out = "",
      err = "ERROR: (gcloud.scheduler.jobs.pause) NOT_FOUND: [gone] Job not found.\n"
        .. "2 jobs paused, 1 failed\n",
    }, run "jobs pause report-a gone report-b")
    assert.equal("report-a\tPAUSED\nreport-b\tPAUSED\nsweep\tENABLED\n", states())
  end)

  it("refuses a glob that nothing matches", function()
    local said = run "jobs run 'x-*'"
    assert.same({ 1, "ERROR: (gcloud.scheduler.jobs.run) NOT_FOUND: no job matches 'x-*'\n" },
      { said.code, said.err })
  end)

  it("describes several as a list", function()
    assert.equal("report-a\nreport-b\n", run("jobs describe 'r*' --format='value(name.basename())'").out)
    assert.matches("^%-%-%-\n.*\n%-%-%-\n", run("jobs describe report-a sweep").out)
  end)

  it("asks once before it deletes several", function()
    local said = run("jobs delete 'report-*'", "echo n")
    assert.equal(1, said.code)
    assert.matches("delete jobs:\n %- report%-a\n %- report%-b\n\nDo you want to continue", said.err)
    said = run("jobs delete 'report-*'", "echo")
    assert.equal("2 jobs deleted, 0 failed", said.err:match("%d+ jobs.*failed"))
    assert.equal("sweep\tENABLED\n", states())
  end)

  it("keeps the other headers when some are edited", function()
    local said = run("jobs update http sweep --update-headers=B=3,C=4 --remove-headers=A"
      .. " --format='value(httpTarget.headers)'")
    assert.equal("B=3;C=4;User-Agent=Google-Cloud-Scheduler\n", said.out)
  end)

  it("is there under gcloud's name too", function()
    local said = run "scheduler jobs describe gone"
    assert.equal("ERROR: (gcloud.scheduler.jobs.describe) NOT_FOUND: Job not found.\n", said.err)
    assert.equal("sweep\n", run("scheduler jobs list --filter=sweep --format='value(name.basename())'").out)
  end)

  it("sorts before it counts", function()
    local said = run "jobs list --sort-by=~name --limit=2 --format='value(name.basename())'"
    assert.equal("sweep\nreport-b\n", said.out)
  end)

  it("says in one line what is wrong with a server", function()
    local said = run "jobs list --endpoint=http://127.0.0.1:9"
    assert.equal(1, said.code)
    assert.matches("^ERROR: %(gcloud%.scheduler%.jobs%.list%) UNAVAILABLE: [^\n]*\n$", said.err)
  end)

  it("needs no server: the local scheduler is in the process", function()
    local at = " --backend=local --data=$D/own"
    assert.equal(0, run("jobs create pubsub t --schedule='0 1 * * *' --topic=x --message-body=y" .. at).code)
    assert.equal("t\n", run("jobs list --format='value(name.basename())'" .. at).out)
  end)
end)
