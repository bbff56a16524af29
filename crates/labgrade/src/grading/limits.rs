//! The *limits* that hold while a submission is graded.

use std::time::Duration;

/// What one step of a check waits for the program under test (`LAB_PATIENCE`).
pub const PATIENCE: Duration = Duration::from_secs(4);

/// What one check takes at most.
pub const CHECK: Duration = Duration::from_secs(30);

/// What building a submission takes at most.
pub const BUILD: Duration = Duration::from_secs(90);

/// What all checks of one submission take at most; those that are left then count as timeouts.
pub const SUBMISSION: Duration = Duration::from_secs(240);

/// What ending a check may take beyond its limit, before nextest ends it.
pub const GRACE: Duration = Duration::from_secs(10);

/// Checks of one submission that run at once. Most of their time is spent waiting.
pub const CHECKS_AT_ONCE: usize = 4;

/// Memory that one process may have for its data.
pub const PROCESS_BYTES_MAX: u64 = 1 << 30;

/// What the system gives a thread for its stack, unless the program asks for another size. Its default of 8 MiB, times 200
/// threads, would be more data than a process may have, though hardly any of it is used.
pub const STACK_BYTES: u64 = 2 << 20;

/// Memory that all processes of a check may have together, the test's own with them.
pub const CHECK_BYTES_MAX: u64 = 2 << 30;

/// Memory that one process may have while building: a linker needs more than a server.
pub const BUILD_BYTES_MAX: u64 = 3 << 30;

/// Processes of a program under test, each of its threads being one.
pub const PROCESSES_MAX: u64 = 512;

/// Open files of one process.
pub const OPEN_FILES_MAX: u64 = 1024;

/// What may be written to the scratch folder of a program under test, and to one file.
pub const SCRATCH_BYTES_MAX: u64 = 64 << 20;

/// What a build may write to one file.
pub const BUILT_FILE_BYTES_MAX: u64 = 512 << 20;

/// What a build may write in all.
pub const BUILT_BYTES_MAX: u64 = 1 << 30;

/// Files and folders of a build.
pub const BUILT_FILES_MAX: usize = 50_000;

/// What must be left on the disk, for a failed build to be the submission's fault.
pub const DISK_BYTES_MIN: u64 = 64 << 20;

/// Files and folders of one submission.
pub const SUBMITTED_FILES_MAX: usize = 2000;

/// Bytes of one submission. Larger ones hold a build's products, or a film.
pub const SUBMITTED_BYTES_MAX: u64 = 32 << 20;

/// How deep folders of a submission lie in each other.
pub const SUBMITTED_DEPTH_MAX: usize = 16;

/// What is kept of a compiler's words.
pub const BUILD_OUTPUT_BYTES_MAX: usize = 64 << 10;

/// What is kept of a check's report.
pub const REPORT_BYTES_MAX: usize = 64 << 10;
