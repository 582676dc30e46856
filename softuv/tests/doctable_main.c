// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program that prints the document table for README.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "doctable.h"

int main(void)
{
	static char table[16384];

	if (!doctable(table, sizeof(table))) {
		fprintf(stderr, "doctable: table: does not fit: raise the buffer\n");
		return EXIT_FAILURE;
	}
	fputs(table, stdout);
	return EXIT_SUCCESS;
}
