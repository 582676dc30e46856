// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * * Tests that README.md shows the table that softuv works by.
 */
#include <stdio.h>

#include "doctable.h"
#include "tests.h"

static void readme_has_the_table(void **state)
{
	static char table[16384], readme[65536];
	FILE *f = fopen("README.md", "r");
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(readme, 1, sizeof(readme) - 1, f);
	fclose(f);
	readme[n] = '\0';
	assert_true(doctable(table, sizeof(table)) > 1000);
	if (!strstr(readme, table))
		fail_msg("README.md: table of calls is not the current one: run make doctable");
	assert_int_equal(doctable(table, 100), 0);
}

const struct CMUnitTest doc_tests[] = {
	cmocka_unit_test(readme_has_the_table),
};

const size_t doc_nr = ARRAY_SIZE(doc_tests);
