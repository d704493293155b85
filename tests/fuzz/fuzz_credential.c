#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Input: a credential, and after a zero byte each an answer to a step. Goes as far towards a
   token as they lead. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct mc_want want = {.kind = MC_WANT_ACCESS, .scopes = "a b"};
  const uint8_t *end = data + size, *next = memchr(data, 0, size);
  struct mc_credential *cred = NULL;
  struct mc_token *token = NULL;
  const struct mc_step *step;
  struct mc_pairs env;
  struct mc_err err;
  char text[64];

  mc_pairs_init(&env);
  mc_pairs_add(&env, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1", &err);
  if(!mc_credential_parse(&cred, (const char *)data, next ? (size_t)(next - data) : size, &err)) {
    mc_credential_print(text, sizeof(text), cred);
    mc_token_new(&token, cred, &want, &env, &err);
  }
  while(token && !mc_token_step(&step, token, 1791164700, &err) && step->kind != MC_STEP_DONE &&
        next) {
    const uint8_t *from = next + 1;
    struct mc_answer answer = {.status = step->kind == MC_STEP_HTTP ? 200 : 0,
                               .body = (const char *)from};

    next = memchr(from, 0, (size_t)(end - from));
    answer.len = (size_t)((next ? next : end) - from);
    if(mc_token_answer(token, &answer, &err))
      break;
  }
  mc_token_free(token);
  mc_credential_free(cred);
  mc_pairs_clear(&env);
  return 0;
}
