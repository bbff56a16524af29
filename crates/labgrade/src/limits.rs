//! The *limits* that hold while a submission is graded.

use std::time::Duration;

/// How long one step of a check waits for the program under test (`LAB_PATIENCE`).
pub const PATIENCE: Duration = Duration::from_secs(4);

/// Time for one check.
pub const CHECK: Duration = Duration::from_secs(30);

/// Time for building one submission.
pub const BUILD: Duration = Duration::from_secs(90);

/// Time for all checks of one submission. Checks that are left then count as timeouts.
pub const SUBMISSION: Duration = Duration::from_secs(240);

/// How far a check may exceed its limit while it is being ended, before nextest ends it.
pub const GRACE: Duration = Duration::from_secs(10);

/// Checks of one submission that run at the same time. They spend most of their time waiting.
pub const CHECKS_AT_ONCE: usize = 4;

/// Memory for the data of one process.
pub const PROCESS_BYTES_MAX: u64 = 1 << 30;

/// Stack of a thread, unless the program asks for another size. With the system's default of 8 MiB, 200 threads would
/// exceed the limit for data, although they use hardly any of it.
pub const STACK_BYTES: u64 = 2 << 20;

/// Memory for all processes of a check together, including the test itself.
pub const CHECK_BYTES_MAX: u64 = 2 << 30;

/// Memory for one process of a build. A linker needs more than a server.
pub const BUILD_BYTES_MAX: u64 = 3 << 30;

/// Processes of a program under test. Each of its threads counts as one.
pub const PROCESSES_MAX: u64 = 512;

/// Open files of one process.
pub const OPEN_FILES_MAX: u64 = 1024;

/// Size of the scratch folder of a program under test, and of each file that it writes.
pub const SCRATCH_BYTES_MAX: u64 = 64 << 20;

/// Size of one file that a build writes.
pub const BUILT_FILE_BYTES_MAX: u64 = 512 << 20;

/// Size of all files that a build writes.
pub const BUILT_BYTES_MAX: u64 = 1 << 30;

/// Files and folders that a build writes.
pub const BUILT_FILES_MAX: usize = 50_000;

/// Free space on the disk. With less, a failed build is not held against the submission.
pub const DISK_BYTES_MIN: u64 = 64 << 20;

/// Files and folders of one submission.
pub const SUBMITTED_FILES_MAX: usize = 2000;

/// Size of one submission. Larger ones contain build products or videos.
pub const SUBMITTED_BYTES_MAX: u64 = 32 << 20;

/// Nesting of the folders of a submission.
pub const SUBMITTED_DEPTH_MAX: usize = 16;

/// What is kept of a compiler's output.
pub const BUILD_OUTPUT_BYTES_MAX: usize = 64 << 10;

/// Size of the JSON file of a failed check. Without a sandbox, the program under test can write it too: the limit
/// bounds what labgrade reads into memory.
pub const FAILURE_BYTES_MAX: u64 = 4 << 20;
