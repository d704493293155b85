---Guessing what somebody meant to write.

local M = {}

-- Edit distance with swaps of neighbours; gives up above `limit`.
local function distance(a, b, limit)
  if math.abs(#a - #b) > limit then
    return limit + 1
  end
  local before, previous = {}, {}
  for j = 0, #b do
    previous[j] = j
  end
  for i = 1, #a do
    local row, best = { [0] = i }, i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local d = math.min(row[j - 1] + 1, previous[j] + 1, previous[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        d = math.min(d, before[j - 2] + 1)
      end
      row[j] = d
      best = math.min(best, d)
    end
    if best > limit then
      return limit + 1
    end
    before, previous = previous, row
  end
  return previous[#b]
end

local function plain(word)
  return (word:lower():gsub("[_%-]", ""))
end

-- `method` for `http_method`, `email` for `serviceAccountEmail`.
local function tail_of(candidate, word)
  local tail = word:gsub("^%a", string.upper)
  return candidate:sub(-#word - 1) == "_" .. word or candidate:sub(-#tail) == tail
end

---The candidate nearest to a word, or nil when none is near.
---@param word string
---@param candidates string[]
---@return string?
function M.nearest(word, candidates)
  if #word > 64 then
    return nil
  end
  local given = plain(word)
  local limit = math.max(1, #given // 3)
  local best, best_distance
  for _, candidate in ipairs(candidates) do
    local d = tail_of(candidate, word) and 0 or distance(given, plain(candidate), limit)
    if d <= limit and (not best or d < best_distance) then
      best, best_distance = candidate, d
    end
  end
  return best
end

---@param word string
---@param candidates string[]
---@return string? hint `did you mean 'X'?`
function M.hint(word, candidates)
  local found = M.nearest(word, candidates)
  return found and ("did you mean '%s'?"):format(found)
end

---A hint for a name that a message does not have: a near name, or the place deeper down where the
---name belongs.
---@param word string
---@param message table of mooncron.schema
---@param spelling "name"|"json" how to write the names
---@return string?
function M.field_hint(word, message, spelling)
  local names = {}
  for i, field in ipairs(message.fields) do
    names[i] = field[spelling]
  end
  local deeper
  for _, field in ipairs(message.fields) do
    local inner = field.kind == "message" and not field.output and field.message.by_key[word]
    if inner then
      deeper = (deeper and deeper .. "' or '" or "") .. field[spelling] .. "." .. inner[spelling]
    end
  end
  return deeper and ("did you mean '%s'?"):format(deeper) or M.hint(word, names)
end

return M
