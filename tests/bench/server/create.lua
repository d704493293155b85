-- wrk: create jobs, each with a name of its own.
local threads, count = 0, 0

function setup(thread)
  threads = threads + 1
  thread:set("mine", threads)
end

local BODY = [[{"name":"projects/bench/locations/us-central1/jobs/made-%d-%d","schedule":"*/15 2-6 * * 1-5",
"timeZone":"Europe/Berlin","httpTarget":{"uri":"http://127.0.0.1:9/hook","httpMethod":"POST",
"headers":{"Content-Type":"application/json"},"body":"SGVsbG8sIENsb3VkIFNjaGVkdWxlciE="},
"retryConfig":{"retryCount":3,"minBackoffDuration":"10s"}}]]

function request()
  count = count + 1
  return wrk.format("POST", "/v1/projects/bench/locations/us-central1/jobs",
    { ["Content-Type"] = "application/json" }, BODY:format(mine, count))
end
