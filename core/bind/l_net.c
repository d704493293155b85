#include "bind/bind.h"

#include <ctype.h>
#include <string.h>

#include "net/client.h"
#include "net/server.h"

#define MCL_CLIENT "mooncron.client"
#define MCL_SERVER "mooncron.server"

#define MAX_HEADERS 1000

/* ---- headers ---- */

static int count_lines(const struct mc_buf *head)
{
  const char *at = head->data, *end = at + head->len;
  int count = 0;

  for(; at && (at = memchr(at, '\n', (size_t)(end - at))); at++)
    count++;
  return count;
}

/* [-0, +1, m] "Name: value\r\n" lines as a table by lower-case name; what comes twice is joined by
   ", " (RFC 9110, 5.3). */
static void push_headers(lua_State *L, const struct mc_buf *head)
{
  const char *at = head->data, *end = at + head->len, *eol, *colon;
  char name[256];
  size_t len, i;

  lua_createtable(L, 0, count_lines(head));
  for(; at && at < end; at = eol + 1) {
    eol = memchr(at, '\n', (size_t)(end - at));
    if(!eol)
      return;
    colon = memchr(at, ':', (size_t)(eol - at));
    len = colon ? (size_t)(colon - at) : 0;
    if(!len || len >= sizeof(name))
      continue;
    for(i = 0; i < len; i++)
      name[i] = (char)tolower((unsigned char)at[i]);
    lua_pushlstring(L, name, len);
    lua_pushvalue(L, -1);
    for(colon++; colon < eol && (*colon == ' ' || *colon == '\t'); colon++)
      ;
    len = (size_t)(eol - colon);
    while(len && strchr(" \t\r", colon[len - 1]))
      len--;
    if(lua_rawget(L, -3) == LUA_TSTRING) {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, colon, len);
      lua_concat(L, 3);
    } else {
      lua_pop(L, 1);
      lua_pushlstring(L, colon, len);
    }
    lua_rawset(L, -3); /* stack: headers, name, value */
  }
}

static const char *check_text(lua_State *L, int idx, lua_Integer i)
{
  const char *text;
  size_t len;

  if(lua_rawgeti(L, idx, i) != LUA_TSTRING)
    luaL_error(L, "headers: element %I must be a string, not %s", (LUAI_UACINT)i,
               luaL_typename(L, -1));
  text = lua_tolstring(L, -1, &len);
  if(strlen(text) != len)
    luaL_error(L, "headers: element %I contains a zero byte", (LUAI_UACINT)i);
  lua_pop(L, 1); /* the table holds it */
  return text;
}

/* [-0, +1, v] the flat list { name, value, name, value } at `idx` as an array in a userdata, which
   is pushed */
static struct mc_header *read_header_list(lua_State *L, int idx, size_t *count)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, idx);
  struct mc_header *headers;

  if(n % 2 || n > 2 * MAX_HEADERS)
    luaL_error(L, "headers: a flat list of at most %d names and values", MAX_HEADERS);
  *count = (size_t)(n / 2);
  headers = lua_newuserdatauv(L, (*count + 1) * sizeof(*headers), 0);
  for(i = 0; i < n / 2; i++) {
    headers[i].name = check_text(L, idx, 2 * i + 1);
    headers[i].value = check_text(L, idx, 2 * i + 2);
  }
  return headers;
}

/* [-0, +0|1, v] the value on top of its key as text; one that is made for it is left below both */
static const char *text_of_value(lua_State *L)
{
  const char *text;
  size_t len;

  if(lua_type(L, -1) == LUA_TSTRING)
    text = lua_tolstring(L, -1, &len);
  else {
    luaL_checkstack(L, 8, "headers");
    text = luaL_tolstring(L, -1, &len);
    lua_insert(L, -3);
  }
  if(strlen(text) != len)
    luaL_error(L, "headers: '%s' contains a zero byte", lua_tostring(L, -2));
  return text;
}

/* In the names' order, so that the same headers are the same bytes. */
static void insert_header(struct mc_header *headers, size_t count, struct mc_header fresh)
{
  while(count && strcmp(headers[count - 1].name, fresh.name) > 0) {
    headers[count] = headers[count - 1];
    count--;
  }
  headers[count] = fresh;
}

/* [-0, +n, v] the headers at `idx` (a table by name; nil: none) as an array in a userdata, which is
   pushed, and what holds their texts */
static struct mc_header *read_header_map(lua_State *L, int idx, size_t *count)
{
  struct mc_header *headers, fresh;
  size_t len, n = 0;

  *count = 0;
  if(lua_isnoneornil(L, idx))
    return NULL;
  luaL_checktype(L, idx, LUA_TTABLE);
  for(lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
    n++;
  if(n > MAX_HEADERS)
    luaL_error(L, "headers: at most %d names and values", MAX_HEADERS);
  headers = lua_newuserdatauv(L, (n + 1) * sizeof(*headers), 0);
  lua_pushnil(L);
  while(lua_next(L, idx)) {
    if(lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "headers: a name must be a string, not %s", luaL_typename(L, -2));
    fresh.name = lua_tolstring(L, -2, &len);
    fresh.value = text_of_value(L);
    if(strlen(fresh.name) != len)
      luaL_error(L, "headers: '%s' contains a zero byte", fresh.name);
    insert_header(headers, (*count)++, fresh);
    lua_pop(L, 1);
  }
  return headers;
}

/* [-0, +n, v] headers in either form; whatever it pushes has to stay as long as they are used */
static struct mc_header *read_headers(lua_State *L, int idx, size_t *count)
{
  if(lua_istable(L, idx) && lua_rawlen(L, idx) > 0)
    return read_header_list(L, idx, count);
  return read_header_map(L, idx, count);
}

/* ---- client ---- */

struct client_ud {
  struct mc_client *client;
};

enum { CLIENT_LOOP = 1, CLIENT_VALUES = 1 }; /* user values: the loop stays as long as the client */

/* [-0, +1|2, v] net.client(loop, options) -> client | nil, err */
static int client_new(lua_State *L)
{
  static const struct mcL_option rows[] = {
      {"max_connections", MCL_INT, offsetof(struct mc_client_opts, max_connections), 0, 100000},
      {"max_host_connections", MCL_INT, offsetof(struct mc_client_opts, max_host_connections), 0,
       100000},
      {"ca_bundle", MCL_TEXT, offsetof(struct mc_client_opts, ca_bundle), 0, 0},
      {"certificate", MCL_TEXT, offsetof(struct mc_client_opts, certificate), 0, 0},
      {"key", MCL_TEXT, offsetof(struct mc_client_opts, key), 0, 0},
      {"no_proxy", MCL_TEXT, offsetof(struct mc_client_opts, no_proxy), 0, 0},
      {"direct", MCL_BOOL, offsetof(struct mc_client_opts, direct), 0, 0},
      {0}};
  struct mc_loop *loop = mcL_check_loop(L, 1);
  struct mc_client_opts opts = {0};
  struct client_ud *u;
  struct mc_err err;

  mcL_read_options(L, 2, rows, &opts);
  u = lua_newuserdatauv(L, sizeof(*u), CLIENT_VALUES);
  u->client = NULL;
  luaL_setmetatable(L, MCL_CLIENT);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, CLIENT_LOOP);
  if(mc_client_new(&u->client, loop, &opts, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int client_close(lua_State *L)
{
  struct client_ud *u = luaL_checkudata(L, 1, MCL_CLIENT);
  struct mc_client *client = u->client;

  u->client = NULL;
  mc_client_free(client);
  return 0;
}

/* [-0, +1, m] */
static int client_tostring(lua_State *L)
{
  struct client_ud *u = luaL_checkudata(L, 1, MCL_CLIENT);

  lua_pushfstring(L, "mooncron.client%s", u->client ? "" : " (closed)");
  return 1;
}

struct request_opts {
  struct mc_request request;
  struct mcL_bytes body;
  int keeps_coding;
};

/* [-0, +1|2, v] start the request; the headers are on the stack */
static int send_request(lua_State *L, struct mc_client *client, struct request_opts *opts)
{
  struct mc_err err;
  uint64_t id;

  opts->request.body = opts->body.data;
  opts->request.body_len = opts->body.len;
  if(mc_client_send(client, &opts->request, &id, &err))
    return mcL_fail(L, &err);
  lua_pushinteger(L, (lua_Integer)id);
  return 1;
}

#define AT(field) offsetof(struct request_opts, request.field)

/* [-0, +1|2, v] client:send(request, headers) -> id | nil, err. Headers by name, or as a flat list
   of names and values. Both tables hold their texts for the length of the call. */
static int client_send(lua_State *L)
{
  static const struct mcL_option rows[] = {
      {"method", MCL_TEXT, AT(method), 0, 0},
      {"url", MCL_TEXT, AT(url), 0, 0},
      {"body", MCL_BYTES, offsetof(struct request_opts, body), 0, 0},
      {"timeout_ms", MCL_INT, AT(timeout_ms), 0, INT32_MAX},
      {"connect_timeout_ms", MCL_INT, AT(connect_timeout_ms), 0, INT32_MAX},
      {"max_body", MCL_INT, AT(max_body), 0, INT64_C(1) << 40},
      {"max_redirects", MCL_INT, AT(max_redirects), 0, 100},
      {"decompress", MCL_BOOL, AT(decompress), 0, 0},
      {"http1", MCL_BOOL, AT(http1), 0, 0},
      {"stream", MCL_BOOL, AT(stream), 0, 0},
      {0}};
  struct client_ud *u = luaL_checkudata(L, 1, MCL_CLIENT);
  struct request_opts opts = {.request = {.method = "GET", .url = "", .max_body = 16 << 20}};

  luaL_argcheck(L, u->client, 1, "the client is closed");
  luaL_checktype(L, 2, LUA_TTABLE);
  mcL_read_options(L, 2, rows, &opts);
  opts.request.headers = read_headers(L, 3, &opts.request.header_count);
  return send_request(L, u->client, &opts);
}

/* [-0, +1|2, v] client:fetch(request, timeout_ms, max_body, stream) -> id | nil, err. `request` is
   one of mooncron.http, in its words; the rest is what holds where it says nothing. */
static int client_fetch(lua_State *L)
{
  static const struct mcL_option rows[] = {
      {"method", MCL_TEXT, AT(method), 0, 0},
      {"url", MCL_TEXT, AT(url), 0, 0},
      {"headers", MCL_OTHER, 0, 0, 0},
      {"body", MCL_BYTES, offsetof(struct request_opts, body), 0, 0},
      {"timeout", MCL_SECONDS, AT(timeout_ms), 0, INT32_MAX},
      {"max_body", MCL_INT, AT(max_body), 0, INT64_C(1) << 40},
      {"max_redirects", MCL_INT, AT(max_redirects), 0, 100},
      {"no_decompress", MCL_BOOL, offsetof(struct request_opts, keeps_coding), 0, 0},
      {0}};
  struct client_ud *u = luaL_checkudata(L, 1, MCL_CLIENT);
  struct request_opts opts = {.request = {.method = "GET", .url = ""}};

  luaL_argcheck(L, u->client, 1, "the client is closed");
  luaL_checktype(L, 2, LUA_TTABLE);
  opts.request.timeout_ms = luaL_checkinteger(L, 3);
  opts.request.max_body = luaL_checkinteger(L, 4);
  opts.request.stream = lua_toboolean(L, 5);
  lua_settop(L, 2);
  mcL_read_fields(L, 2, rows, &opts, "a request");
  opts.request.decompress = !opts.keeps_coding;
  lua_getfield(L, 2, "headers");
  opts.request.headers = read_header_map(L, 3, &opts.request.header_count);
  return send_request(L, u->client, &opts);
}

#undef AT

/* [-0, +0, v] client:consumed(id, bytes): so much of a stream is dealt with */
static int client_consumed(lua_State *L)
{
  struct client_ud *u = luaL_checkudata(L, 1, MCL_CLIENT);
  lua_Integer id = luaL_checkinteger(L, 2), len = luaL_checkinteger(L, 3);

  luaL_argcheck(L, u->client, 1, "the client is closed");
  luaL_argcheck(L, len >= 0, 3, "must not be negative");
  mc_client_consumed(u->client, (uint64_t)id, (size_t)len);
  return 0;
}

/* ---- server ---- */

struct server_ud {
  struct mc_server *server;
};

enum { SERVER_LOOP = 1, SERVER_VALUES = 1 };

static struct mc_server *check_server(lua_State *L)
{
  struct server_ud *u = luaL_checkudata(L, 1, MCL_SERVER);

  luaL_argcheck(L, u->server, 1, "the server is closed");
  return u->server;
}

/* [-0, +1|2, v] net.server(loop, options) -> server | nil, err */
static int server_new(lua_State *L)
{
#define AT(field) offsetof(struct mc_server_opts, field)
  static const struct mcL_option rows[] = {
      {"host", MCL_TEXT, AT(host), 0, 0},
      {"port", MCL_INT, AT(port), 0, 65535},
      {"max_body", MCL_INT, AT(max_body), 0, INT64_C(1) << 32},
      {"max_buffered", MCL_INT, AT(max_buffered), 0, INT64_C(1) << 40},
      {"max_connections", MCL_INT, AT(max_connections), 1, 100000},
      {"idle_timeout_s", MCL_INT, AT(idle_timeout_s), 0, 86400},
      {0}};
#undef AT
  struct mc_loop *loop = mcL_check_loop(L, 1);
  struct mc_server_opts opts = {.host = "127.0.0.1",
                                .max_body = 4 << 20,
                                .max_buffered = 64 << 20,
                                .max_connections = 1000,
                                .idle_timeout_s = 60};
  struct server_ud *u;
  struct mc_err err;

  mcL_read_options(L, 2, rows, &opts);
  u = lua_newuserdatauv(L, sizeof(*u), SERVER_VALUES);
  u->server = NULL;
  luaL_setmetatable(L, MCL_SERVER);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, SERVER_LOOP);
  if(mc_server_new(&u->server, loop, &opts, &err))
    return mcL_fail(L, &err);
  return 1;
}

/* [-0, +0, v] close, __close and __gc are this one function */
static int server_close(lua_State *L)
{
  struct server_ud *u = luaL_checkudata(L, 1, MCL_SERVER);
  struct mc_server *server = u->server;

  u->server = NULL;
  mc_server_free(server);
  return 0;
}

/* [-0, +1, m] */
static int server_tostring(lua_State *L)
{
  struct server_ud *u = luaL_checkudata(L, 1, MCL_SERVER);

  if(!u->server)
    lua_pushliteral(L, "mooncron.server (closed)");
  else
    lua_pushfstring(L, "mooncron.server (port %d)", mc_server_port(u->server));
  return 1;
}

/* [-0, +1|2, v] server:reply(id, status, headers, body) -> true | nil, err. Headers as those of
   client:send. */
static int server_reply(lua_State *L)
{
  struct mc_server *server = check_server(L);
  lua_Integer id = luaL_checkinteger(L, 2), status = luaL_checkinteger(L, 3);
  struct mc_header *headers;
  const char *body;
  size_t count, len;
  struct mc_err err;

  body = luaL_optlstring(L, 5, "", &len);
  headers = read_headers(L, 4, &count);
  if(mc_server_reply(server, (uint64_t)id, status, headers, count, body, len, &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] server:start(id, status, headers, max_pending) -> true | nil, err */
static int server_start(lua_State *L)
{
  struct mc_server *server = check_server(L);
  lua_Integer id = luaL_checkinteger(L, 2), status = luaL_checkinteger(L, 3);
  lua_Integer max_pending = luaL_optinteger(L, 5, 1 << 20);
  struct mc_header *headers;
  size_t count;
  struct mc_err err;

  luaL_argcheck(L, max_pending > 0, 5, "must be positive");
  headers = read_headers(L, 4, &count);
  if(mc_server_start(server, (uint64_t)id, status, headers, count, max_pending, &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] server:write(id, data) -> true | nil, err */
static int server_write(lua_State *L)
{
  struct mc_server *server = check_server(L);
  lua_Integer id = luaL_checkinteger(L, 2);
  size_t len;
  const char *data = luaL_checklstring(L, 3, &len);
  struct mc_err err;

  if(mc_server_write(server, (uint64_t)id, data, len, &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1|2, v] server:finish(id) -> true | nil, err */
static int server_finish(lua_State *L)
{
  struct mc_server *server = check_server(L);
  struct mc_err err;

  if(mc_server_finish(server, (uint64_t)luaL_checkinteger(L, 2), &err))
    return mcL_fail(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* [-0, +1, v] server:port() -> integer */
static int server_port(lua_State *L)
{
  lua_pushinteger(L, mc_server_port(check_server(L)));
  return 1;
}

/* [-0, +1, v] server:key() -> lightuserdata that the server's request events carry as `server` */
static int server_key(lua_State *L)
{
  lua_pushlightuserdata(L, check_server(L));
  return 1;
}

/* [-0, +0, v] server:quiesce(): no new connections */
static int server_quiesce(lua_State *L)
{
  mc_server_quiesce(check_server(L));
  return 0;
}

/* [-0, +1, v] server:open_requests() -> integer */
static int server_open_requests(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)mc_server_open_requests(check_server(L)));
  return 1;
}

/* ---- events ---- */

/* [-0, +0, m] t[name] = the buffer's bytes, t on top */
static void set_bytes(lua_State *L, const char *name, const struct mc_buf *buf)
{
  lua_pushlstring(L, buf->len ? buf->data : "", buf->len);
  lua_setfield(L, -2, name);
}

/* [-0, +0, m] t[name] = n, t on top */
static void set_int(lua_State *L, const char *name, int64_t n)
{
  lua_pushinteger(L, n);
  lua_setfield(L, -2, name);
}

/* [-0, +1, m] */
static void push_response(lua_State *L, const struct mc_response_event *response)
{
  lua_createtable(L, 0, 10);
  set_int(L, "status", response->status);
  push_headers(L, &response->head);
  lua_setfield(L, -2, "headers");
  set_bytes(L, "body", &response->body);
  set_int(L, "total_us", response->total_us);
  set_int(L, "redirects", response->redirects);
  set_int(L, "http_version", response->http_version);
  if(response->err.code) {
    mcL_push_err(L, &response->err);
    lua_setfield(L, -2, "err");
  }
}

/* [-0, +1, m] */
static void push_request(lua_State *L, const struct mc_request_event *request)
{
  static const char *const faults[] = {NULL, "too_large", "no_room"};

  lua_createtable(L, 0, 10);
  lua_pushlightuserdata(L, request->server);
  lua_setfield(L, -2, "server");
  lua_pushstring(L, request->method);
  lua_setfield(L, -2, "method");
  lua_pushstring(L, request->target);
  lua_setfield(L, -2, "target");
  lua_pushstring(L, request->peer);
  lua_setfield(L, -2, "peer");
  push_headers(L, &request->head);
  lua_setfield(L, -2, "headers");
  set_bytes(L, "head", &request->head);
  set_bytes(L, "body", &request->body);
  if(request->fault) {
    lua_pushstring(L, faults[request->fault]);
    lua_setfield(L, -2, "fault");
  }
}

/* [-0, +0|1, m] */
int mcL_push_net_event(lua_State *L, const struct mc_event *event)
{
  if(event->type == &mc_response_event_type || event->type == &mc_head_event_type)
    push_response(L, (const struct mc_response_event *)event);
  else if(event->type == &mc_chunk_event_type) {
    lua_createtable(L, 0, 3);
    set_bytes(L, "body", &((const struct mc_chunk_event *)event)->body);
  } else if(event->type == &mc_request_event_type)
    push_request(L, (const struct mc_request_event *)event);
  else
    return 0;
  return 1;
}

/* [-0, +1, m] */
int mcL_open_net(lua_State *L)
{
  static const luaL_Reg client_methods[] = {{"close", client_close},
                                            {"send", client_send},
                                            {"fetch", client_fetch},
                                            {"consumed", client_consumed},
                                            {NULL, NULL}};
  static const luaL_Reg client_meta[] = {{"__gc", client_close},
                                         {"__close", client_close},
                                         {"__tostring", client_tostring},
                                         {NULL, NULL}};
  static const luaL_Reg server_methods[] = {{"close", server_close},
                                            {"reply", server_reply},
                                            {"start", server_start},
                                            {"write", server_write},
                                            {"finish", server_finish},
                                            {"port", server_port},
                                            {"key", server_key},
                                            {"quiesce", server_quiesce},
                                            {"open_requests", server_open_requests},
                                            {NULL, NULL}};
  static const luaL_Reg server_meta[] = {{"__gc", server_close},
                                         {"__close", server_close},
                                         {"__tostring", server_tostring},
                                         {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"client", client_new}, {"server", server_new}, {NULL, NULL}};

  mcL_new_class(L, MCL_CLIENT, client_methods, client_meta);
  mcL_new_class(L, MCL_SERVER, server_methods, server_meta);
  luaL_newlib(L, functions);
  mcL_add_policy(L);
  return 1;
}
