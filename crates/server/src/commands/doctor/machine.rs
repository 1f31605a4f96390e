//! The machine: folder, disk, clock, and when it was last backed up.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kairan_core::Instant;
use kairan_core::time::{DAY, MINUTE};

use super::{Finding, State};
use crate::commands::Context;
use crate::words::words;

/// Less free disk than this stops the server soon, bytes.
const DISK_FAIL: u64 = 256 << 20;
/// Less than this wants looking after, bytes.
const DISK_WARN: u64 = 2 << 30;
/// 2026-01-01: no clock that is right shows an earlier time.
const THIS_PROGRAM_IS_YOUNGER: Instant = Instant(1_767_225_600_000);
/// A nightly backup that was missed twice.
const BACKUP_WARN: i64 = 2 * DAY;

pub(super) fn folder(context: &Context) -> Vec<Finding> {
    let (path, shown) = (context.folder.path(), context.folder.path().display());
    let Ok(metadata) = std::fs::metadata(path) else {
        return vec![Finding(
            State::Ok,
            words!(
                "データ: {shown} はまだありません。最初の起動で作ります。",
                "data: {shown} does not exist yet; the first start makes it."
            ),
        )];
    };
    let probe = format!(".doctor-{}", std::process::id());
    if let Err(error) = context.folder.write_private(&probe, "").and_then(|_| context.folder.remove(&probe)) {
        return vec![Finding(
            State::Fail,
            words!(
                "データ: {shown} に書けません({error})。持ち主と権限を直してください。",
                "data: {shown} cannot be written ({error}). Correct its owner and permissions."
            ),
        )];
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return vec![Finding(
            State::Warn,
            words!(
                "データ: {shown} をほかの利用者も開けます({mode:o})。chmod 700 {shown} を実行してください。",
                "data: others can open {shown} ({mode:o}). Run chmod 700 {shown}."
            ),
        )];
    }
    vec![Finding(State::Ok, words!("データ: {shown} に書けます。", "data: {shown} can be written."))]
}

pub(super) fn disk(data: &Path) -> Finding {
    // The nearest folder that exists tells the disk of one that does not yet.
    let there = data.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let Ok(disk) = rustix::fs::statvfs(there) else {
        return Finding(
            State::Warn,
            words!("ディスク: 空きを調べられません。", "disk: free space cannot be told."),
        );
    };
    free_space(disk.f_bavail.saturating_mul(disk.f_frsize))
}

pub(super) fn free_space(free: u64) -> Finding {
    let mib = free >> 20;
    match free {
        ..DISK_FAIL => Finding(
            State::Fail,
            words!(
                "ディスク: 空きが{mib} MiBしかありません。空けるか、大きなディスクに移してください。",
                "disk: only {mib} MiB free. Make room, or move the data to a larger disk."
            ),
        ),
        DISK_FAIL..DISK_WARN => Finding(
            State::Warn,
            words!(
                "ディスク: 空きが{mib} MiBです。早めに空けてください。",
                "disk: {mib} MiB free. Make room soon."
            ),
        ),
        _ => Finding(State::Ok, words!("ディスク: 空き{mib} MiB。", "disk: {mib} MiB free.")),
    }
}

pub(super) fn clock(now: Instant, last_event: Option<Instant>) -> Finding {
    if now < THIS_PROGRAM_IS_YOUNGER {
        return Finding(
            State::Fail,
            words!(
                "時計: このプログラムより古い時刻です。時計を合わせてください(timedatectl)。",
                "clock: shows a time before this program was made. Set it (timedatectl)."
            ),
        );
    }
    if let Some(last) = last_event
        && last.since(now) > MINUTE
    {
        let minutes = last.since(now) / MINUTE;
        return Finding(
            State::Fail,
            words!(
                "時計: 最後の記録より{minutes}分遅れています。時計を合わせてください(timedatectl)。",
                "clock: {minutes} minutes behind the last event. Set it (timedatectl)."
            ),
        );
    }
    Finding(State::Ok, words!("時計: 記録の順と合っています。", "clock: agrees with the journal."))
}

pub(super) fn backup(now: Instant, last: Option<Instant>) -> Finding {
    let Some(last) = last else {
        return Finding(
            State::Warn,
            words!(
                "バックアップ: まだ一度もありません。kairan backup --to フォルダー を毎晩実行してください。",
                "backup: never taken. Run kairan backup --to DIR every night."
            ),
        );
    };
    let hours = now.since(last) / (60 * MINUTE);
    if now.since(last) > BACKUP_WARN {
        Finding(
            State::Warn,
            words!(
                "バックアップ: 最後は{hours}時間前です。毎晩取れているか確かめてください。",
                "backup: the last one is {hours} hours old. Check that it runs every night."
            ),
        )
    } else {
        Finding(State::Ok, words!("バックアップ: {hours}時間前。", "backup: {hours} hours ago."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn state(finding: &Finding) -> State {
        finding.0
    }

    #[test]
    fn disk_clock_and_backup_have_their_limits() {
        assert_eq!(state(&free_space(100 << 20)), State::Fail);
        assert_eq!(state(&free_space(1 << 30)), State::Warn);
        assert_eq!(state(&free_space(3 << 30)), State::Ok);
        assert_eq!(state(&clock(Instant(0), None)), State::Fail);
        assert_eq!(state(&clock(NOW, Some(NOW.plus_ms(5 * MINUTE)))), State::Fail);
        assert_eq!(state(&clock(NOW, Some(NOW))), State::Ok);
        assert_eq!(state(&backup(NOW, None)), State::Warn);
        assert_eq!(state(&backup(NOW, Some(NOW.plus_ms(-3 * DAY)))), State::Warn);
        assert_eq!(state(&backup(NOW, Some(NOW.plus_ms(-DAY)))), State::Ok);
    }
}
