// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/skip.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace relapse::console {
namespace {

using enum FrameRole;

struct Row {
  std::string_view symbol;
  FrameRole role;
};

// Functions by their whole name, each group with its origin.
constexpr std::array kFunctions{
    // arch/*/kernel/{traps,stacktrace,dumpstack}.c, lib/dump_stack.c
    Row{"dump_backtrace", Reporter},
    Row{"dump_backtrace_entry", Reporter},
    Row{"show_stack", Reporter},
    Row{"show_trace_log_lvl", Reporter},
    Row{"show_regs", Reporter},
    Row{"__show_regs", Reporter},
    Row{"dump_stack", Reporter},
    Row{"dump_stack_lvl", Reporter},
    Row{"__dump_stack", Reporter},
    Row{"unwind_backtrace", Reporter},
    Row{"arch_stack_walk", Reporter},
    Row{"stack_trace_save", Reporter},
    Row{"save_stack_trace", Reporter},
    // kernel/sched/core.c, lib/nmi_backtrace.c, kernel/rcu/tree*.{c,h}
    Row{"sched_show_task", Reporter},
    Row{"dump_cpu_task", Reporter},
    Row{"nmi_cpu_backtrace", Reporter},
    Row{"nmi_trigger_cpumask_backtrace", Reporter},
    Row{"arch_trigger_cpumask_backtrace", Reporter},
    Row{"rcu_dump_cpu_stacks", Reporter},
    Row{"print_cpu_stall", Reporter},
    Row{"print_other_cpu_stall", Reporter},
    Row{"check_cpu_stall", Reporter},
    Row{"rcu_check_gp_kthread_starvation", Reporter},
    Row{"rcu_check_callbacks", Reporter},
    Row{"rcu_sched_clock_irq", Reporter},
    Row{"rcu_pending", Reporter},
    // kernel/watchdog.c, kernel/watchdog_hld.c, kernel/hung_task.c
    Row{"watchdog", Reporter},
    Row{"watchdog_timer_fn", Reporter},
    Row{"watchdog_overflow_callback", Reporter},
    Row{"watchdog_hardlockup_check", Reporter},
    Row{"check_hung_uninterruptible_tasks", Reporter},
    Row{"check_hung_task", Reporter},
    // kernel/panic.c, lib/bug.c, arch/arm64/kernel/{traps,debug-monitors}.c, arch/x86/kernel/{dumpstack,traps}.c
    Row{"panic", Reporter},
    Row{"vpanic", Reporter},
    Row{"nmi_panic", Reporter},
    Row{"die", Reporter},
    Row{"__die", Reporter},
    Row{"die_kernel_fault", Reporter},
    Row{"arm64_notify_die", Reporter},
    Row{"arm64_serror_panic", Reporter},
    Row{"check_panic_on_warn", Reporter},
    Row{"oops_end", Reporter},
    Row{"oops_exit", Reporter},
    Row{"__warn", Reporter},
    Row{"__warn_printk", Reporter},
    Row{"warn_slowpath_fmt", Reporter},
    Row{"warn_slowpath_null", Reporter},
    Row{"warn_slowpath_common", Reporter},
    Row{"report_bug", Reporter},
    Row{"bug_handler", Reporter},
    Row{"call_break_hook", Reporter},
    Row{"brk_handler", Reporter},
    Row{"do_debug_exception", Reporter},
    Row{"handle_bug", Reporter},
    Row{"do_error_trap", Reporter},
    Row{"do_trap", Reporter},
    Row{"fixup_bug", Reporter},
    Row{"do_invalid_op", Reporter},
    Row{"invalid_op", Reporter},
    Row{"do_serror", Reporter},
    // lib/refcount.c, lib/list_debug.c: who did it is the caller
    Row{"refcount_warn_saturate", Reporter},
    Row{"__list_add_valid", Reporter},
    Row{"__list_add_valid_or_report", Reporter},
    Row{"__list_del_entry_valid", Reporter},
    Row{"__list_del_entry_valid_or_report", Reporter},
    // mm/kasan/*.c, lib/ubsan.c, mm/kfence/*.c
    Row{"print_report", Reporter},
    Row{"print_address_description", Reporter},
    Row{"check_memory_region", Reporter},
    Row{"end_report", Reporter},
    Row{"handle_overflow", Reporter},
    // mm/oom_kill.c, mm/page_alloc.c
    Row{"dump_header", Reporter},
    Row{"oom_kill_process", Reporter},
    Row{"out_of_memory", Reporter},
    Row{"warn_alloc", Reporter},
    // kernel/locking/lockdep.c
    Row{"check_noncircular", Reporter},
    Row{"check_prev_add", Reporter},
    Row{"check_prevs_add", Reporter},
    Row{"validate_chain", Reporter},
    Row{"__lock_acquire", Reporter},
    Row{"lock_acquire", Reporter},
    Row{"lock_release", Reporter},
    Row{"mark_lock", Reporter},
    Row{"mark_lock_irq", Reporter},
    Row{"mark_usage", Reporter},
    Row{"check_deadlock", Reporter},
    Row{"check_irq_usage", Reporter},
    Row{"debug_check_no_locks_held", Reporter},
    Row{"debug_check_no_locks_freed", Reporter},
    // kernel/sched/core.c: BUG: sleeping function, BUG: scheduling while atomic
    Row{"___might_sleep", Reporter},
    Row{"__might_sleep", Reporter},
    Row{"__might_resched", Reporter},
    Row{"__schedule_bug", Reporter},

    // arch/arm64/kernel/{entry.S,entry-common.c,irq.c}, drivers/irqchip/irq-gic*.c
    Row{"el1_irq", InterruptEntry},
    Row{"el1h_64_irq", InterruptEntry},
    Row{"el1h_64_irq_handler", InterruptEntry},
    Row{"el1_interrupt", InterruptEntry},
    Row{"__el1_irq", InterruptEntry},
    Row{"el0_irq", InterruptEntry},
    Row{"el0_irq_naked", InterruptEntry},
    Row{"el0t_64_irq", InterruptEntry},
    Row{"el1h_64_fiq", InterruptEntry},
    Row{"gic_handle_irq", InterruptEntry},
    Row{"call_on_irq_stack", InterruptEntry},
    Row{"do_interrupt_handler", InterruptEntry},
    Row{"__irq_svc", InterruptEntry},
    // arch/x86/entry/entry_64.S, arch/x86/include/asm/idtentry.h
    Row{"apic_timer_interrupt", InterruptEntry},
    Row{"smp_apic_timer_interrupt", InterruptEntry},
    Row{"asm_sysvec_apic_timer_interrupt", InterruptEntry},
    Row{"sysvec_apic_timer_interrupt", InterruptEntry},
    Row{"common_interrupt", InterruptEntry},
    Row{"asm_common_interrupt", InterruptEntry},
    Row{"ret_from_intr", InterruptEntry},
    Row{"asm_exc_nmi", InterruptEntry},
    Row{"end_repeat_nmi", InterruptEntry},

    // kernel/sched/core.c, kernel/time/timer.c
    Row{"__switch_to", Shared},
    Row{"__schedule", Shared},
    Row{"schedule", Shared},
    Row{"context_switch", Shared},
    Row{"schedule_timeout", Shared},
    Row{"schedule_preempt_disabled", Shared},
    Row{"io_schedule", Shared},
    Row{"io_schedule_timeout", Shared},
    Row{"schedule_hrtimeout_range", Shared},
    Row{"preempt_schedule", Shared},
    Row{"preempt_schedule_common", Shared},
    Row{"schedule_timeout_uninterruptible", Shared},
    // kernel/locking/{rwsem,mutex,semaphore,percpu-rwsem,rtmutex}*.c
    Row{"down", Shared},
    Row{"down_read", Shared},
    Row{"down_read_killable", Shared},
    Row{"down_write", Shared},
    Row{"down_write_killable", Shared},
    Row{"down_write_nested", Shared},
    Row{"down_read_nested", Shared},
    Row{"down_interruptible", Shared},
    Row{"down_killable", Shared},
    Row{"down_timeout", Shared},
    Row{"percpu_down_write", Shared},
    Row{"percpu_rwsem_wait", Shared},
    Row{"mutex_lock", Shared},
    Row{"mutex_lock_nested", Shared},
    Row{"mutex_lock_killable", Shared},
    Row{"mutex_lock_interruptible", Shared},
    Row{"mutex_lock_io", Shared},
    Row{"call_rwsem_down_write_failed", Shared},
    Row{"call_rwsem_down_read_failed", Shared},
    Row{"osq_lock", Shared},
    Row{"mutex_spin_on_owner", Shared},
    // kernel/locking/{qspinlock,spinlock}.c
    Row{"queued_spin_lock_slowpath", Shared},
    Row{"native_queued_spin_lock_slowpath", Shared},
    Row{"queued_write_lock_slowpath", Shared},
    Row{"queued_read_lock_slowpath", Shared},
    Row{"do_raw_spin_lock", Shared},
    // kernel/sched/{completion,wait_bit}.c, mm/filemap.c
    Row{"wait_for_common", Shared},
    Row{"__wait_for_common", Shared},
    Row{"do_wait_for_common", Shared},
    Row{"bit_wait", Shared},
    Row{"bit_wait_io", Shared},
    Row{"__wait_on_bit", Shared},
    Row{"__wait_on_bit_lock", Shared},
    Row{"out_of_line_wait_on_bit", Shared},
    Row{"out_of_line_wait_on_bit_lock", Shared},
    Row{"wait_on_page_bit", Shared},
    Row{"wait_on_page_bit_common", Shared},
    Row{"__lock_page", Shared},
    Row{"__folio_lock", Shared},
    Row{"folio_wait_bit", Shared},
    Row{"folio_wait_bit_common", Shared},
    // net/sunrpc/sched.c, fs/nfs/inode.c: what bit_wait is to the others
    Row{"rpc_wait_bit_killable", Shared},
    Row{"nfs_wait_bit_killable", Shared},
    // arch/arm64/mm/fault.c, arch/arm64/kernel/entry*; arch/x86/mm/fault.c
    Row{"do_mem_abort", Shared},
    Row{"do_page_fault", Shared},
    Row{"do_translation_fault", Shared},
    Row{"__do_page_fault", Shared},
    Row{"__do_kernel_fault", Shared},
    Row{"do_bad_area", Shared},
    Row{"do_alignment_fault", Shared},
    Row{"do_undefinstr", Shared},
    Row{"do_el1_undef", Shared},
    Row{"do_sp_pc_abort", Shared},
    Row{"el1_da", Shared},
    Row{"el1_sync", Shared},
    Row{"el1_abort", Shared},
    Row{"el1_dbg", Shared},
    Row{"el1_undef", Shared},
    Row{"el1_error", Shared},
    Row{"el0_sync", Shared},
    Row{"el1_error_naked", Shared},
    Row{"page_fault", Shared},
    Row{"page_fault_oops", Shared},
    Row{"no_context", Shared},
    Row{"bad_area_nosemaphore", Shared},
    Row{"__bad_area_nosemaphore", Shared},
    Row{"do_user_addr_fault", Shared},
    Row{"general_protection", Shared},
    Row{"exc_page_fault", Shared},
    Row{"asm_exc_page_fault", Shared},
    Row{"exc_invalid_op", Shared},
    Row{"asm_exc_invalid_op", Shared},
    Row{"exc_general_protection", Shared},
    Row{"asm_exc_general_protection", Shared},
    // syscall entry
    Row{"invoke_syscall", Shared},
    Row{"do_el0_svc", Shared},
    Row{"do_syscall_64", Shared},
    Row{"entry_SYSCALL_64_after_hwframe", Shared},
    Row{"entry_SYSCALL_64", Shared},
    // where threads begin
    Row{"ret_from_fork", Shared},
    Row{"ret_from_fork_asm", Shared},
    Row{"kthread", Shared},
};

// Families, by the start of the name.
constexpr std::array kFamilies{
    Row{"kasan_", Reporter},
    Row{"__kasan_", Reporter},
    Row{"__asan_", Reporter},  // mm/kasan
    Row{"__hwasan_", Reporter},
    Row{"kfence_", Reporter},
    Row{"__kfence_", Reporter},  // mm/kasan, mm/kfence
    Row{"kcsan_", Reporter},
    Row{"__tsan_", Reporter},
    Row{"kmsan_", Reporter},  // kernel/kcsan, mm/kmsan
    Row{"__msan_", Reporter},
    Row{"ubsan_", Reporter},
    Row{"__ubsan_", Reporter},  // lib/ubsan.c
    Row{"lockdep_", Reporter},
    Row{"print_circular_bug", Reporter},  // kernel/locking/lockdep.c
    Row{"print_deadlock_bug", Reporter},
    Row{"print_usage_bug", Reporter},  // likewise
    Row{"print_bad_irq_dependency", Reporter},
    Row{"print_unlock_imbalance_bug", Reporter},  // likewise
    Row{"rwsem_down_", Shared},
    Row{"__rwsem_", Shared},
    Row{"__down", Shared},  // kernel/locking/rwsem*.c
    Row{"__mutex_lock", Shared},
    Row{"rt_mutex_", Shared},
    Row{"__rt_mutex_", Shared},  // kernel/locking/*mutex*.c
    Row{"_raw_spin_", Shared},
    Row{"_raw_read_", Shared},
    Row{"_raw_write_", Shared},          // kernel/locking/spinlock.c
    Row{"wait_for_completion", Shared},  // kernel/sched/completion.c
    Row{"el0_svc", Shared},
    Row{"el0t_64_", Shared},
    Row{"el1h_64_", Shared},    // arch/arm64/kernel/entry*
    Row{"__kthread_", Shared},  // kernel/kthread.c
};

const std::unordered_map<std::string_view, FrameRole>& functions() {
  static const auto table = [] {
    std::unordered_map<std::string_view, FrameRole> rows;
    for (const Row& row : kFunctions) rows.emplace(row.symbol, row.role);
    return rows;
  }();
  return table;
}

}  // namespace

FrameRole frameRole(std::string_view symbol) {
  if (const auto found = functions().find(symbol); found != functions().end()) return found->second;
  const auto family =
      std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Row& row) { return symbol.starts_with(row.symbol); });
  return family == kFamilies.end() ? Own : family->role;
}

}  // namespace relapse::console
