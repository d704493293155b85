---Locations as the local scheduler lists them. Jobs may be put under any location: the real list
---is the service's and grows.

local M = {}

-- From documentation and release notes, incomplete (fact sheet 7).
M.ids = {
  "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1",
  "asia-south2", "asia-southeast1", "asia-southeast2", "asia-southeast3", "australia-southeast1",
  "europe-central2", "europe-west1", "europe-west12", "europe-west2", "europe-west3", "europe-west4",
  "europe-west6", "me-central1", "me-central2", "me-west1", "northamerica-northeast1",
  "northamerica-northeast2", "southamerica-east1", "us-central1", "us-east1", "us-east4", "us-west1",
  "us-west2", "us-west3", "us-west4",
}

M.order = { "name", "locationId", "displayName", "labels" }
M.list_order = { "locations", "nextPageToken", locations = M.order }

---A Location (google.cloud.location). gcloud takes the region from the first label.
---@param project string
---@param id string
---@return table
function M.resource(project, id)
  return {
    name = ("projects/%s/locations/%s"):format(project, id),
    locationId = id,
    displayName = id,
    labels = { ["cloud.googleapis.com/region"] = id },
  }
end

return M
