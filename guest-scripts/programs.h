// SPDX-License-Identifier: GPL-2.0-or-later
//
// The programs that are one file under many names, so that the guest unpacks the C library once.
#pragma once

int appenders(int argc, char** argv);
int clock_jump(int argc, char** argv);
int copiers(int argc, char** argv);
int direct_writers(int argc, char** argv);
int fsync_storm(int argc, char** argv);
int locked_writers(int argc, char** argv);
int memory_hog(int argc, char** argv);
int mmap_writers(int argc, char** argv);
int noncontiguous_writer(int argc, char** argv);
int openers(int argc, char** argv);
int pinned_writers(int argc, char** argv);
int proof(int argc, char** argv);
int quota(int argc, char** argv);
int readers(int argc, char** argv);
int rename_against_write(int argc, char** argv);
int truncate_against_write(int argc, char** argv);
int unlinked_writers(int argc, char** argv);
int write_and_read_back_file(int argc, char** argv);
