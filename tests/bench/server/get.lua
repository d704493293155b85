-- wrk: get the jobs of fill.lua, one after the other.
local requests, at = {}, 0

function init(args)
  for i = 0, tonumber(args[1] or 1000) - 1 do
    requests[i + 1] = wrk.format("GET",
      ("/v1/projects/bench/locations/us-central1/jobs/rest-%07d"):format(i))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
