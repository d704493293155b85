---@meta mooncron.core.store

---One SQLite file in WAL mode; what was committed survives a crash. Statements are prepared once
---and kept by their text. Values: nil is NULL, integers and floats keep their kind, booleans are 0
---and 1, strings are TEXT, `blob(s)` is BLOB.
---@class mooncron.core.store
local store = {}

---@alias mooncron.SqlValue nil|boolean|integer|number|string|mooncron.Blob

---@class mooncron.Blob

---Open or create a file, whose folder must exist; `:memory:` is a private store in memory. With
---`exclusive` this process owns the file until it closes it; `busy_ms` is how long a lock of
---another process is waited for (default 0).
---@param path string
---@param options? { readonly: boolean?, exclusive: boolean?, busy_ms: integer? }
---@return mooncron.Store? store
---@return mooncron.Err? err
function store.open(path, options) end

---@param bytes string
---@return mooncron.Blob
function store.blob(bytes) end

---@class mooncron.Store
local Store = {}

---Any number of statements without values.
---@param sql string
---@return boolean? done
---@return mooncron.Err? err
function Store:exec(sql) end

---One statement to its end.
---@param sql string
---@param ... mooncron.SqlValue at most 100
---@return integer? changes rows inserted, updated or deleted
---@return mooncron.Err? err
function Store:run(sql, ...) end

---The first row, keyed by column name; a single nil when there is none.
---@param sql string
---@param ... mooncron.SqlValue
---@return table? row
---@return mooncron.Err? err
function Store:row(sql, ...) end

---All rows, at most 100,000.
---@param sql string
---@param ... mooncron.SqlValue
---@return table[]? rows
---@return mooncron.Err? err
function Store:rows(sql, ...) end

---@return boolean? done
---@return mooncron.Err? err
function Store:begin() end

---@return boolean? done
---@return mooncron.Err? err
function Store:commit() end

---Fine outside of a transaction.
---@return boolean? done
---@return mooncron.Err? err
function Store:rollback() end

---@return boolean
function Store:in_transaction() end

---Rows changed by the statement that last changed any.
---@return integer
function Store:changes() end

---@return integer
function Store:last_rowid() end

---Read the whole file and say whether it is sound.
---@return boolean? sound
---@return mooncron.Err? err `DATA_LOSS`
function Store:check() end

---Rolls an open transaction back, checkpoints, closes. Closed twice is fine; also `<close>`.
function Store:close() end

return store
