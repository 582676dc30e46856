// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads host-key documents and private keys, on top of GnuTLS.
 */
#include "keydoc.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#define KEYDOC_MAX	(256u * 1024)	/* no key file is larger */
#define RAW_SCALAR	80u

/* Right-align @d in @len bytes; leading zeros of @d are ignored. */
static int align_num(const gnutls_datum_t *d, uint8_t *out, size_t len)
{
	const uint8_t *p = d->data;
	size_t n = d->size;

	while (n && !*p) {
		p++;
		n--;
	}
	if (n > len)
		return -1;
	memset(out, 0, len);
	if (n)
		memcpy(out + len - n, p, n);
	return 0;
}

static int import_cert(gnutls_pubkey_t key, const gnutls_datum_t *d, gnutls_x509_crt_fmt_t fmt)
{
	gnutls_x509_crt_t crt;
	int ret;

	ret = gnutls_x509_crt_init(&crt);
	if (ret < 0)
		return ret;
	ret = gnutls_x509_crt_import(crt, d, fmt);
	if (ret >= 0)
		ret = gnutls_pubkey_import_x509(key, crt, 0);
	gnutls_x509_crt_deinit(crt);
	return ret;
}

static int import_any(gnutls_pubkey_t key, const gnutls_datum_t *d)
{
	static const gnutls_x509_crt_fmt_t fmt[] = { GNUTLS_X509_FMT_PEM, GNUTLS_X509_FMT_DER };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fmt); i++) {
		if (import_cert(key, d, fmt[i]) >= 0 || gnutls_pubkey_import(key, d, fmt[i]) >= 0)
			return 0;
	}
	return -1;
}

static int export_point(gnutls_pubkey_t key, const char *path, uint8_t *coord, struct fail *f)
{
	gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 };
	gnutls_ecc_curve_t curve;
	int ret;

	if (gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) < 0)
		return fail_set(f, "%s: host-key document: not an elliptic-curve key", path);
	if (curve != GNUTLS_ECC_CURVE_SECP521R1)
		ret = fail_set(f, "%s: host-key document: curve is %s: secp521r1 expected", path,
			       gnutls_ecc_curve_get_name(curve));
	else if (align_num(&x, coord, 80) || align_num(&y, coord + 80, 80))
		ret = fail_set(f, "%s: host-key document: coordinate too long", path);
	else
		ret = 0;
	gnutls_free(x.data);
	gnutls_free(y.data);
	return ret;
}

static int decode_public(const char *path, const gnutls_datum_t *d, uint8_t *coord, struct fail *f)
{
	gnutls_pubkey_t key;
	int ret;

	if (gnutls_pubkey_init(&key) < 0)
		return fail_set(f, "%s: no memory", path);
	if (import_any(key, d)) {
		fail_set(f,
			 "%s: host-key document: neither an X.509 certificate nor a public key, in PEM or DER",
			 path);
		ret = fail_hint(f, "openssl x509 -in FILE -text shows a certificate");
	} else {
		ret = export_point(key, path, coord, f);
	}
	gnutls_pubkey_deinit(key);
	return ret;
}

int keydoc_read_public(const char *path, uint8_t coord[SE_COORD_SIZE], struct fail *f)
{
	gnutls_datum_t d;
	size_t len;
	int ret = 0;

	d.data = read_whole_file(path, KEYDOC_MAX, &len, f);
	if (!d.data)
		return -1;
	d.size = (unsigned int)len;
	if (len == SE_COORD_SIZE)
		memcpy(coord, d.data, SE_COORD_SIZE);
	else
		ret = decode_public(path, &d, coord, f);
	free(d.data);
	if (!ret && !p521_valid(coord))
		ret = fail_set(f,
			       "%s: host-key document: the point is not on curve secp521r1", path);
	return ret;
}

static int decode_private(const char *path, const gnutls_datum_t *d, uint8_t *priv, struct fail *f)
{
	gnutls_datum_t k = { NULL, 0 };
	gnutls_ecc_curve_t curve;
	gnutls_x509_privkey_t key;
	int ret;

	if (gnutls_x509_privkey_init(&key) < 0)
		return fail_set(f, "%s: no memory", path);
	if (gnutls_x509_privkey_import(key, d, GNUTLS_X509_FMT_PEM) < 0 &&
	    gnutls_x509_privkey_import(key, d, GNUTLS_X509_FMT_DER) < 0)
		ret = fail_set(f, "%s: private key: neither PEM nor DER, or encrypted", path);
	else if (gnutls_x509_privkey_export_ecc_raw(key, &curve, NULL, NULL, &k) < 0)
		ret = fail_set(f, "%s: private key: not an elliptic-curve key", path);
	else if (curve != GNUTLS_ECC_CURVE_SECP521R1 || align_num(&k, priv, P521_SIZE))
		ret = fail_set(f, "%s: private key: curve is %s: secp521r1 expected", path,
			       gnutls_ecc_curve_get_name(curve));
	else
		ret = 0;
	gnutls_free(k.data);
	gnutls_x509_privkey_deinit(key);
	return ret;
}

int keydoc_read_private(const char *path, uint8_t priv[P521_SIZE], struct fail *f)
{
	uint8_t coord[SE_COORD_SIZE];
	gnutls_datum_t d;
	size_t len;
	int ret = 0;

	d.data = read_whole_file(path, KEYDOC_MAX, &len, f);
	if (!d.data)
		return -1;
	d.size = (unsigned int)len;
	if (len == RAW_SCALAR || len == P521_SIZE) {
		if (align_num(&d, priv, P521_SIZE))
			ret = fail_set(f, "%s: private key: scalar too long", path);
	} else {
		ret = decode_private(path, &d, priv, f);
	}
	free(d.data);
	if (!ret && p521_public(priv, coord))
		ret = fail_set(f,
			       "%s: private key: scalar is not below the order of secp521r1", path);
	return ret;
}
