// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the run of all native tests as one TAP stream.
 * Never selects; cmocka's own filter (first argument, a pattern with * and ?) does.
 */
#include <stdlib.h>

#include "tests.h"

static struct CMUnitTest all[256];
static size_t nr;

int main(int argc, char **argv)
{
#define ADD(name)						\
	memcpy(all + nr, name##_tests, name##_nr * sizeof(*all));	\
	nr += name##_nr;
	TEST_FILES(ADD)
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests("softuv", all, nr, NULL, NULL) ? EXIT_FAILURE :
									EXIT_SUCCESS;
}
