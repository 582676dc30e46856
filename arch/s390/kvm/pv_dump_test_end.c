// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the cases of the unit test about what ends a dump: COMPLETE and teardown.
 * Never registers anything; pv_dump_test.c includes it and lists its cases.
 */

/* --- COMPLETE --- */

static void complete_ends_the_dump(struct kunit *test)
{
	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 1);
	expect_call(test, 0, UVC_CMD_DUMP_COMPLETE, 0x50, FAKE_HANDLE);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, SZ_4K);
	expect_state(test, false, false);
	fake_reset();
	FAKE_EXPECT_EQ(test, fake_complete(), -EINVAL);
	expect_untouched(test);
}

static void complete_writes_its_length_and_no_more(struct kunit *test)
{
	fake->info.conf_dump_finalize_len = 288;
	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_COMPLETE, 287, 0), -EINVAL);
	expect_untouched(test);
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_COMPLETE, SZ_64K, 0), 0);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, 288);
	expect_untouched_from(test, 288);
}

static void complete_probes_its_outputs_first(struct kunit *test)
{
	fake_state_active(test);
	fake->buf_readonly = true;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_untouched(test);
	fake_reset();
	fake->cmd_readonly = true;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_untouched(test);
	fake_reset();
	fake->dmp_readonly = true;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_untouched(test);
	expect_state(test, true, false);
}

static void complete_looks_again_under_the_locks(struct kunit *test)
{
	fake_state_active(test);
	fake->at_probe = other_thread_disables;
	FAKE_EXPECT_EQ(test, fake_complete(), -EINVAL);
	expect_untouched(test);
	expect_state(test, false, false);
}

static void refused_complete_leaves_the_dump_active(struct kunit *test)
{
	fake_state_active(test);
	fake->refuse_call = 0;
	fake->rc = 0x0104;
	fake->rrc = 0;
	FAKE_EXPECT_EQ(test, fake_complete(), -EINVAL);
	expect_rc(test, 0x0104, 0);
	expect_untouched_from(test, 0);
	expect_state(test, true, false);
	fake_reset();
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	expect_state(test, false, false);
}

static void killed_complete_leaves_the_dump_active(struct kunit *test)
{
	fake_state_active(test);
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 3;
	fake->kill_at_call = 4;
	FAKE_EXPECT_EQ(test, fake_complete(), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 5);
	expect_untouched_from(test, 0);
	expect_state(test, true, false);
}

static void complete_busy_is_retried(struct kunit *test)
{
	fake_state_active(test);
	fake->busy = 3;
	fake->busy_cc = 2;
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 4);
	expect_call(test, 3, UVC_CMD_DUMP_COMPLETE, 0x50, FAKE_HANDLE);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, SZ_4K);
	expect_state(test, false, false);
}

static void complete_without_memory_changes_nothing(struct kunit *test)
{
	fake_state_active(test);
	fake->fail_alloc = 0;
	FAKE_EXPECT_EQ(test, fake_complete(), -ENOMEM);
	expect_untouched(test);
	expect_state(test, true, false);
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	expect_state(test, false, false);
}

static void undelivered_completion_data_is_kept(struct kunit *test)
{
	fake_state_active(test);
	fake->fail_flush = 0;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_state(test, false, true);

	/* A second fault does not lose it either; no UVC is made any more. [I6] */
	fake_reset();
	fake->fail_flush = 0;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 0);
	expect_rc(test, 0xdead, 0xbeef);
	expect_state(test, false, true);

	fake_reset();
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 0);
	expect_rc(test, 0xdead, 0xbeef);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, SZ_4K);
	expect_state(test, false, false);
	FAKE_EXPECT_EQ(test, fake_complete(), -EINVAL);
}

static void kept_data_is_no_active_dump(struct kunit *test)
{
	fake_state_kept(test);
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_COMPLETE, SZ_4K - 1, 0), -EINVAL);
	expect_untouched(test);
	expect_state(test, false, true);
}

static void init_discards_kept_data_only_on_success(struct kunit *test)
{
	fake_state_kept(test);
	fake->refuse_call = 0;
	FAKE_EXPECT_EQ(test, fake_init(), -EINVAL);
	expect_state(test, false, true);
	fake_reset();
	FAKE_EXPECT_EQ(test, fake_init(), 0);
	expect_state(test, true, false);
	/* The next completion data is the next dump's. */
	fake_reset();
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 1);
}

/* Somebody else gets on while the copy is about to fail: what nobody can use is not kept. */
static void data_of_a_past_dump_is_not_kept(struct kunit *test)
{
	fake_state_active(test);
	fake->fail_flush = 0;
	fake->at_flush = other_thread_disables;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_state(test, false, false);

	fake_protect();
	fake_reset();
	fake_state_active(test);
	fake->fail_flush = 0;
	fake->at_flush = other_thread_starts_anew;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_state(test, true, false);

	/* The dump is over already when the copy is made, so the next INIT is all it takes. */
	fake_reset();
	fake->fail_flush = 0;
	fake->at_flush = other_thread_inits;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	expect_state(test, true, false);
}

/* --- teardown --- */

static void teardown_ends_every_state(struct kunit *test)
{
	static void (*const states[])(struct kunit *test) = {
		NULL, fake_state_active, fake_state_kept,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		fake_protect();
		fake_reset();
		if (states[i])
			states[i](test);
		fake_teardown(true);
		expect_state(test, false, false);
		FAKE_EXPECT_EQ(test, fake->nr_calls, 0);
		/* Everything can begin anew. */
		fake_protect();
		FAKE_EXPECT_EQ(test, fake_stor(1, 0), -EINVAL);
		FAKE_EXPECT_EQ(test, fake_complete(), -EINVAL);
		FAKE_EXPECT_EQ(test, fake_init(), 0);
		FAKE_EXPECT_EQ(test, fake_complete(), 0);
		expect_state(test, false, false);
	}
}

static void failed_teardown_keeps_every_state(struct kunit *test)
{
	fake_teardown(false);
	expect_state(test, false, false);
	fake_state_active(test);
	fake_teardown(false);
	expect_state(test, true, false);
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	fake_state_kept(test);
	fake_teardown(false);
	expect_state(test, false, true);
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	expect_state(test, false, false);
}

static void destruction_frees_kept_data(struct kunit *test)
{
	fake_state_kept(test);
	kvm_s390_pv_dump_destroy_vm(fake->kvm);
	expect_state(test, false, false);
	/* Twice is harmless: a VM may never have had any. */
	kvm_s390_pv_dump_destroy_vm(fake->kvm);
}
