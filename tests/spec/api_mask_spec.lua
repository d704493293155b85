local job = require "mooncron.api.job"
local json = require "mooncron.json"
local mask = require "mooncron.api.mask"

-- The stored job that most rows change.
local function stored()
  return {
    name = "projects/P/locations/L/jobs/J",
    description = "old",
    state = "PAUSED",
    schedule = "* * * * *",
    http_target = {
      uri = "https://old/",
      headers = { A = "1", B = "2" },
      oidc_token = { service_account_email = "a@b", audience = "aud" },
    },
    retry_config = { retry_count = 3, max_doublings = 5 },
  }
end

local function changed(change)
  local value = stored()
  change(value)
  return value
end

describe("mask.parse", function()
  local GOOD <const> = {
    { "timeZone,httpTarget.uri", { { "time_zone" }, { "http_target", "uri" } }, "camelCase" },
    { "time_zone,http_target.uri", { { "time_zone" }, { "http_target", "uri" } }, "snake_case" },
    { " description , schedule,", { { "description" }, { "schedule" } }, "blanks, a last comma" },
    { "name,schedule", { { "schedule" } }, "firebase masks the name" },
    { "state,status.code,userUpdateTime", {}, "output-only fields are passed over" },
    { "appEngineHttpTarget.appEngineRouting.host", {}, "output-only deeper down" },
    { "retryConfig.maxDoublings", { { "retry_config", "max_doublings" } }, "firebase's leaf" },
    { "httpTarget.headers", { { "http_target", "headers" } }, "a map as a whole" },
    { "*", { { "description" }, { "pubsub_target" }, { "app_engine_http_target" },
      { "http_target" },
      { "retry_config" }, { "schedule" }, { "time_zone" }, { "attempt_deadline" } },
        "every field" },
  }
  for _, row in ipairs(GOOD) do
    it("reads '" .. row[1] .. "': " .. row[3], function()
      assert.same(row[2], assert(mask.parse(row[1])).paths)
    end)
  end

  it("means the populated fields when there is no text", function()
    assert.equal(mask.implied, mask.parse(nil))
    assert.equal(mask.implied, mask.parse "")
  end)

  local BAD <const> = {
    { "nope", "Invalid mask for Job: nope update_mask 'nope': no such field" },
    { "httpTarget.url", "Invalid mask for Job: httpTarget.url update_mask 'httpTarget.url': "
      .. "no such field, did you mean 'uri'?" },
    { "uri", "Invalid mask for Job: uri update_mask 'uri': "
      .. "no such field, did you mean 'httpTarget.uri'?" },
    { "schedule.x", "Invalid mask for Job: schedule.x update_mask 'schedule.x': "
      .. "'schedule' has no fields of its own" },
    { "httpTarget.headers.A", "Invalid mask for Job: httpTarget.headers.A update_mask "
      .. "'httpTarget.headers.A': 'http_target.headers' has no fields of its own" },
    { "httpTarget.", "Invalid mask for Job: httpTarget. update_mask 'httpTarget.': no such field" },
  }
  for _, row in ipairs(BAD) do
    it("refuses '" .. row[1] .. "'", function()
      local value, e = mask.parse(row[1])
      assert.is_nil(value)
      assert.same({ "INVALID_ARGUMENT", "update_mask", row[2] }, { e.code, e.path, e.message })
    end)
  end

  it("names every bad path", function()
    local _, e = mask.parse "a,schedule,b"
    assert.equal(2, #e.problems)
  end)
end)

describe("mask.apply", function()
  local ROWS <const> = {
    { "schedule", { schedule = "0 * * * *", description = "x" },
      function(j) j.schedule = "0 * * * *" end, "the body outside the mask is ignored" },
    { "description", {}, function(j) j.description = nil end, "masked and absent clears" },
    { "httpTarget.headers", { http_target = { headers = { C = "3" } } },
      function(j) j.http_target.headers = { C = "3" } end, "a map is replaced" },
    { "httpTarget.headers", { http_target = {} },
      function(j) j.http_target.headers = nil end, "a map is cleared" },
    { "httpTarget.uri", { http_target = { uri = "https://new/", http_method = "GET" } },
      function(j) j.http_target.uri = "https://new/" end,
        "gcloud sends httpMethod with every body" },
    { "description", { description = "new", http_target = { http_method = "POST" },
      retry_config = { max_doublings = 16 } },
      function(j) j.description = "new" end, "a body's httpTarget without uri outside the mask" },
    { "retryConfig.retryCount", { retry_config = {} },
      function(j) j.retry_config.retry_count = nil end, "a leaf is cleared" },
    { "retryConfig.retryCount,retryConfig.maxDoublings", {},
      function(j) j.retry_config = nil end, "an emptied message goes" },
    { "httpTarget.oidcToken.serviceAccountEmail,httpTarget.oidcToken.audience,"
      .. "httpTarget.oauthToken.serviceAccountEmail,httpTarget.oauthToken.scope",
      { http_target = { http_method = "POST" } },
      function(j) j.http_target.oidc_token = nil end, "gcloud --clear-auth-token leaves none" },
    { "httpTarget.oauthToken.serviceAccountEmail,httpTarget.oauthToken.scope",
      { http_target = { oauth_token = { service_account_email = "c@d" } } },
      function(j)
        j.http_target.oidc_token = nil
        j.http_target.oauth_token = { service_account_email = "c@d" }
      end, "one token takes the other's place" },
    { "httpTarget.oauthToken.scope", {}, function() end,
      "clearing what is not there makes nothing" },
    { "pubsubTarget", { pubsub_target = { topic_name = "t", data = "x" } },
      function(j)
        j.http_target = nil
        j.pubsub_target = { topic_name = "t", data = "x" }
      end, "switching the target" },
    { "pubsubTarget.data", {}, function() end,
      "clearing a leaf of another target does not switch" },
    { "httpTarget,pubsubTarget", { pubsub_target = { topic_name = "t" } },
      function(j)
        j.http_target = nil
        j.pubsub_target = { topic_name = "t" }
      end, "both targets masked, one given" },
    { "name,state,schedule", { name = "x", state = "ENABLED", schedule = "s" },
      function(j) j.schedule = "s" end, "name and state stay" },
    { "*", { schedule = "s", http_target = { uri = "u" } },
      function(j)
        j.schedule, j.http_target = "s", { uri = "u" }
        j.description, j.retry_config = nil, nil
      end, "a full replacement" },
    { nil, { schedule = "s", name = "x", state = "ENABLED", http_target = { uri = "u" } },
      function(j) j.schedule, j.http_target = "s", { uri = "u" } end,
      "no mask: what is there, each replaced whole" },
    { nil, { pubsub_target = { topic_name = "t" } },
      function(j)
        j.http_target = nil
        j.pubsub_target = { topic_name = "t" }
      end, "no mask switches the target too" },
    { nil, {}, function() end, "no mask and nothing in the body" },
  }
  for i, row in ipairs(ROWS) do
    it(("row %d: %s"):format(i, row[4]), function()
      local before, patch = stored(), json.canonical(row[2])
      local got = mask.apply(before, row[2], assert(mask.parse(row[1])))
      assert.same(changed(row[3]), got)
      assert.same(stored(), before, "the stored job is left alone")
      assert.equal(patch, json.canonical(row[2]), "the patch is left alone")
    end)
  end
end)

describe("mask.compute", function()
  local ROWS <const> = {
    { function() end, "", "nothing" },
    { function(j) j.schedule = "s" end, "schedule", "a field" },
    { function(j) j.description = nil end, "description", "a cleared field" },
    { function(j) j.http_target.uri = "u" end, "httpTarget.uri", "a leaf" },
    { function(j) j.http_target.headers.A = "3" end, "httpTarget.headers", "a map" },
    { function(j) j.http_target.headers.A = nil end, "httpTarget.headers", "less of a map" },
    { function(j) j.retry_config.max_doublings = 2; j.description = "d" end,
      "description,retryConfig.maxDoublings", "two, in the order of the fields" },
    { function(j) j.retry_config = nil end, "retryConfig", "a message less" },
    { function(j) j.state, j.name, j.schedule_time = "ENABLED", "x", "t" end, "", "not to be set" },
    { function(j) j.http_target.oidc_token = nil end, "httpTarget.oidcToken", "a token less" },
    { function(j)
      j.http_target.oidc_token = nil
      j.http_target.oauth_token = { service_account_email = "c@d" }
    end, "httpTarget.oauthToken", "another token" },
    { function(j)
      j.http_target = nil
      j.pubsub_target = { topic_name = "t" }
    end, "pubsubTarget", "another target" },
    { function(j) j.http_target = nil end, "httpTarget", "no target any more" },
  }
  for i, row in ipairs(ROWS) do
    it(("row %d: %s; applied, it makes the new job"):format(i, row[3]), function()
      local new = changed(row[1])
      local paths = mask.compute(stored(), new)
      assert.equal(row[2], mask.format(paths))
      local text = mask.format(paths)
      local got = text == "" and stored() or mask.apply(stored(), new, assert(mask.parse(text)))
      assert.same(job.strip_output(new).http_target, got.http_target)
      new.name, got.name = nil, nil
      assert.same(job.strip_output(new), job.strip_output(got))
    end)
  end
end)
