/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * * Reads a P-521 private key from a PEM file (RFC 5915 or RFC 5208).
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "cpu.h"
#include "softuv-int.h"

#define KEY_FILE_MAX    (64 * 1024)

/* DER tags (ITU-T X.690) */
#define DER_INTEGER     0x02
#define DER_OCTETS      0x04
#define DER_OID         0x06
#define DER_SEQUENCE    0x30
#define DER_CONTEXT_0   0xa0

static const uint8_t oid_ec_public_key[] = {
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01        /* 1.2.840.10045.2.1 */
};
static const uint8_t oid_secp521r1[] = {
    0x2b, 0x81, 0x04, 0x00, 0x23                    /* 1.3.132.0.35 */
};

typedef struct Der {
    const uint8_t *p;
    size_t len;
} Der;

/* Take one element with this tag off @in; its contents go to @out. */
static bool der_take(Der *in, uint8_t tag, Der *out)
{
    size_t len, head = 2;

    if (in->len < 2 || in->p[0] != tag) {
        return false;
    }
    len = in->p[1];
    if (len & 0x80) {
        size_t i, n = len & 0x7f;

        if (n < 1 || n > 2 || in->len < 2 + n) {
            return false;
        }
        for (i = 0, len = 0; i < n; i++) {
            len = len << 8 | in->p[2 + i];
        }
        head += n;
    }
    if (len > in->len - head) {
        return false;
    }
    out->p = in->p + head;
    out->len = len;
    in->p += head + len;
    in->len -= head + len;
    return true;
}

static bool der_is(const Der *d, const uint8_t *bytes, size_t len)
{
    return d->len == len && !memcmp(d->p, bytes, len);
}

/* RFC 5915; @curve_known: the enclosing structure has named the curve */
static const char *parse_sec1(Der in, bool curve_known, uint8_t *scalar)
{
    Der seq, ver, key, ctx, oid;
    size_t i;

    if (!der_take(&in, DER_SEQUENCE, &seq) ||
        !der_take(&seq, DER_INTEGER, &ver) || ver.len != 1 || ver.p[0] != 1 ||
        !der_take(&seq, DER_OCTETS, &key)) {
        return "not an ECPrivateKey structure (RFC 5915)";
    }
    if (der_take(&seq, DER_CONTEXT_0, &ctx)) {
        if (!der_take(&ctx, DER_OID, &oid) ||
            !der_is(&oid, oid_secp521r1, sizeof(oid_secp521r1))) {
            return "the key is not on curve secp521r1 (P-521)";
        }
    } else if (!curve_known) {
        return "the key does not name its curve";
    }
    if (key.len > SOFTUV_KEY_LEN) {
        return "the private key is longer than 66 bytes";
    }
    for (i = 0; i < key.len && !key.p[i]; i++) {
    }
    if (i == key.len) {
        return "the private key is zero";
    }
    memset(scalar, 0, SOFTUV_KEY_LEN);
    memcpy(scalar + SOFTUV_KEY_LEN - key.len, key.p, key.len);
    return NULL;
}

/* RFC 5208 */
static const char *parse_pkcs8(Der in, uint8_t *scalar)
{
    Der seq, ver, alg, oid, key;

    if (!der_take(&in, DER_SEQUENCE, &seq) ||
        !der_take(&seq, DER_INTEGER, &ver) ||
        !der_take(&seq, DER_SEQUENCE, &alg) ||
        !der_take(&seq, DER_OCTETS, &key)) {
        return "not a PrivateKeyInfo structure (RFC 5208)";
    }
    if (!der_take(&alg, DER_OID, &oid) ||
        !der_is(&oid, oid_ec_public_key, sizeof(oid_ec_public_key))) {
        return "not an elliptic-curve key";
    }
    if (!der_take(&alg, DER_OID, &oid) ||
        !der_is(&oid, oid_secp521r1, sizeof(oid_secp521r1))) {
        return "the key is not on curve secp521r1 (P-521)";
    }
    return parse_sec1(key, true, scalar);
}

/* The decoded contents of the PEM block with this label, or NULL. */
static uint8_t *pem_block(const char *text, const char *label, size_t *len)
{
    g_autofree char *begin = g_strdup_printf("-----BEGIN %s-----", label);
    g_autofree char *end = g_strdup_printf("-----END %s-----", label);
    g_autofree char *body = NULL;
    const char *from = strstr(text, begin);
    const char *to;

    if (!from) {
        return NULL;
    }
    from += strlen(begin);
    to = strstr(from, end);
    if (!to) {
        return NULL;
    }
    body = g_strndup(from, to - from);
    return g_base64_decode(body, len);
}

static const char *parse_pem(const char *text, uint8_t *scalar)
{
    g_autofree uint8_t *der = NULL;
    const char *why;
    size_t len = 0;

    if (strstr(text, "ENCRYPTED")) {
        return "the key is encrypted with a password, which is not supported";
    }
    der = pem_block(text, "PRIVATE KEY", &len);
    if (der) {
        why = parse_pkcs8((Der) { der, len }, scalar);
    } else {
        der = pem_block(text, "EC PRIVATE KEY", &len);
        why = der ? parse_sec1((Der) { der, len }, false, scalar)
                  : "no PEM block PRIVATE KEY or EC PRIVATE KEY in it";
    }
    if (der) {
        memset(der, 0, len);
    }
    return why;
}

int s390_softuv_load_key(const char *file, uint8_t *scalar, Error **errp)
{
    g_autofree char *text = NULL;
    GError *gerr = NULL;
    const char *why;
    struct stat st;
    gsize len;

    if (stat(file, &st) == 0 &&
        (!S_ISREG(st.st_mode) || st.st_size > KEY_FILE_MAX)) {
        error_setg(errp, "%s: %s: cannot read key: not a small regular file",
                   TYPE_S390_SOFTUV, file);
        return -1;
    }
    if (!g_file_get_contents(file, &text, &len, &gerr)) {
        error_setg(errp, "%s: %s", TYPE_S390_SOFTUV, gerr->message);
        g_error_free(gerr);
        return -1;
    }
    why = parse_pem(text, scalar);
    memset(text, 0, len);
    if (why) {
        error_setg(errp, "%s: %s: cannot read key: %s", TYPE_S390_SOFTUV, file,
                   why);
        error_append_hint(errp, "A P-521 private key in PEM form is made by "
                          "'openssl ecparam -name secp521r1 -genkey -noout'\n");
        return -1;
    }
    return 0;
}
