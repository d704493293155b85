---@meta mooncron.core.auth
---Keys, JSON Web Tokens and credentials: the C module behind `mooncron.auth`. Nothing here waits,
---or reads a file or a clock.

---@class mooncron.core.auth
local auth = {}

---A fresh private key, PKCS#8 PEM.
---@param alg "RS256"|"ES256"
---@return string? pem
---@return mooncron.Err? err
function auth.generate_key(alg) end

---@param pem string private key
---@return "RS256"|"ES256"|nil alg
---@return mooncron.Err? err
function auth.key_alg(pem) end

---RFC 7638 thumbprint.
---@param pem string private or public key
---@return string? kid
---@return mooncron.Err? err
function auth.key_id(pem) end

---The public half as a JWK.
---@param pem string private or public key
---@return string? json
---@return mooncron.Err? err
function auth.jwk(pem) end

---A self-signed certificate.
---@param pem string private key
---@param options { common_name: string, not_before: integer, not_after: integer } seconds since the epoch
---@return string? pem
---@return mooncron.Err? err
function auth.certificate(pem, options) end

---@class mooncron.core.Keyset
local keyset = {}

---@return { kid: string, alg: string, pem: string }[]
function keyset:keys() end

function keyset:close() end

---A JWKS or a certificate set `{kid: PEM}`.
---@param json string
---@return mooncron.core.Keyset? keyset
---@return mooncron.Err? err
function auth.keyset(json) end

---@param claims string JSON object
---@param options { alg: "RS256"|"ES256", key: string, kid: string? }
---@return string? token
---@return mooncron.Err? err
function auth.sign(claims, options) end

---@param token string
---@param keys mooncron.core.Keyset
---@param issuers string[]? nil: any
---@param audiences string[]? nil: any
---@param options { now: integer, leeway: integer?, email: string?, alg: string? }
---@return string? claims JSON
---@return mooncron.Err? err NOT_FOUND: no such kid; UNAUTHENTICATED: the message says why
function auth.verify(token, keys, issuers, audiences, options) end

---Without verifying.
---@param token string
---@return string? header JSON
---@return string|mooncron.Err claims JSON, or the error
function auth.decode(token) end

---The places of Application Default Credentials, in order.
---@param explicit_path string?
---@param env table<string, string>
---@return mooncron.auth.Place[]? places without `result`, with `required`
---@return mooncron.Err? err
function auth.places(explicit_path, env) end

---@class mooncron.core.Credential
local credential = {}

---@param json string a credential file
---@return mooncron.core.Credential?
---@return mooncron.Err? err the message begins with the field at fault
function auth.credential(json) end

---@param host string host[:port]
---@param account string? default "default"
---@return mooncron.core.Credential?
---@return mooncron.Err? err
function auth.credential_metadata(host, account) end

---@param access_token string
---@return mooncron.core.Credential?
---@return mooncron.Err? err
function auth.credential_token(access_token) end

---@return { type: string, account: string?, project: string?, quota_project: string?, universe: string }
function credential:info() end

---@param email string
---@return mooncron.core.Credential?
---@return mooncron.Err? err
function credential:impersonate(email) end

function credential:close() end

---@class mooncron.core.TokenRequest
local request = {}

---Begin the way to a token: an identity token when there is an audience, unless `access` is true, else an
---access token.
---@param want table `audience`, `scopes`, `subject`, `exchange`, `lifetime`, `access`, all optional
---@param env table<string, string>
---@return mooncron.core.TokenRequest?
---@return mooncron.Err? err
function credential:request(want, env) end

---@class mooncron.core.TokenStep
---@field kind "done"|"http"|"file"|"run"
---@field purpose string
---@field token string? done
---@field expires integer done: seconds since the epoch, 0 when not known
---@field method string? http
---@field url string? http
---@field headers table<string, string>? http
---@field body string? http
---@field timeout_ms integer http, run
---@field tries integer http: attempts in all that a retryable fault deserves
---@field path string? file
---@field ca_bundle string? http: PEM file that the server's certificate must come from
---@field certificate string? http: PEM file of the certificate to prove oneself with
---@field key string? http: PEM file of its key
---@field argv string[] run
---@field env table<string, string>? run

---What to do next. May be asked for again, which signs anew.
---@param now integer
---@return mooncron.core.TokenStep?
---@return mooncron.Err? err
function request:step(now) end

---What came of it.
---@param status integer? HTTP status, exit code, 0 for a file; nil: the file is not there
---@param body string?
---@param headers table<string, string>?
---@return true?
---@return mooncron.Err? err with `status` and `retryable`
function request:answer(status, body, headers) end

function request:close() end

return auth
