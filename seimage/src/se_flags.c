// SPDX-License-Identifier: GPL-2.0-or-later
/* SE header control flags; source: s390-tools rust/pvimg flags.rs, pvimg-create.1. */
#include "seimage.h"

const struct se_flag se_flags[] = {
	{ "dump", SE_PCF_DUMP, false, false, "the configuration may be dumped" },
	{ "image-encryption", SE_PCF_NO_ENCRYPTION, false, true, "components are encrypted" },
	{ "pckmo", SE_PCF_PCKMO_DEA | SE_PCF_PCKMO_AES | SE_PCF_PCKMO_ECC, false, false,
	  "PCKMO may encrypt DEA/TDEA, AES and ECC keys" },
	{ "pckmo-dea-tdea", SE_PCF_PCKMO_DEA, false, false, "PCKMO may encrypt DEA/TDEA keys" },
	{ "pckmo-aes", SE_PCF_PCKMO_AES, false, false, "PCKMO may encrypt AES keys" },
	{ "pckmo-ecc", SE_PCF_PCKMO_ECC, false, false, "PCKMO may encrypt ECC keys" },
	{ "pckmo-hmac", SE_PCF_PCKMO_HMAC, false, false, "PCKMO may encrypt HMAC keys" },
	{ "backup-keys", SE_PCF_BACKUP_KEY, false, false, "backup host keys may be used" },
	{ "cck-extension-secret", SE_SCF_CCK_EXTENSION, true, false,
	  "add-secret requests need the CCK's extension secret" },
	{ "cck-update", SE_SCF_CCK_UPDATE, true, false, "the CCK may be replaced at run time" },
};

const size_t se_nflags = ARRAY_SIZE(se_flags);
