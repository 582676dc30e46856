/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the list of test files: each gives its tests as an array.
 * Never contains a test.
 */
#ifndef SOFTUV_TESTS_H
#define SOFTUV_TESTS_H

#include "machine.h"

#define TEST(f)		cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)
#define TEST_RAW(f)	cmocka_unit_test_setup_teardown(f, machine_setup_raw, machine_teardown)

#define TEST_FILES(X)	\
	X(call) X(conf) X(cpu) X(image) X(page) X(share) X(dat) X(model) X(dump) X(command) X(doc)

#define SUITE(name, ...)							\
	const struct CMUnitTest name##_tests[] = { __VA_ARGS__ };		\
	const size_t name##_nr = sizeof(name##_tests) / sizeof(name##_tests[0])

#define DECLARE(name)							\
	extern const struct CMUnitTest name##_tests[];			\
	extern const size_t name##_nr;
TEST_FILES(DECLARE)

#endif /* SOFTUV_TESTS_H */
