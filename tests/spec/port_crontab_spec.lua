local dialect <const> = require "mooncron.port.dialect"
local port <const> = require "mooncron.port"
local schedule_of <const> = require("mooncron.core").time.schedule
local support <const> = require "support.port"

local function check_schedule(text, zone)
  local schedule, e = schedule_of(text, zone)
  return schedule and true, e
end

local function read(text, options)
  options = options or {}
  options.format, options.file, options.check_schedule = "crontab", options.file or "c", check_schedule
  local jobs, notes = port.read(text, options)
  return jobs, support.lines(notes)
end

describe("the dialects of cron", function()
  local rows <const> = {
    { "0 2 * * *", "0 2 * * *", "what is the same in both" },
    { "0\t2  *\t* *", "0 2 * * *", "blanks" },
    { "@Daily", "0 0 * * *", "a macro" },
    { "0 0 1 * 1", "0 0 1 * 1", "either day, in both" },
    { "0 0 */1 * 1", "0 0 * * 1", "every day is a star" },
    { "0 0 * * */2", "0 0 * * */2", "one of the two is a mere star" },
    { "0 0 */2 * 1", false, "both days must match in cron" },
    { "0 0 1 * *,1", false, "a star at the head is enough" },
    { "@reboot", false, "no time at all" },
  }
  for _, row in ipairs(rows) do
    it("are read: " .. row[3], function()
      assert.equal(row[2] or nil, (dialect.from_cron(row[1])))
    end)
  end

  it("are written so that the same days match", function()
    assert.equal("0 0 1-31/2 * MON", dialect.to_cron("0 0 */2 * MON"))
    assert.equal("0 0 1 * 0-6/3", dialect.to_cron("0 0 1 * */3"))
    assert.equal("*/5 * */2 * *", dialect.to_cron("*/5 * */2 * *"))
  end)

  it("come back from what is written", function()
    for _, text in ipairs { "0 0 */2 * MON", "0 0 1 * */3", "0 0 *,5 * 1", "5 4 * 1-3 *" } do
      local there = dialect.to_cron(text)
      local back = assert(dialect.from_cron(there))
      assert.equal(assert(schedule_of(text, "UTC")):next(0), assert(schedule_of(back, "UTC")):next(0))
      local a, b = assert(schedule_of(text, "UTC")), assert(schedule_of(back, "UTC"))
      assert.equal(a:count(0, 366 * 86400000), b:count(0, 366 * 86400000), text)
    end
  end)
end)

describe("a crontab", function()
  it("gives jobs for its calls and notes for the rest", function()
    local jobs, notes = read(support.fixture "user.crontab")
    assert.same({
      {
        name = "nightly",
        description = "Nightly report, wanted by finance at eight.",
        schedule = "0 2 * * MON-FRI",
        http_target = {
          uri = "https://api.example.com/reports/nightly",
          http_method = "POST",
          headers = { ["Content-Type"] = "application/json" },
          body = '{"day":"yesterday"}',
        },
      },
      {
        name = "health",
        schedule = "*/10 * * * *",
        http_target = { uri = "https://example.com/health?from=cron%201", http_method = "HEAD" },
        retry_config = { retry_count = 2 },
      },
      {
        name = "run",
        schedule = "30 8 1,15 * *",
        time_zone = "America/New_York",
        http_target = {
          uri = "https://billing.example.com/run",
          http_method = "GET",
          headers = { Authorization = "Basic cm9ib3Q6c2VjcmV0" },
        },
        retry_config = { retry_count = 5, min_backoff_duration = "10s" },
        attempt_deadline = "1800s",
      },
      {
        name = "nightly-2",
        schedule = "0 6 * * *",
        time_zone = "America/New_York",
        http_target = { uri = "https://example.com/nightly", http_method = "GET" },
      },
    }, jobs)
    assert.equal(support.fixture "user.notes", table.concat(notes, "\n") .. "\n")
  end)

  it("knows a column for the user by its heading, its place or by being told", function()
    local text = support.fixture "system.crontab"
    local jobs = read(text)
    assert.equal("https://example.com/sunday", jobs[1].http_target.uri)
    assert.equal("0 3 * * 7", jobs[1].schedule)
    assert.equal("a=1&b=2", jobs[1].http_target.body)
    local bare = "0 3 * * *\twww-data\tcurl https://a.example/x\n"
    assert.equal(0, #read(bare))
    assert.equal(1, #read(bare, { file = "/etc/cron.d/x" }))
    assert.equal(1, #read(bare, { system = true }))
    assert.equal(0, #read(text, { system = false }))
  end)

  it("sends commands where rules and a template say", function()
    local text = "# Back up\n0 1 * * * /opt/backup.sh --all 50\\%\n0 2 * * * cd /srv && ./clean x\n"
    local jobs, notes = read(text, {
      project = "p", location = "l", time_zone = "Europe/Berlin",
      map = { { glob = "*backup.sh*", uri = "https://run.example/{name}" } },
      uri_template = "https://run.example/any?c={command}&{other}",
    })
    assert.same({
      {
        name = "projects/p/locations/l/jobs/backup", description = "Back up", schedule = "0 1 * * *",
        time_zone = "Europe/Berlin",
        http_target = { uri = "https://run.example/backup", http_method = "POST" },
      },
      {
        name = "projects/p/locations/l/jobs/clean",
        description = "cd /srv && ./clean x",
        schedule = "0 2 * * *",
        time_zone = "Europe/Berlin",
        http_target = {
          uri = "https://run.example/any?c=cd%20%2Fsrv%20%26%26%20.%2Fclean%20x&{other}",
          http_method = "POST",
        },
      },
    }, jobs)
    assert.same({}, notes)
  end)

  it("takes its variables into commands", function()
    local jobs = read("BASE=https://a.example\n@hourly curl $BASE/x\n")
    assert.equal("https://a.example/x", jobs[1].http_target.uri)
  end)

  it("cuts a comment that is too long for a description", function()
    local text = "# " .. ("ü"):rep(600) .. "\n@hourly curl https://a.example/x\n"
    local jobs, notes = read(text, { time_zone = "UTC" })
    assert.equal(("ü"):rep(500), jobs[1].description)
    assert.same({ "c:2: job 'x': its description is cut at 500 characters" }, notes)
  end)
end)

describe("a crontab that is written", function()
  local job <const> = {
    name = "projects/p/locations/l/jobs/a", description = "What it is", schedule = "0 0 */2 * 1",
    time_zone = "Europe/Berlin",
    http_target = { uri = "https://a.example/x?a=1&b=%20", headers = { A = "it's" }, body = "100% of\nit" },
    retry_config = { retry_count = 2, min_backoff_duration = "7s" }, attempt_deadline = "20s",
  }

  it("calls curl", function()
    local text, notes = port.write({ job }, "crontab")
    local call = "printf '100\\045 of\\012it' | curl -fsS -X POST -m 20 --retry 2 --retry-delay 7"
      .. " -H 'A: it'\\''s' -H 'Content-Type: application/octet-stream' --data-binary @-"
      .. " 'https://a.example/x?a=1&b=\\%20' >/dev/null"
    assert.equal([[
CRON_TZ=Europe/Berlin

# a: What it is
0 0 1-31/2 * 1 ]] .. call .. "\n", text)
    assert.same({}, notes)
  end)

  it("comes back as it was, where a line can say it all", function()
    local plain = {
      name = "x", schedule = "5 4 * * 1-5", time_zone = "Europe/Berlin", attempt_deadline = "20s",
      description = "x: y", retry_config = { retry_count = 2, min_backoff_duration = "7s" },
      http_target = {
        uri = "https://a.example/x?a=1&b=%20", http_method = "PUT", body = "a % b",
        headers = { ["Content-Type"] = "text/plain", B = "it's" },
      },
    }
    local jobs, notes = read((port.write({ plain }, "crontab")))
    plain.description = "x: x: y"
    assert.same({ plain }, jobs)
    assert.same({}, notes)
  end)

  local target <const> = job.http_target
  local rows <const> = {
    { { schedule = "every 5 minutes", http_target = target },
      "left out: 'every 5 minutes' is no cron schedule" },
    { { schedule = "0 0 * * *", pubsub_target = { topic_name = "t" } },
      "left out: only HTTP targets can be called from a crontab" },
    { { schedule = "0 0 * * *", state = "PAUSED", http_target = target }, "it is paused" },
    { { schedule = "0 0 * * *", http_target = { uri = "https://a.example", oidc_token = {
      service_account_email = "a@b" } } }, "the OIDC token of 'a@b' is missing" },
    { { schedule = "0 0 * * *", http_target = { uri = "https://a.example", body = ("x"):rep(1000) } },
      "Debian's cron cuts the line at 998 characters" },
    { { schedule = "0 0 * * *", http_target = { uri = "https://a.example", headers = { A = "b\nc" } } },
      "left out: header 'A' has a control character in it" },
  }
  for _, row in ipairs(rows) do
    it("has no entry but a comment: " .. row[2], function()
      row[1].name = "j"
      local text, notes = port.write({ row[1] }, "crontab")
      assert.same({ "job 'j': " .. row[2] }, support.lines(notes))
      assert.truthy(text:find("#   " .. row[2], 1, true))
      assert.same({}, (read(text)))
    end)
  end
end)
