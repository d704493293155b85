#include <string.h>

#include "auth/adc.h"
#include "auth/credential.h"
#include "auth/pairs.h"
#include "auth/token.h"
#include "bind/bind.h"
#include "bind/l_auth.h"

#define MCL_CREDENTIAL "mooncron.credential"
#define MCL_REQUEST "mooncron.token_request"

/* ---- names and values ---- */

/* [-0, +0, v] check that `arg` is nil or a table of strings; after that, fill_pairs raises
   nothing */
static void check_pairs(lua_State *L, int arg)
{
  if(lua_isnoneornil(L, arg))
    return;
  luaL_checktype(L, arg, LUA_TTABLE);
  luaL_checkstack(L, 4, NULL);
  lua_pushnil(L);
  while(lua_next(L, arg)) {
    luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING, arg,
                  "must map strings to strings");
    lua_pop(L, 1);
  }
}

/* [-0, +0, -] */
static int fill_pairs(lua_State *L, int arg, struct mc_pairs *out, struct mc_err *err)
{
  int rc = MC_OK;

  mc_pairs_init(out);
  if(lua_isnoneornil(L, arg))
    return MC_OK;
  lua_pushnil(L);
  while(lua_next(L, arg)) {
    if(!rc)
      rc = mc_pairs_add(out, lua_tostring(L, -2), lua_tostring(L, -1), err);
    lua_pop(L, 1);
  }
  if(rc)
    mc_pairs_clear(out);
  return rc;
}

/* [-0, +1, m] */
static void push_pairs(lua_State *L, const struct mc_pairs *pairs)
{
  size_t i;

  lua_createtable(L, 0, (int)pairs->len);
  for(i = 0; i < pairs->len; i++) {
    lua_pushstring(L, pairs->at[i].value);
    lua_setfield(L, -2, pairs->at[i].name);
  }
}

/* [-1, +0, m] the string, or nothing when it is NULL, as field `name` of the table on top */
static void set_text(lua_State *L, const char *name, const char *text)
{
  if(!text)
    return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

/* ---- where credentials are ---- */

/* [-0, +1|2, v] auth.places(explicit_path|nil, env) -> {{name=, kind=, looks=, required=,
   value=, reason=}...} | nil, err */
static int auth_places(lua_State *L)
{
  const char *path = lua_isnoneornil(L, 1) ? NULL : mcL_check_text(L, 1);
  struct mc_adc_place *places;
  struct mc_pairs env;
  struct mc_err err;
  int i, rc;

  check_pairs(L, 2);
  places = lua_newuserdatauv(L, MC_ADC_PLACES * sizeof(*places), 0);
  rc = fill_pairs(L, 2, &env, &err);
  if(!rc)
    rc = mc_adc_places(places, path, &env, &err);
  mc_pairs_clear(&env);
  if(rc)
    return mcL_fail(L, &err);
  lua_createtable(L, MC_ADC_PLACES, 0);
  for(i = 0; i < MC_ADC_PLACES; i++) {
    lua_createtable(L, 0, 6);
    set_text(L, "name", places[i].name);
    set_text(L, "kind", places[i].kind == MC_ADC_FILE ? "file" : "metadata");
    set_text(L, "value", *places[i].value ? places[i].value : NULL);
    set_text(L, "reason", places[i].reason);
    lua_pushboolean(L, places[i].looks);
    lua_setfield(L, -2, "looks");
    lua_pushboolean(L, places[i].required);
    lua_setfield(L, -2, "required");
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* ---- credentials ---- */

/* [-0, +1, m] closed */
static struct mc_credential **new_credential(lua_State *L)
{
  struct mc_credential **u = lua_newuserdatauv(L, sizeof(void *), 0);

  *u = NULL;
  luaL_setmetatable(L, MCL_CREDENTIAL);
  return u;
}

/* [-0, +0, v] */
static struct mc_credential *check_credential(lua_State *L, int arg)
{
  struct mc_credential **u = luaL_checkudata(L, arg, MCL_CREDENTIAL);

  luaL_argcheck(L, *u, arg, "the credential is closed");
  return *u;
}

/* [-0, +1|2, v] auth.credential(json) -> credential | nil, err */
static int auth_credential(lua_State *L)
{
  size_t len;
  const char *json = luaL_checklstring(L, 1, &len);
  struct mc_err err;

  if(mc_credential_parse(new_credential(L), json, len, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +1|2, v] auth.credential_metadata(host, account|nil) -> credential | nil, err */
static int auth_credential_metadata(lua_State *L)
{
  const char *host = mcL_check_text(L, 1),
             *account = lua_isnoneornil(L, 2) ? NULL : mcL_check_text(L, 2);
  struct mc_err err;

  if(mc_credential_metadata(new_credential(L), host, account, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +1|2, v] auth.credential_token(access_token) -> credential | nil, err */
static int auth_credential_token(lua_State *L)
{
  size_t len;
  const char *token = luaL_checklstring(L, 1, &len);
  struct mc_err err;

  if(mc_credential_token(new_credential(L), token, len, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +1|2, v] credential:impersonate(email) -> credential | nil, err */
static int credential_impersonate(lua_State *L)
{
  struct mc_credential *source = check_credential(L, 1);
  const char *email = mcL_check_text(L, 2);
  struct mc_err err;

  if(mc_credential_impersonate(new_credential(L), source, email, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int credential_close(lua_State *L)
{
  struct mc_credential **u = luaL_checkudata(L, 1, MCL_CREDENTIAL), *cred = *u;

  *u = NULL;
  mc_credential_free(cred);
  return 0;
}

/* [-0, +1, v] credential:info() -> {type=, account=?, project=?, quota_project=?, universe=}: no
   secret */
static int credential_info(lua_State *L)
{
  const struct mc_credential *cred = check_credential(L, 1);

  lua_createtable(L, 0, 5);
  set_text(L, "type", mc_credential_type_name(cred));
  set_text(L, "account", mc_credential_account(cred));
  set_text(L, "project", mc_credential_project(cred));
  set_text(L, "quota_project", mc_credential_quota_project(cred));
  set_text(L, "universe", mc_credential_universe(cred));
  return 1;
}

/* [-0, +1, v] */
static int credential_tostring(lua_State *L)
{
  struct mc_credential **u = luaL_checkudata(L, 1, MCL_CREDENTIAL);
  char text[512] = "credential (closed)";

  if(*u)
    mc_credential_print(text, sizeof(text), *u);
  lua_pushstring(L, text);
  return 1;
}

/* ---- the step machine ---- */

struct want_options {
  const char *scopes, *audience, *subject;
  int exchange, access;
  int64_t lifetime_s;
};
static const struct mcL_option WANT[] = {
    {"scopes", MCL_TEXT, offsetof(struct want_options, scopes), 0, 0},
    {"audience", MCL_TEXT, offsetof(struct want_options, audience), 0, 0},
    {"subject", MCL_TEXT, offsetof(struct want_options, subject), 0, 0},
    {"exchange", MCL_BOOL, offsetof(struct want_options, exchange), 0, 0},
    {"access", MCL_BOOL, offsetof(struct want_options, access), 0, 0},
    {"lifetime", MCL_INT, offsetof(struct want_options, lifetime_s), 1, 43200},
    {NULL, MCL_TEXT, 0, 0, 0},
};

/* [-0, +1|2, v] credential:request({audience= | scopes=?, subject=?, exchange=?, lifetime=?,
   access=?}, env) -> request | nil, err; with an audience it is for an identity token unless
   access says otherwise */
static int credential_request(lua_State *L)
{
  struct want_options o = {NULL, NULL, NULL, 0, 0, 0};
  struct mc_credential *cred = check_credential(L, 1);
  struct mc_token **u;
  struct mc_want want;
  struct mc_pairs env;
  struct mc_err err;
  int rc;

  mcL_read_options(L, 2, WANT, &o);
  check_pairs(L, 3);
  u = lua_newuserdatauv(L, sizeof(void *), 0);
  *u = NULL;
  luaL_setmetatable(L, MCL_REQUEST);
  want = (struct mc_want){.kind = o.audience && !o.access ? MC_WANT_IDENTITY : MC_WANT_ACCESS,
                          .scopes = o.scopes,
                          .audience = o.audience,
                          .subject = o.subject,
                          .exchange = o.exchange,
                          .lifetime_s = o.lifetime_s};
  rc = fill_pairs(L, 3, &env, &err);
  if(!rc)
    rc = mc_token_new(u, cred, &want, &env, &err);
  mc_pairs_clear(&env);
  return rc ? mcL_fail(L, &err) : 1;
}

/* [-0, +0, v] */
static struct mc_token *check_request(lua_State *L, int arg)
{
  struct mc_token **u = luaL_checkudata(L, arg, MCL_REQUEST);

  luaL_argcheck(L, *u, arg, "the token request is closed");
  return *u;
}

/* [-0, +1, m] the step as a table */
static void push_step(lua_State *L, const struct mc_step *step)
{
  static const char *const kinds[] = {[MC_STEP_DONE] = "done",
                                      [MC_STEP_HTTP] = "http",
                                      [MC_STEP_FILE] = "file",
                                      [MC_STEP_RUN] = "run"};
  int i;

  lua_createtable(L, 0, 8);
  set_text(L, "kind", kinds[step->kind]);
  set_text(L, "purpose", step->purpose);
  set_text(L, "token", step->token);
  set_text(L, "method", step->method);
  set_text(L, "url", step->url);
  set_text(L, "body", step->body);
  set_text(L, "path", step->path);
  set_text(L, "ca_bundle", step->ca_bundle);
  set_text(L, "certificate", step->certificate);
  set_text(L, "key", step->key);
  lua_pushinteger(L, step->expires_s);
  lua_setfield(L, -2, "expires");
  lua_pushinteger(L, step->timeout_ms);
  lua_setfield(L, -2, "timeout_ms");
  lua_pushinteger(L, step->tries);
  lua_setfield(L, -2, "tries");
  if(step->headers) {
    push_pairs(L, step->headers);
    lua_setfield(L, -2, "headers");
  }
  if(step->env) {
    push_pairs(L, step->env);
    lua_setfield(L, -2, "env");
  }
  lua_newtable(L);
  for(i = 0; step->argv[i]; i++) {
    lua_pushstring(L, step->argv[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "argv");
}

/* [-0, +1|2, v] request:step(now_s) -> {kind="done"|"http"|"file"|"run", ...} | nil, err */
static int request_step(lua_State *L)
{
  struct mc_token *t = check_request(L, 1);
  lua_Integer now_s = luaL_checkinteger(L, 2);
  const struct mc_step *step;
  struct mc_err err;

  luaL_argcheck(L, now_s >= 0 && now_s < 253402300800, 2, "is not seconds of the years 1970-9999");
  if(mc_token_step(&step, t, now_s, &err))
    return mcL_fail(L, &err);
  push_step(L, step);
  return 1;
}

/* [-0, +1|2, v] request:answer(status|nil, body|nil, headers|nil) -> true | nil, err; a nil
   status: the file is not there. err has `status` and `retryable` where they apply */
static int request_answer(lua_State *L)
{
  struct mc_token *t = check_request(L, 1);
  struct mc_answer answer = {.missing = lua_isnoneornil(L, 2)};
  struct mc_pairs headers;
  struct mc_err err;
  int rc;

  answer.status = answer.missing ? 0 : (int)luaL_checkinteger(L, 2);
  answer.body = luaL_optlstring(L, 3, NULL, &answer.len);
  check_pairs(L, 4);
  rc = fill_pairs(L, 4, &headers, &err);
  answer.headers = &headers;
  if(!rc)
    rc = mc_token_answer(t, &answer, &err);
  mc_pairs_clear(&headers);
  if(!rc) {
    lua_pushboolean(L, 1);
    return 1;
  }
  mcL_fail(L, &err);
  if(mc_token_fault(t)->status) {
    lua_pushinteger(L, mc_token_fault(t)->status);
    lua_setfield(L, -2, "status");
  }
  lua_pushboolean(L, mc_token_fault(t)->retryable);
  lua_setfield(L, -2, "retryable");
  return 2;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int request_close(lua_State *L)
{
  struct mc_token **u = luaL_checkudata(L, 1, MCL_REQUEST), *t = *u;

  *u = NULL;
  mc_token_free(t);
  return 0;
}

/* [-0, +1, v] */
static int request_tostring(lua_State *L)
{
  struct mc_token **u = luaL_checkudata(L, 1, MCL_REQUEST);

  lua_pushstring(L, *u ? "token request <redacted>" : "token request (closed)");
  return 1;
}

static const luaL_Reg CREDENTIAL_METHODS[] = {{"info", credential_info},
                                              {"impersonate", credential_impersonate},
                                              {"request", credential_request},
                                              {"close", credential_close},
                                              {NULL, NULL}};
static const luaL_Reg CREDENTIAL_META[] = {{"__gc", credential_close},
                                           {"__close", credential_close},
                                           {"__tostring", credential_tostring},
                                           {NULL, NULL}};
static const luaL_Reg REQUEST_METHODS[] = {
    {"step", request_step}, {"answer", request_answer}, {"close", request_close}, {NULL, NULL}};
static const luaL_Reg REQUEST_META[] = {{"__gc", request_close},
                                        {"__close", request_close},
                                        {"__tostring", request_tostring},
                                        {NULL, NULL}};
static const luaL_Reg FUNCTIONS[] = {
    {"places", auth_places},
    {"credential", auth_credential},
    {"credential_metadata", auth_credential_metadata},
    {"credential_token", auth_credential_token},
    {NULL, NULL},
};

/* [-0, +0, m] */
void mcL_add_credentials(lua_State *L)
{
  mcL_new_class(L, MCL_CREDENTIAL, CREDENTIAL_METHODS, CREDENTIAL_META);
  mcL_new_class(L, MCL_REQUEST, REQUEST_METHODS, REQUEST_META);
  luaL_setfuncs(L, FUNCTIONS, 0);
}
