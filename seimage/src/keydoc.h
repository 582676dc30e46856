/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads host-key documents and private keys, on top of GnuTLS.
 */
#ifndef KEYDOC_H
#define KEYDOC_H

#include "secrypt.h"

/**
 * keydoc_read_public() - P-521 public point of a host-key document
 * @path: X.509 certificate or SubjectPublicKeyInfo, PEM or DER; or the raw 160-byte point
 * @coord: result, 80 + 80 bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int keydoc_read_public(const char *path, uint8_t coord[SE_COORD_SIZE], struct fail *f);

/**
 * keydoc_read_private() - P-521 private scalar
 * @path: PKCS#8 or SEC1 private key, PEM or DER, unencrypted; or the raw 66- or 80-byte scalar
 * @priv: result
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int keydoc_read_private(const char *path, uint8_t priv[P521_SIZE], struct fail *f);

#endif /* KEYDOC_H */
