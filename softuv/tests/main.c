// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The run of all native tests as one TAP stream.
 */
#include <stdlib.h>

#include "tests.h"

static struct CMUnitTest all[256];
static size_t nr;

static void add(const struct CMUnitTest *tests, size_t n)
{
	memcpy(all + nr, tests, n * sizeof(*all));
	nr += n;
}

int main(int argc, char **argv)
{
	add(call_tests, call_nr);
	add(conf_tests, conf_nr);
	add(cpu_tests, cpu_nr);
	add(image_tests, image_nr);
	add(page_tests, page_nr);
	add(share_tests, share_nr);
	add(guest_tests, guest_nr);
	add(dat_tests, dat_nr);
	add(model_tests, model_nr);
	add(dump_tests, dump_nr);
	add(command_tests, command_nr);
	add(doc_tests, doc_nr);
	add(strict_tests, strict_nr);
	add(nomem_tests, nomem_nr);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests("softuv", all, nr, NULL, NULL) ? EXIT_FAILURE :
									EXIT_SUCCESS;
}
