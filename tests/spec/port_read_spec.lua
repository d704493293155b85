---Readers of documents: fixtures in the documented shapes, with the jobs and the notes that they give.

local job_api <const> = require "mooncron.api.job"
local port <const> = require "mooncron.port"
local schedule_of <const> = require("mooncron.core").time.schedule
local support <const> = require "support.port"
local yaml <const> = require "mooncron.port.yaml"

local function check_schedule(text, zone)
  local schedule, e = schedule_of(text, zone)
  return schedule and true, e
end

local function read(name, options)
  options = options or {}
  options.file, options.check_schedule = name, check_schedule
  return port.read(support.fixture(name), options)
end

local function expected(name)
  local out = {}
  for i, value in ipairs(require("mooncron.json").decode(support.fixture(name .. ".jobs.json")).jobs) do
    out[i] = assert(job_api.from_json(value))
  end
  return out
end

describe("a document", function()
  local rows <const> = {
    { "gcloud-list.yaml", "gcloud-list", "gcloud", "of gcloud, as YAML", yaml = true },
    { "create.sh", "create", "gcloud", "that is a script of gcloud commands" },
    { "terraform.json", "terraform", "terraform", "of terraform show -json, modules and all" },
    { "cronjobs.yaml", "cronjobs", "k8s", "of Kubernetes, as YAML", yaml = true },
  }
  for _, row in ipairs(rows) do
    it("is read and known by its looks: " .. row[4], function()
      if row.yaml and not support.has_yaml() then
        return pending("lua-yaml is not installed")
      end
      assert.equal(row[3], port.detect(support.fixture(row[1])))
      for _, format in ipairs { row[3], "auto" } do
        local jobs, notes = read(row[1], { format = format })
        assert.same(expected(row[2]), jobs)
        assert.equal(support.fixture(row[2] .. ".notes"), table.concat(support.lines(notes), "\n") .. "\n")
      end
    end)
  end

  it("of gcloud as JSON says what this version does not know", function()
    local jobs, notes = read("gcloud-describe.json")
    assert.same({ {
      name = "projects/my-project/locations/us-central1/jobs/look",
      description = "a \"quoted\" one\nof two lines, é",
      schedule = "0 9 * * 1",
      time_zone = "UTC",
      http_target = {
        uri = "https://example.com/", http_method = "GET",
        headers = { ["User-Agent"] = "Google-Cloud-Scheduler" },
      },
    } }, jobs)
    assert.same({ "gcloud-describe.json:10: job 'look': somethingNew: no such field" }, support.lines(notes))
  end)

  it("of kubectl is read as JSON", function()
    local jobs, notes = read("cronjobs.json", { project = "p", location = "l" })
    assert.same({ {
      name = "projects/p/locations/l/jobs/from-kubectl",
      schedule = "*/5 * * * *",
      time_zone = "Etc/UTC",
      http_target = { uri = "https://example.com/x", http_method = "GET" },
      attempt_deadline = "30s", retry_config = { retry_count = 1 },
    } }, jobs)
    assert.same({}, notes)
  end)

  it("of Terraform takes project and region from the options where it does not say them", function()
    local jobs = read("terraform.json", { project = "p", location = "l" })
    assert.equal("projects/p/locations/l/jobs/clean", jobs[3].name)
  end)

  it("of Terraform may be a plan, and empty", function()
    local plan = [[{"format_version":"1.2","planned_values":{"root_module":{"resources":[{"mode":"managed",
      "type":"google_cloud_scheduler_job","values":{"name":"a","schedule":"* * * * *",
      "retry_config":[{}]}}]}}}]]
    assert.same({ { name = "a", schedule = "* * * * *", retry_config = {} } }, (port.read(plan, {})))
    assert.same({}, (port.read('{"format_version":"1.0"}', {})))
  end)

  it("with a name twice gives one of them another", function()
    local jobs, notes = port.read('{"jobs":[{"name":"a"},{"name":"a"}]}', { file = "f" })
    assert.same({ { name = "a" }, { name = "a-2" } }, jobs)
    assert.same({ "f:1: job 'a': the name is there before, this one becomes 'a-2'" }, support.lines(notes))
  end)

  local refused <const> = {
    { "", nil, "what form the text is in is not to be seen, give --format: crontab, gcloud, terraform, k8s, "
      .. "json" },
    { "{", "json", "invalid JSON at byte 1: the text ends too early" },
    { "[1]", "json", "neither a job nor a list of jobs" },
    { "{}", "terraform", "not what 'terraform show -json' prints" },
    { '{"version":4,"lineage":"x"}', nil,
      "this is a state file, give what 'terraform show -json' prints of it" },
    { "{}", "k8s", "not a Kubernetes manifest: it has no kind" },
    { "{}", "jsno",
      "format 'jsno' is not one of crontab, gcloud, terraform, k8s, json, did you mean 'json'?" },
    { "gcloud scheduler jobs create http '", nil, "the script cannot be read: a single quote is not closed" },
  }
  for _, row in ipairs(refused) do
    it("is refused: " .. row[3], function()
      local jobs, e = port.read(row[1], { format = row[2] })
      assert.is_nil(jobs)
      assert.equal("INVALID_ARGUMENT", e.code)
      assert.equal(row[3], e.message)
    end)
  end
end)

describe("YAML", function()
  local function decode(text)
    if not support.has_yaml() then
      pending("lua-yaml is not installed")
    end
    return yaml.decode(text)
  end

  it("keeps texts as they are", function()
    local list = decode("a: 12e4\nb: 010\nc: yes\nd: 'true'\ne: true\nf: '\\0'\ng: |\n  x\n  y\n"
      .. "h: 1:30\ni: !!str null\nj: \"\\\\0\"\n")
    assert.same({ {
      a = "12e4", b = "010", c = "yes", d = "true", e = true, f = "\\0", j = "\\0", g = "x\ny\n",
      h = "1:30", i = "null",
    } }, list)
  end)

  it("has several documents, anchors and lines", function()
    local list, line_of = decode("---\na: &x {b: [1]}\nc: *x\n---\n- d\n")
    assert.same({ { a = { b = { "1" } }, c = { b = { "1" } } }, { "d" } }, list)
    assert.equal(2, line_of(list[1]))
    assert.equal(3, line_of(list[1], "c"))
    assert.equal(5, line_of(list[2]))
  end)

  local refused <const> = {
    { "a: 1\na: 2", 2, "'a' is there twice" },
    { "a: *b", 1, "nothing is anchored as 'b' before" },
    { "a: &a [*a]", 1, "nothing is anchored as 'a' before" },
    { "a: 1\nb: !!binary aGk=", 2, "tag 'tag:yaml.org,2002:binary' is not read" },
    { "a: &x {b: 1}\nc:\n  <<: *x", 3, "merge keys are not read, write the members out" },
    { 'a: "b\n  \\0c"', 1, "a text with a NUL in it is not read" },
    { "[1]: 2", 1, "a member's name must be text" },
    { ("["):rep(100) .. ("]"):rep(100), 1, "nested deeper than 64 levels" },
    { "a: 1\nb: c: d", 2, "mapping values are not allowed in this context" },
  }
  for _, row in ipairs(refused) do
    it("is refused: " .. row[3], function()
      local list, e = decode(row[1])
      assert.is_nil(list)
      assert.equal(("invalid YAML in line %d: %s"):format(row[2], row[3]), e.message)
      assert.equal(row[2], e.line)
    end)
  end

  it("says what to install where it cannot be read", function()
    local loaded = package.loaded.yaml
    package.loaded.yaml = nil
    package.preload.yaml = function()
      error("not here")
    end
    local list, e = yaml.decode("a: 1")
    package.loaded.yaml, package.preload.yaml = loaded, nil
    assert.is_nil(list)
    assert.equal("reading YAML needs lua-yaml (apt-get install lua-yaml, or luarocks install lyaml); "
      .. "JSON needs nothing", e.message)
  end)
end)
