---What `jobs create` and `jobs update` take: one row per flag. From these rows come the parsing, the job, its
---update mask, the help and the completion. Names, defaults and meanings are gcloud's [gcloud]; where a row
---goes beyond them it says so.

local M = {}

---@class mooncron.cli.Flag : mooncron.cli.Option
---@field field string? path in the job that the flag sets
---@field kind string? how its text is read, see mooncron.cli.jobs.values; default as it is
---@field default any what create sends without it, and update with its --clear flag
---@field clear string? the flag that clears the field again (update)
---@field clears string[]? paths that this switch clears
---@field only "create"|"update"|nil
---@field required boolean? by create
---@field group string? flags of a group with different `side`s exclude each other
---@field side string? default the flag itself
---@field needs string? flag without which this one makes no sense
---@field edits string? map that the flag adds to (update)
---@field removes string? map that the flag takes from (update)

local METHODS <const> = { "post", "get", "head", "put", "delete" }

local COMMON <const> = {
  { "--schedule", value = "SCHEDULE", field = "schedule", required = true,
    help = "when to run: unix-cron, or App Engine's language" },
  { "--time-zone", value = "ZONE", field = "time_zone", default = "Etc/UTC", clear = "--clear-time-zone",
    help = "name in the tz database in which the schedule is meant (default Etc/UTC)" },
  { "--description", value = "TEXT", field = "description", help = "what the job is for" },
}

local DEADLINE <const> = {
  { "--attempt-deadline", value = "DURATION", kind = "duration", field = "attempt_deadline",
    help = "how long an attempt may take, such as 20s" },
}

local RETRY <const> = {
  { "--max-retry-attempts", value = "N", kind = "integer", field = "retry_config.retry_count", default = 0,
    clear = "--clear-max-retry-attempts", help = "retries after a failure, 0-5 (default 0)" },
  { "--max-retry-duration", value = "DURATION", kind = "duration", field = "retry_config.max_retry_duration",
    clear = "--clear-max-retry-duration", help = "how long to retry for (default 0s: no limit)" },
  { "--min-backoff", value = "DURATION", kind = "duration", field = "retry_config.min_backoff_duration",
    default = "5s", clear = "--clear-min-backoff", help = "shortest wait before a retry (default 5s)" },
  { "--max-backoff", value = "DURATION", kind = "duration", field = "retry_config.max_backoff_duration",
    default = "3600s", clear = "--clear-max-backoff", help = "longest wait before a retry (default 3600s)" },
  { "--max-doublings", value = "N", kind = "integer", field = "retry_config.max_doublings", default = 5,
    clear = "--clear-max-doublings", help = "how often the wait doubles before it grows evenly (default 5)" },
}

local function body(field, clearable)
  return {
    { "--message-body", value = "TEXT", field = field, group = "body", help = "what to send" },
    { "--message-body-from-file", value = "FILE", kind = "file", field = field, group = "body",
      help = "file with what to send, - is standard input" },
    clearable and { "--clear-message-body", clears = { field }, only = "update", group = "body",
      help = "send nothing" } or nil,
  }
end

-- A map: given whole to create, edited by update.
local function map(noun, field, help)
  return {
    { "--" .. noun, value = "K=V,...", kind = "map", field = field, only = "create", help = help },
    { "--update-" .. noun, value = "K=V,...", kind = "map", edits = field, only = "update",
      group = noun, side = "edit", help = "add these, or change them" },
    { "--remove-" .. noun, value = "K,...", kind = "list", removes = field, only = "update",
      group = noun, side = "edit", help = "take these away" },
    { "--clear-" .. noun, clears = { field }, only = "update", group = noun, help = "take all away" },
  }
end

local function method(field, more)
  local choices = table.move(METHODS, 1, #METHODS, 1, {})
  table.move(more, 1, #more, #choices + 1, choices)
  return {
    { "--http-method", value = "METHOD", kind = "choice", choices = choices, field = field,
      default = "post", help = "one of " .. table.concat(choices, ", ") .. " (default post)" },
  }
end

local OIDC <const>, OAUTH <const> = "http_target.oidc_token.", "http_target.oauth_token."

local AUTH <const> = {
  { "--oidc-service-account-email", value = "EMAIL", field = OIDC .. "service_account_email",
    group = "auth", side = "oidc", help = "send an OIDC token of this service account" },
  { "--oidc-token-audience", value = "TEXT", field = OIDC .. "audience", group = "auth", side = "oidc",
    needs = "--oidc-service-account-email", help = "its audience (default the URI)" },
  { "--oauth-service-account-email", value = "EMAIL", field = OAUTH .. "service_account_email",
    group = "auth", side = "oauth", help = "send an OAuth token of this one: for *.googleapis.com" },
  { "--oauth-token-scope", value = "TEXT", field = OAUTH .. "scope", group = "auth", side = "oauth",
    needs = "--oauth-service-account-email", help = "its scope (default .../auth/cloud-platform)" },
  { "--clear-auth-token", only = "update", group = "auth", help = "send no token",
    clears = {
      OIDC .. "service_account_email", OIDC .. "audience",
      OAUTH .. "service_account_email", OAUTH .. "scope",
    } },
}

local function concat(...)
  local all = {}
  for _, rows in ipairs { ... } do
    for _, row in ipairs(rows) do
      all[#all + 1] = row
    end
  end
  return all
end

---@class mooncron.cli.Target
---@field title string
---@field flags mooncron.cli.Flag[]
---@field one_of string[]? flags of which create wants one
---@field examples table<string, string> arguments of an example, by verb

---@type table<string, mooncron.cli.Target>
M.targets = {
  http = {
    title = "that sends an HTTP request",
    flags = concat(COMMON, {
      { "--uri", value = "URI", kind = "uri", field = "http_target.uri", required = true,
        help = "where to send the request: http://... or https://..." },
    }, method("http_target.http_method", { "patch", "options" }),
      map("headers", "http_target.headers", "headers of the request"), body("http_target.body", true),
      AUTH, DEADLINE, RETRY),
    examples = {
      create = "nightly --schedule='0 2 * * *' --time-zone=Europe/Berlin --uri=https://example.com/report",
      update = "nightly --schedule='30 2 * * *' --update-headers=X-Team=data --clear-auth-token",
    },
  },
  pubsub = {
    title = "that publishes a Pub/Sub message",
    flags = concat(COMMON, {
      { "--topic", value = "TOPIC", kind = "topic", field = "pubsub_target.topic_name", required = true,
        help = "topic to publish to: its id, or projects/P/topics/T" },
    }, map("attributes", "pubsub_target.attributes", "attributes of the message"),
      body("pubsub_target.data", false), RETRY),
    one_of = { "--message-body", "--message-body-from-file", "--attributes" },
    examples = {
      create = "tick --schedule='every 5 minutes' --topic=clock --message-body=tick",
      update = "tick --topic=other --remove-attributes=region",
    },
  },
  ["app-engine"] = {
    title = "that calls an App Engine service",
    flags = concat(COMMON, {
      { "--relative-url", value = "PATH", kind = "path", field = "app_engine_http_target.relative_uri",
        default = "/", clear = "--clear-relative-url", help = "path of the request (default /)" },
      { "--service", value = "ID", field = "app_engine_http_target.app_engine_routing.service",
        clear = "--clear-service", clear_to = "default", help = "service to call (default: default)" },
      { "--version", value = "ID", field = "app_engine_http_target.app_engine_routing.version",
        help = "version of the service" },
    }, method("app_engine_http_target.http_method", {}),
      map("headers", "app_engine_http_target.headers", "headers of the request"),
      body("app_engine_http_target.body", true), DEADLINE, RETRY),
    examples = {
      create = "sweep --schedule='every 1 hours' --relative-url=/sweep --service=worker",
      update = "sweep --relative-url=/sweep/all --max-retry-attempts=2",
    },
  },
}

---The targets in the order of the help.
M.order = { "http", "pubsub", "app-engine" }

local function clear_row(row)
  return {
    row.clear,
    clears = { row.field },
    clear_to = row.clear_to or row.default,
    group = row[1],
    help = ("undo %s"):format(row[1]),
  }
end

---The flags of a verb and a target, in the order of the help.
---@param verb "create"|"update"
---@param target string
---@return mooncron.cli.Flag[]
function M.of(verb, target)
  local list = {}
  for _, row in ipairs(M.targets[target].flags) do
    if not row.only or row.only == verb then
      local flag = {}
      for key, value in pairs(row) do
        flag[key] = value
      end
      if verb == "update" then
        flag.required = nil
        flag.group = row.clear and row[1] or row.group
      end
      list[#list + 1] = flag
      list[#list + 1] = verb == "update" and row.clear and clear_row(row) or nil
    end
  end
  return list
end

---The name under which a flag's value is read.
---@param flag mooncron.cli.Option
---@return string
function M.key(flag)
  return (flag[1]:sub(3):gsub("-", "_"))
end

return M
