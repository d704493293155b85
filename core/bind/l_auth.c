#include <string.h>

#include "auth/jwt.h"
#include "auth/keys.h"
#include "base/alloc.h"
#include "bind/bind.h"
#include "bind/l_auth.h"

#define MCL_TEXT_HOLDER "mooncron.auth.text"
#define MCL_KEYSET "mooncron.keyset"
#define LIST_MAX 16

/* ---- texts that the core hands over ---- */

/* [-0, +1, m] a userdata that will wipe and free the text put into it, so that no error can leak
   one */
static char **new_holder(lua_State *L)
{
  char **text = lua_newuserdatauv(L, sizeof(*text), 0);

  *text = NULL;
  luaL_setmetatable(L, MCL_TEXT_HOLDER);
  return text;
}

/* [-0, +0, -] */
static int holder_gc(lua_State *L)
{
  char **text = luaL_checkudata(L, 1, MCL_TEXT_HOLDER);

  if(*text)
    mc_wipe(*text, strlen(*text));
  mc_free(*text);
  *text = NULL;
  return 0;
}

/* [-0, +1|2, m] the text, or nil and the error */
static int push_result(lua_State *L, char *const *text, int rc, const struct mc_err *err)
{
  if(rc)
    return mcL_fail(L, err);
  lua_pushstring(L, *text);
  return 1;
}

/* [-0, +0, v] a string argument without zero bytes */
const char *mcL_check_text(lua_State *L, int arg)
{
  size_t len;
  const char *text = luaL_checklstring(L, arg, &len);

  luaL_argcheck(L, strlen(text) == len, arg, "contains a zero byte");
  return text;
}

/* [-0, +0, v] */
static enum mc_alg check_alg(lua_State *L, const char *name)
{
  enum mc_alg alg = MC_ALG_RS256;

  if(!name || !mc_alg_parse(&alg, name))
    luaL_error(L, "algorithm is '%s', not RS256 or ES256", name ? name : "nil");
  return alg;
}

/* ---- keys and tokens ---- */

/* [-0, +1|2, v] auth.generate_key("RS256"|"ES256") -> pem | nil, err */
static int auth_generate_key(lua_State *L)
{
  enum mc_alg alg = check_alg(L, mcL_check_text(L, 1));
  char **pem = new_holder(L);
  struct mc_err err;

  return push_result(L, pem, mc_key_generate(pem, alg, &err), &err);
}

/* [-0, +1|2, v] auth.jwk(pem) -> json | nil, err */
static int auth_jwk(lua_State *L)
{
  size_t len;
  const char *pem = luaL_checklstring(L, 1, &len);
  char **json = new_holder(L);
  struct mc_err err;

  return push_result(L, json, mc_key_jwk(json, pem, len, &err), &err);
}

/* [-0, +1|2, v] auth.key_id(pem) -> thumbprint | nil, err */
static int auth_key_id(lua_State *L)
{
  size_t len;
  const char *pem = luaL_checklstring(L, 1, &len);
  char **kid = new_holder(L);
  struct mc_err err;

  return push_result(L, kid, mc_key_id(kid, pem, len, &err), &err);
}

/* [-0, +1|2, v] auth.key_alg(pem) -> "RS256"|"ES256" | nil, err */
static int auth_key_alg(lua_State *L)
{
  size_t len;
  const char *pem = luaL_checklstring(L, 1, &len);
  enum mc_alg alg;
  struct mc_err err;

  if(mc_key_alg(&alg, pem, len, &err))
    return mcL_fail(L, &err);
  lua_pushstring(L, mc_alg_name(alg));
  return 1;
}

struct certificate_options {
  const char *common_name;
  int64_t not_before_s, not_after_s;
};
static const struct mcL_option CERTIFICATE[] = {
    {"common_name", MCL_TEXT, offsetof(struct certificate_options, common_name), 0, 0},
    {"not_before", MCL_INT, offsetof(struct certificate_options, not_before_s), 0, INT64_MAX},
    {"not_after", MCL_INT, offsetof(struct certificate_options, not_after_s), 0, INT64_MAX},
    {NULL, MCL_INT, 0, 0, 0},
};

/* [-0, +1|2, v] auth.certificate(key_pem, {common_name=, not_before=, not_after=}) -> pem | nil,
   err */
static int auth_certificate(lua_State *L)
{
  struct certificate_options o = {NULL, 0, 0};
  size_t len;
  const char *key = luaL_checklstring(L, 1, &len);
  struct mc_err err;
  char **pem;

  mcL_read_options(L, 2, CERTIFICATE, &o);
  luaL_argcheck(L, o.common_name, 2, "needs a common_name");
  pem = new_holder(L);
  return push_result(
      L, pem, mc_key_certificate(pem, key, len, o.common_name, o.not_before_s, o.not_after_s, &err),
      &err);
}

struct sign_options {
  const char *alg, *key, *kid;
};
static const struct mcL_option SIGN[] = {
    {"alg", MCL_TEXT, offsetof(struct sign_options, alg), 0, 0},
    {"key", MCL_TEXT, offsetof(struct sign_options, key), 0, 0},
    {"kid", MCL_TEXT, offsetof(struct sign_options, kid), 0, 0},
    {NULL, MCL_TEXT, 0, 0, 0},
};

/* [-0, +1|2, v] auth.sign(claims_json, {alg=, key=, kid=?}) -> token | nil, err */
static int auth_sign(lua_State *L)
{
  struct sign_options o = {NULL, NULL, NULL};
  size_t len;
  const char *claims = luaL_checklstring(L, 1, &len);
  enum mc_alg alg;
  char **token;
  struct mc_err err;

  mcL_read_options(L, 2, SIGN, &o);
  alg = check_alg(L, o.alg);
  luaL_argcheck(L, o.key, 2, "needs a key");
  token = new_holder(L);
  return push_result(L, token,
                     mc_jwt_sign(token, claims, len, alg, o.key, strlen(o.key), o.kid, &err), &err);
}

/* [-0, +0, v] the strings of a list argument, borrowed from it */
static size_t check_list(lua_State *L, int arg, const char *out[LIST_MAX])
{
  size_t i, count;

  if(lua_isnoneornil(L, arg))
    return 0;
  luaL_checktype(L, arg, LUA_TTABLE);
  count = lua_rawlen(L, arg);
  luaL_argcheck(L, count <= LIST_MAX, arg, "has more than 16 items");
  for(i = 0; i < count; i++) {
    luaL_argcheck(L, lua_rawgeti(L, arg, (lua_Integer)i + 1) == LUA_TSTRING, arg,
                  "has an item that is no string");
    out[i] = mcL_check_text(L, -1);
    lua_pop(L, 1);
  }
  return count;
}

/* [-0, +0, v] the keyset at `arg`; raises when it is none or closed */
static struct mc_keyset **check_keyset(lua_State *L, int arg)
{
  struct mc_keyset **set = luaL_checkudata(L, arg, MCL_KEYSET);

  luaL_argcheck(L, *set, arg, "the key set is closed");
  return set;
}

struct verify_options {
  const char *email, *alg;
  int64_t now_s, leeway_s;
};
static const struct mcL_option VERIFY[] = {
    {"email", MCL_TEXT, offsetof(struct verify_options, email), 0, 0},
    {"alg", MCL_TEXT, offsetof(struct verify_options, alg), 0, 0},
    {"now", MCL_INT, offsetof(struct verify_options, now_s), 0, INT64_MAX / 2},
    {"leeway", MCL_INT, offsetof(struct verify_options, leeway_s), 0, 300},
    {NULL, MCL_TEXT, 0, 0, 0},
};

/* [-0, +1|2, v] auth.verify(token, keyset, issuers|nil, audiences|nil, {now=, leeway=?, email=?,
   alg=?}) -> claims_json | nil, err */
static int auth_verify(lua_State *L)
{
  struct verify_options o = {NULL, NULL, -1, 0};
  struct mc_jwt_expect expect = {.algs = MC_ALG_ANY};
  const char *issuers[LIST_MAX], *audiences[LIST_MAX];
  size_t len;
  const char *token = luaL_checklstring(L, 1, &len);
  struct mc_keyset **keys = check_keyset(L, 2);
  char **claims;
  struct mc_err err;

  expect.issuer_count = check_list(L, 3, issuers);
  expect.audience_count = check_list(L, 4, audiences);
  mcL_read_options(L, 5, VERIFY, &o);
  luaL_argcheck(L, o.now_s >= 0, 5, "needs now");
  if(o.alg)
    expect.algs = MC_ALG_BIT(check_alg(L, o.alg));
  expect.issuers = issuers;
  expect.audiences = audiences;
  expect.email = o.email;
  expect.now_s = o.now_s;
  expect.leeway_s = o.leeway_s;
  claims = new_holder(L);
  return push_result(L, claims, mc_jwt_verify(claims, token, len, *keys, &expect, &err), &err);
}

/* [-0, +2, v] auth.decode(token) -> header_json, claims_json | nil, err */
static int auth_decode(lua_State *L)
{
  size_t len;
  const char *token = luaL_checklstring(L, 1, &len);
  char **header = new_holder(L), **claims = new_holder(L);
  struct mc_err err;

  if(mc_jwt_decode(header, claims, token, len, &err))
    return mcL_fail(L, &err);
  lua_pushstring(L, *header);
  lua_pushstring(L, *claims);
  return 2;
}

/* ---- key sets ---- */

/* [-0, +1|2, v] auth.keyset(json) -> keyset | nil, err */
static int auth_keyset(lua_State *L)
{
  size_t len;
  const char *json = luaL_checklstring(L, 1, &len);
  struct mc_keyset **set = lua_newuserdatauv(L, sizeof(void *), 0);
  struct mc_err err;

  *set = NULL;
  luaL_setmetatable(L, MCL_KEYSET);
  if(mc_keyset_parse(set, json, len, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int keyset_close(lua_State *L)
{
  struct mc_keyset **u = luaL_checkudata(L, 1, MCL_KEYSET), *set = *u;

  *u = NULL;
  mc_keyset_free(set);
  return 0;
}

/* [-0, +1, v] keyset:keys() -> {{kid=, alg=, pem=}...} */
static int keyset_keys(lua_State *L)
{
  const struct mc_keyset *set = *check_keyset(L, 1);
  size_t i, len = mc_keyset_len(set);

  lua_createtable(L, (int)len, 0);
  for(i = 0; i < len; i++) {
    const struct mc_key *key = mc_keyset_at(set, i);

    lua_createtable(L, 0, 3);
    lua_pushstring(L, key->kid);
    lua_setfield(L, -2, "kid");
    lua_pushstring(L, mc_alg_name(key->alg));
    lua_setfield(L, -2, "alg");
    lua_pushstring(L, key->pem);
    lua_setfield(L, -2, "pem");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* [-0, +1, v] */
static int keyset_tostring(lua_State *L)
{
  struct mc_keyset **set = luaL_checkudata(L, 1, MCL_KEYSET);

  if(*set)
    lua_pushfstring(L, "key set of %d", (int)mc_keyset_len(*set));
  else
    lua_pushliteral(L, "key set (closed)");
  return 1;
}

/* ---- the module ---- */

static const luaL_Reg KEYSET_METHODS[] = {
    {"keys", keyset_keys}, {"close", keyset_close}, {NULL, NULL}};
static const luaL_Reg KEYSET_META[] = {{"__gc", keyset_close},
                                       {"__close", keyset_close},
                                       {"__tostring", keyset_tostring},
                                       {NULL, NULL}};
static const luaL_Reg HOLDER_METHODS[] = {{NULL, NULL}};
static const luaL_Reg HOLDER_META[] = {{"__gc", holder_gc}, {NULL, NULL}};
static const luaL_Reg FUNCTIONS[] = {
    {"generate_key", auth_generate_key},
    {"key_alg", auth_key_alg},
    {"key_id", auth_key_id},
    {"jwk", auth_jwk},
    {"certificate", auth_certificate},
    {"keyset", auth_keyset},
    {"sign", auth_sign},
    {"verify", auth_verify},
    {"decode", auth_decode},
    {NULL, NULL},
};

/* [-0, +1, m] */
int mcL_open_auth(lua_State *L)
{
  mcL_new_class(L, MCL_TEXT_HOLDER, HOLDER_METHODS, HOLDER_META);
  mcL_new_class(L, MCL_KEYSET, KEYSET_METHODS, KEYSET_META);
  luaL_newlib(L, FUNCTIONS);
  mcL_add_credentials(L);
  return 1;
}
