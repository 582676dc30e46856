// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the cases of the unit test about what fetches data: CONFIG_STOR_STATE and CPU.
 * Never registers anything; pv_dump_test.c includes it and lists its cases.
 */

/* --- CONFIG_STOR_STATE --- */

static void stor_state_walks_up_mib_by_mib(struct kunit *test)
{
	u64 gaddr = 5 * SZ_1M, i;

	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_stor(40, gaddr), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 40);
	for (i = 0; i < 40; i++) {
		expect_call(test, i, UVC_CMD_DUMP_CONF_STOR_STATE, 0x50, FAKE_HANDLE);
		FAKE_EXPECT_EQ(test, fake->calls[i].gaddr, gaddr + i * SZ_1M);
	}
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_blocks(test, 40, gaddr);
	expect_untouched_from(test, 40 * SZ_4K);
	FAKE_EXPECT_EQ(test, fake->dmp.gaddr, gaddr + 40 * SZ_1M);
	expect_state(test, true, false);
}

static void stor_state_flushes_at_the_buffer_size(struct kunit *test)
{
	static const unsigned int rows[] = { 1, 15, 16, 17, 31, 32, 33, 255, 256 };
	const u64 batch = PV_DUMP_BOUNCE_SIZE / SZ_4K;
	int i;

	fake_state_active(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reset();
		FAKE_EXPECT_EQ(test, fake_stor(rows[i], 0), 0);
		FAKE_EXPECT_EQ(test, fake->nr_calls, rows[i]);
		FAKE_EXPECT_EQ(test, fake->nr_flushes, DIV_ROUND_UP(rows[i], batch));
		FAKE_EXPECT_EQ(test, fake->flushed, rows[i] * SZ_4K);
		expect_blocks(test, rows[i], 0);
		expect_untouched_from(test, rows[i] * SZ_4K);
	}
}

/* Each block is stored behind the one before it, and no block outside of the bounce buffer. */
static void stor_state_stays_in_its_buffer(struct kunit *test)
{
	static const u64 lens[] = { 1, 16, SZ_4K, 5000, SZ_8K, SZ_32K + 8, SZ_64K };
	u64 len, batch, base;
	int i, j;

	/* Below, the number is on both sides of the comparison. */
	FAKE_EXPECT_EQ(test, PV_DUMP_BATCH_BLOCKS, 256);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		len = lens[i];
		batch = min_t(u64, PV_DUMP_BOUNCE_SIZE / len, PV_DUMP_BATCH_BLOCKS);
		fake->info.conf_dump_storage_state_len = len;
		fake_protect();
		fake_state_active(test);
		FAKE_EXPECT_EQ(test, fake_stor(batch + 3, SZ_1M), 0);
		FAKE_EXPECT_EQ(test, fake->nr_calls, batch + 3);
		base = fake->calls[0].origin;
		FAKE_EXPECT_EQ(test, base % 8, 0);
		for (j = 0; j < fake->nr_calls; j++)
			FAKE_EXPECT_EQ(test, fake->calls[j].origin, base + j % batch * len);
		expect_blocks(test, batch + 3, SZ_1M);
		expect_untouched_from(test, (batch + 3) * len);
		fake_teardown(true);
	}
}

static void stor_state_rejects_bad_arguments(struct kunit *test)
{
	static const struct {
		u64 len, gaddr;
	} rows[] = {
		{ 0, 0 }, { 1, 0 }, { SZ_4K - 1, 0 }, { SZ_4K + 1, 0 }, { ~0ULL, 0 },
		{ SZ_4K, 1 }, { SZ_4K, SZ_4K }, { SZ_4K, SZ_1M - 1 }, { SZ_4K, ~0ULL },
	};
	int i;

	fake_state_active(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE, rows[i].len,
						  rows[i].gaddr), -EINVAL, "row %d", i);
		expect_untouched(test);
		FAKE_EXPECT_EQ(test, fake->dmp.gaddr, rows[i].gaddr);
	}
	/* Not a power of two: a multiple counts, not an alignment. */
	fake->info.conf_dump_storage_state_len = 5000;
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE, SZ_8K, 0), -EINVAL);
	expect_untouched(test);
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE, 10000, 0), 0);
	expect_state(test, true, false);
}

static void stor_state_delivers_what_precedes_a_uv_error(struct kunit *test)
{
	static const unsigned int rows[] = { 0, 1, 15, 16, 17, 31, 39 };
	int i;

	fake_state_active(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reset();
		fake->refuse_call = rows[i];
		fake->rc = 0x0103;
		fake->rrc = 0x0007;
		FAKE_EXPECT_EQ(test, fake_stor(40, SZ_1M), -EINVAL);
		expect_rc(test, 0x0103, 0x0007);
		FAKE_EXPECT_EQ(test, fake->nr_calls, rows[i] + 1);
		expect_blocks(test, rows[i], SZ_1M);
		expect_untouched_from(test, rows[i] * SZ_4K);
		FAKE_EXPECT_EQ(test, fake->dmp.gaddr, SZ_1M);
		expect_state(test, true, false);
	}
}

static void stor_state_stops_at_each_faulting_flush(struct kunit *test)
{
	int i;

	fake_state_active(test);
	for (i = 0; i < 3; i++) {
		fake_reset();
		fake->fail_flush = i;
		FAKE_EXPECT_EQ(test, fake_stor(40, 0), -EFAULT);
		expect_rc(test, UVC_RC_EXECUTED, 0);
		FAKE_EXPECT_EQ(test, fake->nr_calls, min(16 * (i + 1), 40));
		expect_blocks(test, 16 * i, 0);
		expect_untouched_from(test, 16 * i * SZ_4K);
		FAKE_EXPECT_EQ(test, fake->dmp.gaddr, 0);
		expect_state(test, true, false);
	}
}

static void stor_state_probes_its_outputs_first(struct kunit *test)
{
	fake_state_active(test);
	fake->cmd_readonly = true;
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), -EFAULT);
	expect_untouched(test);
	fake_reset();
	fake->dmp_readonly = true;
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), -EFAULT);
	expect_untouched(test);
	expect_state(test, true, false);
}

static void stor_state_reports_a_lost_gaddr(struct kunit *test)
{
	fake_state_active(test);
	fake->gaddr_once = true;
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), -EFAULT);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_blocks(test, 1, 0);
	expect_state(test, true, false);
}

static void stor_state_busy_is_retried_at_the_same_block(struct kunit *test)
{
	int cc;

	fake_state_active(test);
	for (cc = 2; cc <= 3; cc++) {
		fake_reset();
		fake->busy = 5;
		fake->busy_cc = cc;
		FAKE_EXPECT_EQ(test, fake_stor(2, SZ_1M), 0);
		FAKE_EXPECT_EQ(test, fake->nr_calls, 7);
		FAKE_EXPECT_EQ(test, fake->calls[5].gaddr, SZ_1M);
		FAKE_EXPECT_EQ(test, fake->calls[5].origin, fake->calls[0].origin);
		FAKE_EXPECT_EQ(test, fake->calls[6].gaddr, 2 * SZ_1M);
		expect_blocks(test, 2, SZ_1M);
	}
}

static void stor_state_ends_one_uvc_after_a_fatal_signal(struct kunit *test)
{
	static const int rows[] = { 0, 15, 16, 20 };
	int i;

	fake_state_active(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reset();
		fake->kill_at_call = rows[i];
		FAKE_EXPECT_EQ(test, fake_stor(200, 0), -EINTR);
		/* Those of the last UVC, which was a good one. */
		expect_rc(test, UVC_RC_EXECUTED, 0);
		FAKE_EXPECT_EQ(test, fake->nr_calls, rows[i] + 1);
		expect_blocks(test, rows[i] + 1, 0);
		expect_untouched_from(test, (rows[i] + 1) * SZ_4K);
		FAKE_EXPECT_EQ(test, fake->dmp.gaddr, 0);
		expect_state(test, true, false);
	}
}

static void stor_state_killed_while_busy(struct kunit *test)
{
	fake_state_active(test);
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 2;
	fake->kill_at_call = 3;
	FAKE_EXPECT_EQ(test, fake_stor(2, 0), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 4);
	expect_untouched_from(test, 0);
	expect_state(test, true, false);
}

static void stor_state_notices_another_world(struct kunit *test)
{
	static const struct {
		void (*other_thread)(struct fake *f);
		bool active;
	} worlds[] = {
		{ other_thread_disables, false },
		{ other_thread_completes, false },
		{ other_thread_completes_and_inits, true },
		{ other_thread_starts_anew, true },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++) {
		fake_protect();
		fake_reset();
		FAKE_EXPECT_EQ(test, fake_init(), 0);
		fake_reset();
		fake->at_flush = worlds[i].other_thread;
		FAKE_EXPECT_EQ(test, fake_stor(40, 0), -EINVAL);
		/* The last UVC of the request was a good one, and there was none after it. */
		expect_rc(test, UVC_RC_EXECUTED, 0);
		FAKE_EXPECT_EQ(test, fake->calls[15].cmd, UVC_CMD_DUMP_CONF_STOR_STATE);
		KUNIT_EXPECT_LE(test, fake->nr_calls, 17U);
		FAKE_EXPECT_EQ(test, fake->nr_flushes, 1);
		FAKE_EXPECT_EQ(test, fake->dmp.gaddr, 0);
		expect_state(test, worlds[i].active, false);
		fake_teardown(true);
	}
}

/* Two requests at a time: the second brings a bounce buffer of its own, one of them stays. */
static void stor_state_keeps_one_bounce_buffer(struct kunit *test)
{
	void *kept;

	fake_state_active(test);
	fake->at_flush = other_thread_has_fetched;
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), 0);
	FAKE_EXPECT_EQ(test, fake->nr_allocs, 2);
	kept = fake->kvm->arch.pv_dump.bounce;
	KUNIT_EXPECT_TRUE(test, (bool)kept);
	FAKE_EXPECT_EQ(test, fake->calls[0].origin, kept);
	/* It is used again. */
	fake_reset();
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), 0);
	FAKE_EXPECT_EQ(test, fake->nr_allocs, 0);
	FAKE_EXPECT_EQ(test, fake->calls[0].origin, kept);
	/* And goes with the dump. */
	FAKE_EXPECT_EQ(test, fake_complete(), 0);
	KUNIT_EXPECT_FALSE(test, (bool)fake->kvm->arch.pv_dump.bounce);
}

static void stor_state_without_memory_is_enomem(struct kunit *test)
{
	fake_state_active(test);
	fake->fail_alloc = 0;
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), -ENOMEM);
	expect_untouched(test);
	FAKE_EXPECT_EQ(test, fake->dmp.gaddr, 0);
	expect_state(test, true, false);
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), 0);
}

/* --- DUMP_CPU --- */

static void cpu_is_one_uvc_with_the_cpu_handle(struct kunit *test)
{
	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 1);
	expect_call(test, 0, UVC_CMD_DUMP_CPU, 0x50, FAKE_CPU_HANDLE);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_data(test, 0, UVC_CMD_DUMP_CPU, 0, SZ_4K);
	expect_untouched_from(test, SZ_4K);
	/* And again, as often as desired. */
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 2);
	expect_state(test, true, false);
}

static void cpu_length_is_exact(struct kunit *test)
{
	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_cpu(0), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K - 1), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K + 1), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu(~0ULL), -EINVAL);
	expect_untouched(test);
	fake->info.guest_cpu_stor_len = 5000;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_8K), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu(5000), 0);
	expect_data(test, 0, UVC_CMD_DUMP_CPU, 0, 5000);
	expect_untouched_from(test, 5000);
}

static void cpu_command_takes_only_dump_cpu(struct kunit *test)
{
	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_cpu_command(KVM_PV_DUMP, 1, KVM_PV_DUMP_CPU, SZ_4K), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu_command(KVM_PV_INFO, 0, KVM_PV_DUMP_CPU, SZ_4K), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu_command(KVM_PV_DUMP, 0, KVM_PV_DUMP_INIT, SZ_4K), -EINVAL);
	FAKE_EXPECT_EQ(test, fake_cpu_command(KVM_PV_DUMP, 0, 4, SZ_4K), -EINVAL);
	expect_untouched(test);
	fake->cmd_unreadable = true;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EFAULT);
	expect_untouched(test);
	expect_state(test, true, false);
}

static void cpu_command_needs_a_pv_host(struct kunit *test)
{
	int host = prot_virt_host;

	prot_virt_host = 0;
	FAKE_EXPECT_EQ(test, kvm_s390_pv_dump_vcpu_command(fake->vcpu, NULL), -EINVAL);
	prot_virt_host = host;
	FAKE_EXPECT_EQ(test, fake->nr_calls, 0);
}

static void cpu_without_a_handle_is_einval(struct kunit *test)
{
	fake_state_active(test);
	fake->vcpu->arch.pv.handle = 0;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EINVAL);
	expect_untouched(test);
}

static void cpu_probes_its_outputs_first(struct kunit *test)
{
	fake_state_active(test);
	fake->dmp_unreadable = true;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EFAULT);
	expect_untouched(test);
	fake_reset();
	fake->cmd_readonly = true;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EFAULT);
	expect_untouched(test);
	fake_reset();
	fake->buf_readonly = true;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EFAULT);
	expect_untouched(test);
}

static void cpu_looks_again_under_the_lock(struct kunit *test)
{
	fake_state_active(test);
	fake->at_probe = leaf_holder_ends_the_dump;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EINVAL);
	expect_untouched(test);
	expect_state(test, false, false);
}

static void cpu_errors_leave_the_dump_active(struct kunit *test)
{
	fake_state_active(test);
	fake->refuse_call = 0;
	fake->rc = 0x0021;
	fake->rrc = 3;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EINVAL);
	expect_rc(test, 0x0021, 3);
	expect_untouched_from(test, 0);
	fake_reset();
	fake->fail_flush = 0;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EFAULT);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	fake_reset();
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 2;
	fake->kill_at_call = 1;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 2);
	expect_untouched_from(test, 0);
	expect_state(test, true, false);
}

/*
 * The real probe, at an address that no page table reaches: a kernel thread has no user memory.
 * That it tries each page and changes none is for the kselftest (memory.d3_*, defect.d3_*).
 */
static void probe_fails_where_nothing_is_mapped(struct kunit *test)
{
	void __user *nowhere = (void __user *)BIT(62);

	FAKE_EXPECT_EQ(test, pv_dump_fault_in_writeable(nowhere, 0), 0);
	FAKE_EXPECT_EQ(test, pv_dump_fault_in_writeable(nowhere, 1), -EFAULT);
	FAKE_EXPECT_EQ(test, pv_dump_fault_in_writeable(nowhere + 1, SZ_4K), -EFAULT);
	/* Around the end of the address space. */
	FAKE_EXPECT_EQ(test, pv_dump_fault_in_writeable((void __user *)~0UL, 2), -EFAULT);
	/* A fault that a signal cut short is not the buffer's. */
	fake->killed = true;
	FAKE_EXPECT_EQ(test, pv_dump_fault_in_writeable(nowhere, SZ_4K), -EINTR);
}

static void cpu_busy_is_retried(struct kunit *test)
{
	fake_state_active(test);
	fake->busy = 3;
	fake->busy_cc = 3;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 4);
	expect_call(test, 3, UVC_CMD_DUMP_CPU, 0x50, FAKE_CPU_HANDLE);
	expect_data(test, 0, UVC_CMD_DUMP_CPU, 0, SZ_4K);
}

static void cpu_without_memory_is_enomem(struct kunit *test)
{
	fake_state_active(test);
	fake->fail_alloc = 0;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -ENOMEM);
	expect_untouched(test);
	expect_state(test, true, false);
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), 0);
}
