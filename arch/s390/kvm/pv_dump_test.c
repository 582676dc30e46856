// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the unit test of the dump engine: every transition and failure, against a fake firmware.
 * Never needs an Ultravisor, SIE or user space: it runs on every s390 machine.
 *
 * Included by pv_dump.c, whose static functions and seam it uses.
 */
#include "pv_dump_fake.h"

/* Neither a UVC was made nor anything written. [I5] [I8] */
static void expect_untouched(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, fake->nr_calls, 0);
	FAKE_EXPECT_EQ(test, fake->nr_flushes, 0);
	FAKE_EXPECT_EQ(test, fake->cmd.rc, 0xdead);
	FAKE_EXPECT_EQ(test, fake->cmd.rrc, 0xbeef);
}

static void expect_rc(struct kunit *test, u16 rc, u16 rrc)
{
	FAKE_EXPECT_EQ(test, fake->cmd.rc, rc);
	FAKE_EXPECT_EQ(test, fake->cmd.rrc, rrc);
}

/* The vCPU may enter SIE: no block bit stays. A request may; its next pass consumes it. [I4] */
static void expect_vcpu_free(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, fake_blocked(fake->vcpu));
}

static void expect_state(struct kunit *test, bool active, bool kept)
{
	FAKE_EXPECT_EQ(test, kvm_s390_pv_dump_active(fake->kvm), active);
	FAKE_EXPECT_EQ(test, !!fake->kvm->arch.pv_dump.completion, kept);
	KUNIT_EXPECT_FALSE(test, (bool)mutex_is_locked(&fake->kvm->lock));
	KUNIT_EXPECT_FALSE(test, (bool)rwsem_is_locked(&fake->kvm->arch.pv_dump.lock));
	expect_vcpu_free(test);
}

/* @len bytes at @off hold what firmware stored for @gaddr. */
static void expect_data(struct kunit *test, u64 off, u16 cmd, u64 gaddr, u64 len)
{
	u64 i;

	for (i = 0; i < len; i++)
		if (fake->buf[off + i] != fake_pattern(cmd, gaddr, i))
			break;
	KUNIT_EXPECT_EQ_MSG(test, i, len, "data for guest address %llx differs", gaddr);
}

static void expect_blocks(struct kunit *test, u64 blocks, u64 gaddr)
{
	u64 len = fake->info.conf_dump_storage_state_len, i;

	for (i = 0; i < blocks; i++)
		expect_data(test, i * len, UVC_CMD_DUMP_CONF_STOR_STATE, gaddr + i * SZ_1M, len);
}

/* Nothing behind @off was written. */
static void expect_untouched_from(struct kunit *test, u64 off)
{
	KUNIT_EXPECT_TRUE(test, !memchr_inv(fake->buf + off, FAKE_UNTOUCHED, FAKE_BUF_SIZE - off));
}

static void expect_call(struct kunit *test, unsigned int nr, u16 cmd, u16 len, u64 handle)
{
	FAKE_EXPECT_EQ(test, fake->calls[nr].cmd, cmd);
	FAKE_EXPECT_EQ(test, fake->calls[nr].len, len);
	FAKE_EXPECT_EQ(test, fake->calls[nr].handle, handle);
}

/* --- what another thread does while the engine holds no lock --- */

static void other_thread_disables(struct fake *f)
{
	f->at_flush = NULL;
	f->at_probe = NULL;
	fake_teardown(true);
}

static void other_thread_completes(struct fake *f)
{
	f->at_flush = NULL;
	mutex_lock(&f->kvm->lock);
	down_write(&f->kvm->arch.pv_dump.lock);
	pv_dump_deactivate(&f->kvm->arch.pv_dump);
	pv_dump_unlock(f->kvm);
}

/* COMPLETE or DISABLE seen from DUMP_CPU: below vcpu->mutex, kvm->lock cannot be taken here. */
static void leaf_holder_ends_the_dump(struct fake *f)
{
	f->at_probe = NULL;
	down_write(&f->kvm->arch.pv_dump.lock);
	pv_dump_deactivate(&f->kvm->arch.pv_dump);
	up_write(&f->kvm->arch.pv_dump.lock);
}

static void other_thread_inits(struct fake *f)
{
	struct kvm_pv_cmd cmd = {};

	f->at_flush = NULL;
	f->at_probe = NULL;
	mutex_lock(&f->kvm->lock);
	down_write(&f->kvm->arch.pv_dump.lock);
	FAKE_EXPECT_EQ(f->test, pv_dump_start(f->kvm, &cmd), 0);
	pv_dump_unlock(f->kvm);
}

/* The handle is the same, no teardown was in between, and yet it is another dump. */
static void other_thread_completes_and_inits(struct fake *f)
{
	other_thread_completes(f);
	other_thread_inits(f);
}

/* DISABLE, ENABLE and INIT: the same handle value, but another dump. */
static void other_thread_starts_anew(struct fake *f)
{
	other_thread_disables(f);
	fake_protect();
	other_thread_inits(f);
}

/* A CONFIG_STOR_STATE that is through before this one. */
static void other_thread_has_fetched(struct fake *f)
{
	f->at_flush = NULL;
	pv_dump_put_bounce(&f->kvm->arch.pv_dump, pv_dump_alloc_area(PV_DUMP_BOUNCE_SIZE));
}

/* --- formats --- */

static void uvcbs_have_the_architected_layout(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, sizeof(struct uv_cb_nodata), 0x40);
	FAKE_EXPECT_EQ(test, sizeof(struct uv_cb_dump_stor_state), 0x50);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_stor_state, config_handle), 0x18);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_stor_state, dump_area_origin), 0x20);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_stor_state, gaddr), 0x28);
	FAKE_EXPECT_EQ(test, sizeof(struct uv_cb_dump_cpu), 0x50);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_cpu, cpu_handle), 0x18);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_cpu, dump_area_origin), 0x20);
	FAKE_EXPECT_EQ(test, sizeof(struct uv_cb_dump_complete), 0x50);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_complete, config_handle), 0x18);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_dump_complete, dump_area_origin), 0x20);
}

static void query_block_has_the_architected_layout(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_qui, uv_feature_indications), 0xa0);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_qui, supp_se_hdr_versions), 0xb0);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_qui, supp_se_hdr_pcf), 0xb8);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_qui, conf_dump_storage_state_len), 0xc8);
	FAKE_EXPECT_EQ(test, offsetof(struct uv_cb_qui, conf_dump_finalize_len), 0xd0);
}

/* An Ultravisor that knows a shorter block leaves the lengths 0: refused before any UVC. */
static void short_query_block_is_no_dump(struct kunit *test)
{
	fake->info.conf_dump_storage_state_len = 0;
	fake->info.conf_dump_finalize_len = 0;
	FAKE_EXPECT_EQ(test, fake_init(), -EINVAL);
	expect_untouched(test);
	expect_state(test, false, false);
}

/* --- INIT --- */

static void init_is_one_uvc_with_the_handle(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, fake_init(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 1);
	expect_call(test, 0, UVC_CMD_DUMP_INIT, 0x40, FAKE_HANDLE);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	FAKE_EXPECT_EQ(test, fake->nr_kicks, 1);
	FAKE_EXPECT_EQ(test, fake->dmp.gaddr, 0);
	expect_untouched_from(test, 0);
	expect_state(test, true, false);
}

static void init_without_vcpus_works(struct kunit *test)
{
	atomic_set(&fake->kvm->online_vcpus, 0);
	FAKE_EXPECT_EQ(test, fake_init(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_kicks, 0);
	expect_state(test, true, false);
}

static void refused_init_changes_nothing(struct kunit *test)
{
	u64 generation = fake->kvm->arch.pv_dump.generation;

	fake->refuse_call = 0;
	fake->rc = 0x0101;
	fake->rrc = 0x0002;
	FAKE_EXPECT_EQ(test, fake_init(), -EINVAL);
	expect_rc(test, 0x0101, 0x0002);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 1);
	FAKE_EXPECT_EQ(test, fake->nr_kicks, 0);
	FAKE_EXPECT_EQ(test, fake->kvm->arch.pv_dump.generation, generation);
	expect_state(test, false, false);
}

static void second_init_is_einval_without_uvc(struct kunit *test)
{
	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_init(), -EINVAL);
	expect_untouched(test);
	expect_state(test, true, false);
}

static void init_takes_any_sane_firmware_length(struct kunit *test)
{
	static const struct {
		u64 stor, cpu, finalize;
		int r;
	} rows[] = {
		{ SZ_4K, SZ_4K, SZ_4K, 0 },
		{ 5000, 5000, 5000, 0 },
		{ 1, 1, 1, 0 },
		{ SZ_64K, SZ_1M, SZ_1M, 0 },
		{ 0, SZ_4K, SZ_4K, -EINVAL },
		{ SZ_64K + 1, SZ_4K, SZ_4K, -EINVAL },
		{ SZ_2M, SZ_4K, SZ_4K, -EINVAL },
		{ ~0ULL, SZ_4K, SZ_4K, -EINVAL },
		{ SZ_4K, 0, SZ_4K, -EINVAL },
		{ SZ_4K, SZ_1M + 1, SZ_4K, -EINVAL },
		{ SZ_4K, SZ_4K, 0, -EINVAL },
		{ SZ_4K, SZ_4K, SZ_1M + 1, -EINVAL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake->info.conf_dump_storage_state_len = rows[i].stor;
		fake->info.guest_cpu_stor_len = rows[i].cpu;
		fake->info.conf_dump_finalize_len = rows[i].finalize;
		fake_protect();
		fake_reset();
		KUNIT_EXPECT_EQ_MSG(test, fake_init(), rows[i].r, "row %d", i);
		if (rows[i].r)
			expect_untouched(test);
		expect_state(test, !rows[i].r, false);
		fake_teardown(true);
	}
}

static void init_probes_its_outputs_first(struct kunit *test)
{
	fake->cmd_readonly = true;
	FAKE_EXPECT_EQ(test, fake_init(), -EFAULT);
	expect_untouched(test);
	fake_reset();
	fake->dmp_readonly = true;
	FAKE_EXPECT_EQ(test, fake_init(), -EFAULT);
	expect_untouched(test);
	expect_state(test, false, false);
}

static void init_looks_again_under_the_locks(struct kunit *test)
{
	fake->at_probe = other_thread_disables;
	FAKE_EXPECT_EQ(test, fake_init(), -EINVAL);
	expect_untouched(test);
	expect_state(test, false, false);

	fake_protect();
	fake_reset();
	fake->at_probe = other_thread_inits;
	FAKE_EXPECT_EQ(test, fake_init(), -EINVAL);
	/* The one UVC is the other thread's. */
	FAKE_EXPECT_EQ(test, fake->nr_calls, 1);
	expect_rc(test, 0xdead, 0xbeef);
	expect_state(test, true, false);
}

static void init_busy_is_retried(struct kunit *test)
{
	fake->busy = 3;
	fake->busy_cc = 2;
	FAKE_EXPECT_EQ(test, fake_init(), 0);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 4);
	expect_call(test, 3, UVC_CMD_DUMP_INIT, 0x40, FAKE_HANDLE);
	expect_rc(test, UVC_RC_EXECUTED, 0);
}

static void killed_init_changes_nothing(struct kunit *test)
{
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 3;
	fake->kill_at_call = 2;
	FAKE_EXPECT_EQ(test, fake_init(), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	FAKE_EXPECT_EQ(test, fake->nr_calls, 3);
	FAKE_EXPECT_EQ(test, fake->nr_kicks, 0);
	expect_state(test, false, false);
}

/* --- dispatch, and what needs an active dump --- */

static void unprotected_vm_is_einval(struct kunit *test)
{
	u64 subcmd;

	fake->kvm->arch.pv.handle = 0;
	/* Not even the request is read. */
	fake->dmp_unreadable = true;
	for (subcmd = KVM_PV_DUMP_INIT; subcmd <= KVM_PV_DUMP_CPU + 1; subcmd++)
		FAKE_EXPECT_EQ(test, fake_vm(subcmd, SZ_4K, 0), -EINVAL);
	expect_untouched(test);
}

static void unreadable_request_is_efault(struct kunit *test)
{
	fake->dmp_unreadable = true;
	FAKE_EXPECT_EQ(test, fake_init(), -EFAULT);
	expect_untouched(test);
}

static void unknown_subcommand_is_enotty(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_CPU, SZ_4K, 0), -ENOTTY);
	FAKE_EXPECT_EQ(test, fake_vm(KVM_PV_DUMP_CPU + 1, SZ_4K, 0), -ENOTTY);
	FAKE_EXPECT_EQ(test, fake_vm(1ULL << 32, SZ_4K, 0), -ENOTTY);
	FAKE_EXPECT_EQ(test, fake_vm(~0ULL, SZ_4K, 0), -ENOTTY);
	expect_untouched(test);
}

static void nothing_works_before_init(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, fake_stor(1, 0), -EINVAL);
	expect_untouched(test);
	FAKE_EXPECT_EQ(test, fake_complete(), -EINVAL);
	expect_untouched(test);
	/* The request of DUMP_CPU is not even read. */
	fake->dmp_unreadable = true;
	FAKE_EXPECT_EQ(test, fake_cpu(SZ_4K), -EINVAL);
	expect_untouched(test);
	expect_state(test, false, false);
}

#include "pv_dump_test_fetch.c"
#include "pv_dump_test_end.c"

/* --- killed while waiting for a lock [I10] --- */

static void hold_kvm_lock(struct kvm *kvm)
{
	mutex_lock(&kvm->lock);
}

static void drop_kvm_lock(struct kvm *kvm)
{
	mutex_unlock(&kvm->lock);
}

static void hold_leaf_for_reading(struct kvm *kvm)
{
	down_read(&kvm->arch.pv_dump.lock);
}

static void drop_leaf_for_reading(struct kvm *kvm)
{
	up_read(&kvm->arch.pv_dump.lock);
}

static void hold_leaf_for_writing(struct kvm *kvm)
{
	down_write(&kvm->arch.pv_dump.lock);
}

static void drop_leaf_for_writing(struct kvm *kvm)
{
	up_write(&kvm->arch.pv_dump.lock);
}

static int request_stor(void)
{
	return fake_stor(1, 0);
}

static int request_cpu(void)
{
	return fake_cpu(SZ_4K);
}

static void killed_waiter_changes_nothing(struct kunit *test)
{
	struct fake_holder kvm_lock = { hold_kvm_lock, drop_kvm_lock };
	struct fake_holder readers = { hold_leaf_for_reading, drop_leaf_for_reading };
	struct fake_holder writer = { hold_leaf_for_writing, drop_leaf_for_writing };

	FAKE_EXPECT_EQ(test, fake_killed_waiting(&kvm_lock, fake_init), -EINTR);
	FAKE_EXPECT_EQ(test, fake_killed_waiting(&readers, fake_init), -EINTR);
	expect_untouched(test);
	expect_state(test, false, false);

	fake_state_active(test);
	FAKE_EXPECT_EQ(test, fake_killed_waiting(&kvm_lock, fake_complete), -EINTR);
	FAKE_EXPECT_EQ(test, fake_killed_waiting(&readers, fake_complete), -EINTR);
	FAKE_EXPECT_EQ(test, fake_killed_waiting(&kvm_lock, request_stor), -EINTR);
	FAKE_EXPECT_EQ(test, fake_killed_waiting(&writer, request_stor), -EINTR);
	FAKE_EXPECT_EQ(test, fake_killed_waiting(&writer, request_cpu), -EINTR);
	expect_untouched(test);
	expect_state(test, true, false);
}

static struct kunit_case pv_dump_cases[] = {
	KUNIT_CASE(uvcbs_have_the_architected_layout),
	KUNIT_CASE(query_block_has_the_architected_layout),
	KUNIT_CASE(short_query_block_is_no_dump),
	KUNIT_CASE(init_is_one_uvc_with_the_handle),
	KUNIT_CASE(init_without_vcpus_works),
	KUNIT_CASE(refused_init_changes_nothing),
	KUNIT_CASE(second_init_is_einval_without_uvc),
	KUNIT_CASE(init_takes_any_sane_firmware_length),
	KUNIT_CASE(init_probes_its_outputs_first),
	KUNIT_CASE(init_looks_again_under_the_locks),
	KUNIT_CASE(init_busy_is_retried),
	KUNIT_CASE(killed_init_changes_nothing),
	KUNIT_CASE(unprotected_vm_is_einval),
	KUNIT_CASE(unreadable_request_is_efault),
	KUNIT_CASE(unknown_subcommand_is_enotty),
	KUNIT_CASE(nothing_works_before_init),
	KUNIT_CASE(stor_state_walks_up_mib_by_mib),
	KUNIT_CASE(stor_state_flushes_at_the_buffer_size),
	KUNIT_CASE(stor_state_stays_in_its_buffer),
	KUNIT_CASE(stor_state_rejects_bad_arguments),
	KUNIT_CASE(stor_state_delivers_what_precedes_a_uv_error),
	KUNIT_CASE(stor_state_stops_at_each_faulting_flush),
	KUNIT_CASE(stor_state_probes_its_outputs_first),
	KUNIT_CASE(stor_state_reports_a_lost_gaddr),
	KUNIT_CASE(stor_state_busy_is_retried_at_the_same_block),
	KUNIT_CASE(stor_state_ends_one_uvc_after_a_fatal_signal),
	KUNIT_CASE(stor_state_killed_while_busy),
	KUNIT_CASE(stor_state_notices_another_world),
	KUNIT_CASE(stor_state_keeps_one_bounce_buffer),
	KUNIT_CASE(stor_state_without_memory_is_enomem),
	KUNIT_CASE(cpu_is_one_uvc_with_the_cpu_handle),
	KUNIT_CASE(cpu_length_is_exact),
	KUNIT_CASE(cpu_command_takes_only_dump_cpu),
	KUNIT_CASE(cpu_command_needs_a_pv_host),
	KUNIT_CASE(cpu_without_a_handle_is_einval),
	KUNIT_CASE(cpu_probes_its_outputs_first),
	KUNIT_CASE(cpu_looks_again_under_the_lock),
	KUNIT_CASE(cpu_errors_leave_the_dump_active),
	KUNIT_CASE(probe_fails_where_nothing_is_mapped),
	KUNIT_CASE(cpu_busy_is_retried),
	KUNIT_CASE(cpu_without_memory_is_enomem),
	KUNIT_CASE(complete_ends_the_dump),
	KUNIT_CASE(complete_writes_its_length_and_no_more),
	KUNIT_CASE(complete_probes_its_outputs_first),
	KUNIT_CASE(complete_looks_again_under_the_locks),
	KUNIT_CASE(refused_complete_leaves_the_dump_active),
	KUNIT_CASE(killed_complete_leaves_the_dump_active),
	KUNIT_CASE(complete_busy_is_retried),
	KUNIT_CASE(complete_without_memory_changes_nothing),
	KUNIT_CASE(undelivered_completion_data_is_kept),
	KUNIT_CASE(kept_data_is_no_active_dump),
	KUNIT_CASE(init_discards_kept_data_only_on_success),
	KUNIT_CASE(data_of_a_past_dump_is_not_kept),
	KUNIT_CASE(killed_waiter_changes_nothing),
	KUNIT_CASE(teardown_ends_every_state),
	KUNIT_CASE(failed_teardown_keeps_every_state),
	KUNIT_CASE(destruction_frees_kept_data),
	{}
};

static struct kunit_suite pv_dump_suite = {
	.name = "kvm_s390_pv_dump",
	.init = fake_create,
	.exit = fake_destroy,
	.test_cases = pv_dump_cases,
};

kunit_test_suite(pv_dump_suite);
