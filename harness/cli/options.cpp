// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.hpp"

namespace relapse::cli {

void addKernel(CLI::App& app, RunArguments& run) {
  app.add_option("--kernel", run.kernels, "a source: a name (debian-6.1), a tree, a tarball, git:DIR#REF")
      ->allow_extra_args(false);
  auto* image = app.add_option("--image", run.image, "a kernel built already: arch/arm64/boot/Image ...");
  auto* vmlinux = app.add_option("--vmlinux", run.vmlinux, "... and its vmlinux");
  app.add_option("--modules", run.modules, "... and a folder of its modules, if it has any (*.ko)")->needs(image);
  image->needs(vmlinux)->excludes("--kernel");
  vmlinux->needs(image);
  app.add_flag("--no-series", run.noSeries, "without the scenario's own series of patches")->excludes(image);
  app.add_option("--patch", run.patches, "one more patch on top of the series")
      ->allow_extra_args(false)
      ->excludes(image);
  app.add_option("--config", run.configs, "one more fragment of the kernel's configuration")
      ->allow_extra_args(false)
      ->excludes(image);
  app.add_option("--set", run.sets, "KEY=VALUE: a scenario's key, set from here")->allow_extra_args(false);
  app.add_option("--connect", run.connect, "a libvirt on this host (qemu:///system) instead of the embedded one");
  app.add_option("--make-jobs", run.makeJobs, "make's -j; one per core by default")->check(CLI::Range(1, 1024));
}

void addEngine(CLI::App& app, EngineArguments& engine) {
  app.add_option("--jobs", engine.jobs, "guests side by side; as many as fit on this host by default")
      ->check(CLI::Range(1, 10000));
  app.add_option("--engine", engine.engine, "where runs go: local, or slurm")->check(CLI::IsMember({"local", "slurm"}));
  app.add_option("--partition", engine.partition, "of Slurm");
  app.add_option("--slurm-option", engine.slurmOptions, "one more for sbatch, such as --account=kernel")
      ->allow_extra_args(false);
}

}  // namespace relapse::cli
