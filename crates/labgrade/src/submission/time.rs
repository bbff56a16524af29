//! When a submission was handed in: the time of its newest file.

use crate::limits;
use chrono::{DateTime, Utc};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The time of the newest file below a folder, if there is any.
pub fn newest_file_time(folder: &Path) -> Option<DateTime<Utc>> {
    newest(folder, limits::SUBMITTED_DEPTH_MAX)
}

fn newest(folder: &Path, depth: usize) -> Option<DateTime<Utc>> {
    let entries = fs::read_dir(folder).ok()?.take(limits::SUBMITTED_FILES_MAX);
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let kind = entry.file_type().ok()?;
            if kind.is_dir() {
                return newest(&entry.path(), depth.checked_sub(1)?);
            }
            kind.is_file().then(|| date(entry.metadata().ok()?.modified().ok()?)).flatten()
        })
        .max()
}

/// The date of a file's time. `None` if `chrono` cannot represent it.
fn date(time: SystemTime) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).ok()?, after.subsec_nanos()),
        Err(before) => (i64::try_from(before.duration().as_secs()).ok()?.checked_neg()?, 0),
    };
    DateTime::from_timestamp(seconds, nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::date;
    use std::time::{Duration, SystemTime};

    #[test]
    fn accepts_every_time_that_a_file_system_can_store() {
        let date = |seconds| date(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap());
        assert_eq!(date(1_700_000_000).map(|date| date.timestamp()), Some(1_700_000_000));
        assert_eq!(date(1 << 60), None);
    }
}
