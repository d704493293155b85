#include "auth/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "auth/encode.h"
#include "auth/keys.h"

static int add(json_t *list, X509 *certificate, struct mc_err *err)
{
  unsigned char *der = NULL;
  int len = i2d_X509(certificate, &der), rc;
  struct mc_buf text;

  if(len < 0)
    return mc_fail_nomem(err);
  mc_buf_init(&text, 2 * MC_PEM_MAX);
  rc = mc_encode_base64(&text, der, (size_t)len, err);
  OPENSSL_free(der);
  if(!rc && json_array_append_new(list, json_string(text.data)))
    rc = mc_fail_nomem(err);
  mc_buf_clear(&text);
  return rc;
}

int mc_certificates_add(json_t *list, const char *pem, size_t len, size_t most, struct mc_err *err)
{
  BIO *bio = BIO_new_mem_buf(len ? pem : "", (int)len);
  X509 *certificate;
  size_t count = 0;
  int rc = bio ? MC_OK : mc_fail_nomem(err);

  while(!rc && count < most && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
    rc = add(list, certificate, err);
    X509_free(certificate);
    count++;
  }
  if(!rc && count < most && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "certificate %zu is broken", count + 1);
  ERR_clear_error();
  BIO_free(bio);
  return rc;
}
