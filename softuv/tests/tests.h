/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of test files: each gives its tests as an array.
 */
#ifndef SOFTUV_TESTS_H
#define SOFTUV_TESTS_H

#include "machine.h"

#define TEST(f)		cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)
#define TEST_RAW(f)	cmocka_unit_test_setup_teardown(f, machine_setup_raw, machine_teardown)

/* One pair for each test_*.c */
extern const struct CMUnitTest call_tests[];
extern const size_t call_nr;
extern const struct CMUnitTest conf_tests[];
extern const size_t conf_nr;
extern const struct CMUnitTest cpu_tests[];
extern const size_t cpu_nr;
extern const struct CMUnitTest image_tests[];
extern const size_t image_nr;
extern const struct CMUnitTest page_tests[];
extern const size_t page_nr;
extern const struct CMUnitTest share_tests[];
extern const size_t share_nr;
extern const struct CMUnitTest guest_tests[];
extern const size_t guest_nr;
extern const struct CMUnitTest dat_tests[];
extern const size_t dat_nr;
extern const struct CMUnitTest model_tests[];
extern const size_t model_nr;
extern const struct CMUnitTest dump_tests[];
extern const size_t dump_nr;
extern const struct CMUnitTest command_tests[];
extern const size_t command_nr;
extern const struct CMUnitTest doc_tests[];
extern const size_t doc_nr;
extern const struct CMUnitTest strict_tests[];
extern const size_t strict_nr;
extern const struct CMUnitTest nomem_tests[];
extern const size_t nomem_nr;

#endif /* SOFTUV_TESTS_H */
