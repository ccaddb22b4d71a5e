// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/skip.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace relapse::console {
namespace {

using enum FrameRole;

using Row = SkipRow;

// A star stands for anything; leading underscores are left out on both sides. Each group with its origin.
constexpr std::array kFunctions{
    // arch/*/kernel/{traps,stacktrace,dumpstack,process}.c, kernel/stacktrace.c, lib/dump_stack.c
    Row{"dump_backtrace*", Reporter},
    Row{"show_stack*", Reporter},
    Row{"dump_stack*", Reporter},
    Row{"arch_stack_walk*", Reporter},
    Row{"stack_trace_*", Reporter},
    Row{"save_stack*", Reporter},
    Row{"save_trace", Reporter},
    Row{"walk_stackframe", Reporter},
    Row{"return_address", Reporter},
    // kernel/sched/core.c, lib/nmi_backtrace.c, kernel/rcu/tree*.{c,h}
    Row{"sched_show_task", Reporter},
    Row{"print_*", Reporter},
    // kernel/watchdog.c, kernel/watchdog_hld.c, kernel/hung_task.c
    Row{"watchdog*", Reporter},
    Row{"check_hung_*", Reporter},
    // kernel/panic.c, lib/bug.c, lib/string_helpers.c, net/core/skbuff.c,
    // arch/*/kernel/{traps,debug-monitors,dumpstack}.c
    Row{"panic*", Reporter},
    Row{"*_panic", Reporter},
    Row{"check_panic_on_warn", Reporter},
    Row{"warn", Reporter},
    Row{"warn_*", Reporter},
    Row{"report_bug", Reporter},
    Row{"bug_handler", Reporter},
    Row{"call_break_hook", Reporter},
    Row{"brk_handler", Reporter},
    Row{"do_debug_exception", Reporter},
    Row{"handle_bug", Reporter},
    Row{"do_error_trap", Reporter},
    Row{"do_trap", Reporter},
    Row{"stack_chk_fail", Reporter},
    Row{"fixup_bug", Reporter},
    Row{"do_invalid_op", Reporter},
    Row{"invalid_op", Reporter},
    Row{"do_serror", Reporter},
    Row{"fortify_report", Reporter},
    Row{"get_taint", Reporter},
    Row{"assertfail", Reporter},
    // mm/{kasan,kmsan,kfence}/*, kernel/kcsan/*, kernel/kcov.c, lib/ubsan.c, lib/fault-inject.c
    Row{"kasan_*", Reporter},
    Row{"hwasan_*", Reporter},
    Row{"do_tag_check_fault", Reporter},
    Row{"kcsan_*", Reporter},
    Row{"asan_*", Reporter},
    Row{"ubsan_*", Reporter},
    Row{"sanitizer_*", Reporter},
    Row{"check_memory_region*", Reporter},
    Row{"handle_overflow", Reporter},
    // kernel/locking/{lockdep,spinlock_debug}.c, kernel/trace/trace_preemptirq.c
    Row{"lockdep_*", Reporter},
    Row{"check_noncircular", Reporter},
    Row{"check_prev*", Reporter},
    Row{"validate_chain", Reporter},
    Row{"lock_acquire*", Reporter},
    Row{"lock_release*", Reporter},
    Row{"mark_lock*", Reporter},
    Row{"mark_usage", Reporter},
    Row{"mark_held_locks", Reporter},
    Row{"reacquire_held_locks", Reporter},
    Row{"check_irq_usage", Reporter},
    Row{"debug_check_no_locks_*", Reporter},
    Row{"spin_dump", Reporter},
    Row{"spin_bug", Reporter},
    Row{"rwlock_bug", Reporter},
    Row{"register_lock_class", Reporter},
    Row{"look_up_lock_class", Reporter},
    Row{"hlock_class", Reporter},
    Row{"check_usage*", Reporter},
    Row{"lock_downgrade", Reporter},
    Row{"lock_set_class", Reporter},
    Row{"lock_is_held*", Reporter},
    Row{"trace_hardirqs_*", Reporter},
    Row{"trace_softirqs_*", Reporter},
    Row{"check_wait_context", Reporter},
    // kernel/sched/core.c, lib/smp_processor_id.c, mm/memory.c
    Row{"might_*", Reporter},
    Row{"schedule_bug", Reporter},
    Row{"check_preemption_disabled", Reporter},
    Row{"this_cpu_preempt_check", Reporter},
    Row{"debug_smp_processor_id", Reporter},
    // mm/{oom_kill,page_alloc,usercopy,kmemleak,slub}.c, lib/debugobjects.c
    Row{"free_page_is_bad*", Reporter},
    Row{"dump_header", Reporter},
    Row{"oom_kill_process", Reporter},
    Row{"out_of_memory", Reporter},
    Row{"bad_page*", Reporter},
    Row{"usercopy_*", Reporter},
    Row{"check_object_size", Reporter},
    Row{"check_heap_object", Reporter},
    Row{"kmemleak_*", Reporter},
    Row{"create_object", Reporter},
    Row{"check_object", Reporter},
    Row{"free_debug_processing", Reporter},
    Row{"debug_object*", Reporter},
    Row{"debug_print_object", Reporter},
    Row{"debug_check_no_obj_freed", Reporter},
    Row{"object_err", Reporter},
    Row{"work_is_static_object", Reporter},
    Row{"timer_is_static_object", Reporter},

    // arch/arm64/kernel/{entry.S,entry-common.c,irq.c}, drivers/irqchip/irq-gic*.c, arch/arm/kernel/entry-armv.S
    Row{"el1_irq", InterruptEntry},
    Row{"el1h_64_irq*", InterruptEntry},
    Row{"gic_handle_irq", InterruptEntry},
    Row{"call_on_irq_stack", InterruptEntry},
    Row{"do_interrupt_handler", InterruptEntry},
    Row{"irq_svc", InterruptEntry},
    // arch/x86/entry/entry_64.S, arch/x86/include/asm/idtentry.h
    Row{"*apic_timer_interrupt*", InterruptEntry},
    Row{"*common_interrupt", InterruptEntry},
    Row{"*sysvec_*", InterruptEntry},
    Row{"end_repeat_nmi", InterruptEntry},

    // kernel/sched/core.c, kernel/time/{timer,sleep_timeout}.c, kernel/entry/common.c
    Row{"switch_to", Shared},
    Row{"schedule", Shared},
    Row{"context_switch", Shared},
    Row{"schedule_timeout*", Shared},
    Row{"schedule_preempt_disabled", Shared},
    Row{"schedule_hrtimeout*", Shared},
    Row{"msleep*", Shared},
    Row{"usleep_range*", Shared},
    Row{"delay", Shared},
    Row{"delay_*", Shared},
    Row{"udelay*", Shared},
    Row{"const_udelay", Shared},
    Row{"io_schedule*", Shared},
    Row{"preempt_schedule*", Shared},
    Row{"cond_resched", Shared},
    Row{"irqentry_*", Shared},
    Row{"retint_*", Shared},
    // kernel/locking/*, net/core/sock.c, drivers/tty/tty_ldsem.c
    Row{"down", Shared},
    Row{"down_*", Shared},
    Row{"up", Shared},
    Row{"up_*", Shared},
    Row{"rwsem_*", Shared},
    Row{"call_rwsem_*", Shared},
    Row{"percpu_down_*", Shared},
    Row{"percpu_rwsem_*", Shared},
    Row{"mutex_lock*", Shared},
    Row{"mutex_unlock*", Shared},
    Row{"mutex_spin_on_owner", Shared},
    Row{"mutex_optimistic_spin", Shared},
    Row{"mutex_remove_waiter", Shared},
    Row{"ww_mutex_*", Shared},
    Row{"rt_mutex_*", Shared},
    Row{"osq_*", Shared},
    Row{"queued_*", Shared},
    Row{"native_queued_*", Shared},
    Row{"pv_queued_*", Shared},
    Row{"raw_spin_*", Shared},
    Row{"raw_read_*", Shared},
    Row{"raw_write_*", Shared},
    Row{"do_raw_*", Shared},
    Row{"rt_spin_*", Shared},
    Row{"lock_sock*", Shared},
    Row{"release_sock", Shared},
    Row{"ldsem_*", Shared},
    Row{"lock_timer_base", Shared},
    Row{"task_rq_lock", Shared},
    Row{"lock_page", Shared},
    Row{"unlock_page", Shared},
    Row{"folio_lock", Shared},
    Row{"folio_unlock", Shared},
    Row{"local_bh_*", Shared},
    Row{"arch_local_irq_*", Shared},
    Row{"owner_on_cpu", Shared},
    // kernel/sched/{completion,wait,wait_bit}.c, mm/filemap.c
    Row{"wait_for_completion*", Shared},
    Row{"wait_for_common", Shared},
    Row{"complete", Shared},
    Row{"bit_wait*", Shared},
    Row{"out_of_line_wait_on_bit*", Shared},
    Row{"wake_up", Shared},
    Row{"wake_up_common*", Shared},
    Row{"finish_wait", Shared},
    // net/sunrpc/sched.c, fs/nfs/inode.c: what bit_wait is to the others
    Row{"rpc_wait_bit_killable", Shared},
    Row{"nfs_wait_bit_killable", Shared},
    // arch/{arm64,arm,x86}/mm/fault.c, arch/arm64/kernel/entry*, arch/x86/entry/*, arch/x86/lib/retpoline.S
    Row{"do_mem_abort", Shared},
    Row{"do_page_fault", Shared},
    Row{"do_translation_fault", Shared},
    Row{"do_kernel_fault", Shared},
    Row{"do_bad_area", Shared},
    Row{"el1_*", Shared},
    Row{"el1h_64_sync*", Shared},
    Row{"el0_*", Shared},
    Row{"el0t_64_*", Shared},
    Row{"do_el0_svc", Shared},
    Row{"page_fault", Shared},
    Row{"do_user_addr_fault", Shared},
    Row{"exc_*", Shared},
    Row{"asm_exc_*", Shared},
    Row{"x86_indirect_thunk_*", Shared},
    // syscall entry, where threads begin
    Row{"invoke_syscall", Shared},
    Row{"do_syscall_64", Shared},
    Row{"entry_*", Shared},
    Row{"ret_from_fork*", Shared},
    Row{"kthread", Shared},
    Row{"kthread_*", Shared},

    // lib/{string,vsprintf,iov_iter,usercopy,list_sort,hexdump,crc*}.c, crypto/*, lib/crypto/*, arch/*/lib/*,
    // kernel/printk/printk.c
    Row{"memcpy*", Library},
    Row{"memset*", Library},
    Row{"memmove*", Library},
    Row{"memcmp*", Library},
    Row{"memchr*", Library},
    Row{"memdup*", Library},
    Row{"kmemdup*", Library},
    Row{"strlen", Library},
    Row{"strnlen", Library},
    Row{"strcmp", Library},
    Row{"strncmp", Library},
    Row{"strcpy", Library},
    Row{"strncpy", Library},
    Row{"strlcpy", Library},
    Row{"strscpy*", Library},
    Row{"strchr", Library},
    Row{"strstr", Library},
    Row{"kstrdup*", Library},
    Row{"copy_to_user*", Library},
    Row{"copy_from_user*", Library},
    Row{"copy_to_iter*", Library},
    Row{"simple_copy_to_iter", Library},
    Row{"copy_from_iter*", Library},
    Row{"copy_page_to_iter", Library},
    Row{"copy_page_from_iter", Library},
    Row{"copyin", Library},
    Row{"copyout", Library},
    Row{"get_user*", Library},
    Row{"put_user*", Library},
    Row{"printk*", Library},
    Row{"vprintk*", Library},
    Row{"dev_printk*", Library},
    Row{"dev_vprintk*", Library},
    Row{"*printf*", Library},
    Row{"string", Library},
    Row{"string_nocheck", Library},
    Row{"pointer", Library},
    Row{"va_format", Library},
    Row{"read_word_at_a_time", Library},
    Row{"hex_dump_to_buffer", Library},
    Row{"crc*", Library},
    Row{"csum_partial*", Library},
    Row{"crypto_*", Library},
    Row{"aes*", Library},
    Row{"cipher_*", Library},
    Row{"xts_*", Library},
    Row{"clear_user", Library},
    // lib/{list_debug,rbtree,klist,xarray,rhashtable,refcount,idr}.c, include/linux/*
    Row{"list_add*", Library},
    Row{"list_del*", Library},
    Row{"list_move*", Library},
    Row{"list_splice*", Library},
    Row{"list_replace*", Library},
    Row{"rb_*", Library},
    Row{"klist_*", Library},
    Row{"xas_*", Library},
    Row{"rhashtable_*", Library},
    Row{"refcount_*", Library},
    Row{"kref_*", Library},
    Row{"atomic*", Library},
    Row{"set_bit", Library},
    Row{"test_and_*", Library},
    Row{"read_once*", Library},
    Row{"ref_tracker_*", Library},
    Row{"ida_free", Library},
    Row{"idr_*", Library},
    // mm/{slab_common,slub,slab,vmalloc,page_alloc,util,filemap}.c
    Row{"kmalloc*", Library},
    Row{"kzalloc*", Library},
    Row{"kvmalloc*", Library},
    Row{"kcalloc*", Library},
    Row{"krealloc*", Library},
    Row{"vmalloc*", Library},
    Row{"vzalloc*", Library},
    Row{"kmem_cache*", Library},
    Row{"slab_*", Library},
    Row{"memcg_slab_*", Library},
    Row{"free_large_kmalloc", Library},
    Row{"allocate_slab", Library},
    Row{"deactivate_slab", Library},
    Row{"new_slab", Library},
    Row{"alloc_page*", Library},
    Row{"alloc_frozen_pages*", Library},
    Row{"kfree", Library},
    Row{"kvfree", Library},
    Row{"vfree", Library},
    Row{"kfree_skb*", Library},
    Row{"folio_alloc*", Library},
    Row{"filemap_alloc_folio", Library},
    Row{"get_free_pages*", Library},
    // kernel/{workqueue,kthread}.c, kernel/time/timer.c, kernel/softirq.c
    Row{"del_timer*", Library},
    Row{"timer_delete*", Library},
    Row{"mod_timer*", Library},
    Row{"flush_work*", Library},
    Row{"cancel_work*", Library},
    Row{"cancel_delayed_work*", Library},
    Row{"queue_work*", Library},
    Row{"queue_delayed_work*", Library},
    Row{"insert_work", Library},
    Row{"drain_workqueue", Library},
    Row{"destroy_workqueue", Library},
    Row{"try_to_grab_pending", Library},
    // lib/kobject*.c, drivers/base/*, fs/sysfs/*, drivers/usb/core/{urb,message,hcd}.c, net/core/dev.c
    Row{"kobject_*", Library},
    Row{"device_add", Library},
    Row{"device_del", Library},
    Row{"device_unregister", Library},
    Row{"device_destroy", Library},
    Row{"device_release", Library},
    Row{"device_remove_*", Library},
    Row{"device_for_each_child", Library},
    Row{"devres_release_all", Library},
    Row{"put_device", Library},
    Row{"get_device_parent", Library},
    Row{"sysfs_remove*", Library},
    Row{"dpm_sysfs_remove", Library},
    Row{"usb_submit_urb", Library},
    Row{"usb_kill_*", Library},
    Row{"usb_control_msg", Library},
    Row{"usb_hcd_submit_urb", Library},
    Row{"usb_start_wait_urb", Library},
    Row{"usb_bulk_msg", Library},
    Row{"usb_interrupt_msg", Library},
    Row{"unregister_netdev*", Library},
    Row{"rollback_registered*", Library},
    // arch/*/include/asm/io.h, lib/logic_pio.c, arch/x86/mm/physaddr.c
    Row{"raw_readb", Library},
    Row{"logic_inb", Library},
    Row{"phys_addr*", Library},
    Row{"iput", Library},
    Row{"ihold", Library},
    Row{"dput", Library},
    Row{"fast_dput", Library},
    Row{"mark_buffer_dirty", Library},
    Row{"drop_nlink", Library},
    Row{"proc_register", Library},
    Row{"cleanup_srcu_struct", Library},
    Row{"skb_put", Library},
    Row{"skb_push", Library},
    Row{"skb_pull", Library},
    Row{"seqprop_assert", Library},
    Row{"add_uevent_var", Library},
    Row{"hex_string", Library},
    Row{"proc_create*", Library},
    Row{"init_timer_key", Library},
    Row{"try_to_del_timer*", Library},
    Row{"sk_stop_timer*", Library},
    Row{"do_read_cache_*", Library},
    Row{"free_pages*", Library},
    Row{"vunmap*", Library},
    Row{"call_rcu*", Library},
    Row{"dev_info", Library},
    Row{"dev_warn", Library},
    Row{"dev_err", Library},
    Row{"strnstr", Library},
    Row{"i2c_del_adapter", Library},
    Row{"unregister_client", Library},
    Row{"perf_trace_*", Library},
    Row{"tty_unregister_device", Library},
    Row{"hwrng_unregister", Library},
    Row{"find_lock_entries", Library},
    Row{"truncate_inode_pages_range", Library},
    Row{"free_unref_*", Library},
    Row{"free_pcppages_*", Library},
    Row{"page_frag_free", Library},
    Row{"skb_free_head", Library},
    Row{"skb_release_data", Library},
    Row{"folios_put_refs", Library},
    // What a leaked object was asked of; only there.
    Row{"*alloc*", Allocator},
    Row{"*mmap*", Allocator},
    Row{"list_lru_init", Allocator},
    Row{"pcpu_*", Allocator},
    // What a task waits by, of whatever subsystem; only where it waits.
    Row{"wait_*", Waiting},
    Row{"folio_wait_*", Waiting},
    Row{"rcu_barrier*", Waiting},
    Row{"filemap_fdatawait*", Waiting},
    Row{"fdatawait_*", Waiting},
    Row{"filemap_write_and_wait*", Waiting},
    Row{"tty_ldisc_lock*", Waiting},
    Row{"console_lock", Waiting},
};

constexpr std::array<std::string_view, 6> kSuffixes{".isra.", ".constprop.", ".part.", ".cold", ".lto_priv.", ".llvm."};

// `pattern` begins with a star, and may end with one.
bool holds(std::string_view symbol, std::string_view pattern) {
  pattern.remove_prefix(1);
  if (!pattern.ends_with('*')) return symbol.ends_with(pattern);
  return symbol.find(pattern.substr(0, pattern.size() - 1)) != std::string_view::npos;
}

// What a CPU is in that is kept by printing.
constexpr std::array<std::string_view, 9> kPrinters{// kernel/printk/*.c
                                                    "console_unlock", "console_flush_all", "console_emit_next_record",
                                                    "vprintk_emit", "nbcon_emit_next_record", "legacy_kthread_func",
                                                    // lib/dump_stack.c
                                                    "dump_stack*",
                                                    // drivers/tty/serial/*
                                                    "*_console_write", "*_console_putchar"};

}  // namespace

SkipTable::SkipTable()
    : functions_(kFunctions.begin(), kFunctions.end()),
      suffixes_(kSuffixes.begin(), kSuffixes.end()),
      printers_(kPrinters.begin(), kPrinters.end()) {
  index();
}

void SkipTable::index() {
  whole_.clear();
  starts_ = {};
  parts_.clear();
  for (const Row& row : functions_) {
    std::string_view pattern = row.symbol;
    const bool open = pattern.ends_with('*');
    if (pattern.starts_with('*')) {
      parts_.push_back(row);
    } else if (open) {
      starts_[static_cast<unsigned char>(pattern.front())].push_back({pattern.substr(0, pattern.size() - 1), row.role});
    } else {
      whole_.emplace(pattern, row.role);
    }
  }
}

FrameRole SkipTable::role(std::string_view symbol) const {
  symbol = withoutSuffix(symbol);
  symbol.remove_prefix(std::min(symbol.find_first_not_of('_'), symbol.size()));
  if (symbol.empty()) return Own;
  if (const auto found = whole_.find(symbol); found != whole_.end()) return found->second;
  for (const Row& row : starts_[static_cast<unsigned char>(symbol.front())]) {
    if (symbol.starts_with(row.symbol)) return row.role;
  }
  const auto part =
      std::find_if(parts_.begin(), parts_.end(), [&](const Row& row) { return holds(symbol, row.symbol); });
  return part == parts_.end() ? Own : part->role;
}

std::string_view SkipTable::withoutSuffix(std::string_view symbol) const {
  std::size_t end = symbol.size();
  for (const std::string_view suffix : suffixes_) end = std::min(end, symbol.find(suffix));
  return symbol.substr(0, end);
}

bool SkipTable::printsToConsole(std::string_view symbol) const {
  symbol = withoutSuffix(symbol);
  return std::any_of(printers_.begin(), printers_.end(), [&](std::string_view pattern) {
    if (pattern.starts_with('*')) return holds(symbol, pattern);
    if (pattern.ends_with('*')) return symbol.starts_with(pattern.substr(0, pattern.size() - 1));
    return symbol == pattern;
  });
}

std::string SkipTable::rowName(std::size_t row) const {
  if (row < functions_.size()) return "skip: " + std::string(functions_[row].symbol);
  row -= functions_.size();
  if (row < suffixes_.size()) return "suffix: " + std::string(suffixes_[row]);
  return "printer: " + std::string(printers_[row - suffixes_.size()]);
}

void SkipTable::remove(std::size_t row) {
  const auto erase = [](auto& rows, std::size_t at) { rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at)); };
  const std::size_t afterSuffixes = functions_.size() + suffixes_.size();
  if (row < functions_.size()) {
    erase(functions_, row);
  } else if (row < afterSuffixes) {
    erase(suffixes_, row - functions_.size());
  } else {
    erase(printers_, row - afterSuffixes);
  }
  index();
}

}  // namespace relapse::console
