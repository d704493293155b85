---What of Cloud Scheduler the local scheduler does, and how faithfully. Data only; a spec holds it to
---the router's routes and to the fields of a job.

local M = {}

---The levels, the most faithful first.
M.levels = {
  { name = "recorded", meaning = "as recordings of the service show it" },
  { name = "documented", meaning = "as Google's reference has it; no recording is known" },
  { name = "ours", meaning = "the sources are silent or differ: decided here" },
  { name = "unimplemented", meaning = "answers UNIMPLEMENTED, or says so when it is used" },
}

---@class mooncron.scheduler.Capability
---@field name string
---@field level "recorded"|"documented"|"ours"|"unimplemented"
---@field note string?
---@field fields string[]? of a job, as paths: what a row of the group `fields` is about

---@class mooncron.scheduler.CapabilityGroup
---@field name string
---@field title string
---@field rows mooncron.scheduler.Capability[]

local function row(name, level, note)
  return { name = name, level = level, note = note }
end

local function about(fields, level, note)
  local list = {}
  for field in fields:gmatch("%S+") do
    list[#list + 1] = field
  end
  return { name = table.concat(list, ", "), level = level, note = note, fields = list }
end

---@type mooncron.scheduler.CapabilityGroup[]
M.groups = {
  {
    name = "methods",
    title = "methods of v1 and v1beta1, below projects.locations",
    rows = {
      row("list", "documented", "a fixed list of regions, with the region's label; no filter"),
      row("get", "ours", "any location is there: Google's list grows"),
      row("jobs.list", "recorded",
        "nothing is {}; ordered by name; tokens survive changes and do not expire"),
      row("jobs.create", "recorded", "any project and location; no quota, no permission is asked for"),
      row("jobs.get", "recorded"),
      row("jobs.patch", "recorded",
        "without a mask: the fields of the body, each as a whole [ours]; a masked map is"
        .. " replaced [ours]"),
      row("jobs.delete", "recorded", "drops retries that wait; what is on its way ends"),
      row("jobs.pause", "recorded", "of a paused job: no change [ours]"),
      row("jobs.resume", "documented", "of an enabled job: no change, as Terraform needs"),
      row("jobs.run", "recorded",
        "only of an enabled job; beside an execution that is out; retried like any other"),
      row("getCmekConfig", "unimplemented"),
      row("updateCmekConfig", "unimplemented"),
      row("operations.list", "unimplemented"),
      row("operations.get", "unimplemented"),
      row("operations.delete", "unimplemented"),
      row("operations.cancel", "unimplemented"),
    },
  },
  {
    name = "requests",
    title = "requests and answers",
    rows = {
      row("REST with JSON over HTTP/1.1", "recorded",
        "2-space indentation, members in the order of their numbers"),
      row("$alt and alt: json, enum-encoding=int", "documented",
        "enums by name or number are taken in any case"),
      row("fields, prettyPrint", "documented"),
      row("updateMask", "documented",
        "both spellings, *; output-only and immutable paths are passed over [rec]"),
      row("errors", "recorded",
        "status and code; where a sentence of the service is known it comes first, and"
        .. " then what is wrong [ours]; details are BadRequest [ours]"),
      row("concurrent changes of a job", "ours",
        "done one after the other; the service may answer 409 ABORTED"),
      row("unknown fields of a body", "ours", "refused, as Google's JSON front end does in general"),
      row("authentication and IAM", "ours", "none: any credentials are passed over, none are asked for"),
      row("alt=media, alt=proto, callback, filter, batch", "unimplemented"),
      row("gRPC", "unimplemented", "clients are to use their REST transport"),
    },
  },
  {
    name = "fields",
    title = "fields of a job",
    rows = {
      about("name", "documented", "ids up to 500; one is made up when there is none"),
      about("description", "documented", "up to 500 characters"),
      about("schedule time_zone", "recorded",
        "both languages, any IANA zone; the sentence of a refusal is recorded"),
      about("http_target.uri http_target.http_method http_target.body", "documented"),
      about("http_target.headers", "documented",
        "User-Agent and a body's default Content-Type are read back"),
      about("http_target.oauth_token.service_account_email http_target.oauth_token.scope", "documented",
        "default scope cloud-platform; for *.googleapis.com only"),
      about("http_target.oidc_token.service_account_email http_target.oidc_token.audience", "documented",
        "default audience the uri"),
      about("app_engine_http_target.http_method app_engine_http_target.relative_uri"
        .. " app_engine_http_target.headers app_engine_http_target.body", "documented"),
      about("app_engine_http_target.app_engine_routing.service"
        .. " app_engine_http_target.app_engine_routing.version"
        .. " app_engine_http_target.app_engine_routing.instance"
        .. " app_engine_http_target.app_engine_routing.host",
        "documented", "the host is that of PROJECT.appspot.com"),
      about("pubsub_target.topic_name pubsub_target.data pubsub_target.attributes", "documented",
        "up to 100 attributes"),
      about("retry_config.retry_count", "recorded", "0 to 5"),
      about("retry_config.max_retry_duration retry_config.min_backoff_duration"
        .. " retry_config.max_backoff_duration retry_config.max_doublings", "recorded",
        "absent stays absent; zeros are stored as the defaults"),
      about("attempt_deadline", "documented", "180s appears on HTTP jobs; Pub/Sub jobs have none [rec]"),
      about("state", "recorded", "ENABLED and PAUSED: nothing local disables a job or fails its update"),
      about("status.code", "recorded", "-1 before the first attempt"),
      about("status.message status.details", "ours", "never there"),
      about("user_update_time schedule_time last_attempt_time", "recorded",
        "to the millisecond; no schedule_time while paused"),
      about("satisfies_pzs", "ours", "never there"),
    },
  },
  {
    name = "firing",
    title = "firing",
    rows = {
      row("HTTP targets", "recorded", "method, Cloud Scheduler's own and reserved headers, body, deadline"),
      row("redirects", "ours", "up to 10; the last answer counts"),
      row("Pub/Sub targets", "documented", "over REST to PUBSUB_EMULATOR_HOST"),
      row("App Engine targets", "documented", "to where --app-engine says that a service runs"),
      row("X-CloudScheduler-ScheduleTime", "recorded",
        "Pacific time, the same on all attempts of an execution"),
      row("a forced run", "recorded", "carries the next schedule time"),
      row("no overlap of a job with itself", "documented",
        "slots during an execution collapse into the next one"),
      row("at least once", "documented", "a run that a crash cut off is made again"),
      row("days on which a job does not fire", "ours",
        "beside the API, at /mooncron/exceptions: except and window of job files; Cloud Scheduler has none"),
      row("runs missed while nothing ran", "ours", "--catch-up last (default), none or all"),
    },
  },
  {
    name = "retries",
    title = "retries",
    rows = {
      row("retry_count, max_retry_duration", "recorded",
        "N retries are N+1 attempts; both limits have to be used up"),
      row("back-off", "recorded",
        "after the doublings 2 s more a step; --back-off documented: min * 2^doublings"),
      row("status codes of answers", "recorded",
        "200, 500 and 504 are recorded, others seen in logs, the rest [ours]"),
      row("App Engine's 503", "documented", "retried and not counted"),
      row("no answer at all", "ours", "UNAVAILABLE"),
    },
  },
  {
    name = "tokens",
    title = "tokens that targets receive",
    rows = {
      row("OIDC", "documented",
        "RS256 with Google's claims, by an issuer of our own that publishes its keys"),
      row("OAuth", "ours", "opaque, and answered for at /tokeninfo; Google's APIs refuse it"),
      row("Google's own tokens", "documented",
        "serve --auth gcp sends real ones with the user's credentials"),
    },
  },
}

return M
