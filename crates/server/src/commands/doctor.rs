//! `kairan doctor`: looks at everything a running server stands on, and says what to do about what it finds.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kairan_core::Instant;
use kairan_core::time::{DAY, MINUTE};
use kairan_storage::log::{KEY_FILE, LogKey};
use kairan_storage::{Inspection, OLDEST_SQLITE};

use super::Context;
use crate::assemble;
use crate::cli::Exit;
use crate::config::{Config, Database, Tls};
use crate::folder::FolderError;
use crate::listen::certificate;
use crate::words::{Words, words};

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, PartialEq, Eq)]
struct Finding(State, Words);

/// Less free disk than this stops the server soon, bytes.
const DISK_FAIL: u64 = 256 << 20;
/// Less than this wants looking after, bytes.
const DISK_WARN: u64 = 2 << 30;
/// The oldest PostgreSQL that is tested.
const OLDEST_POSTGRES: i64 = 150_000;
/// 2026-01-01: no clock that is right shows an earlier time.
const THIS_PROGRAM_IS_YOUNGER: Instant = Instant(1_767_225_600_000);
/// Renewal is usually a month before the end; less than this means that it does not work.
const CERTIFICATE_WARN: i64 = 14 * DAY;
/// A nightly backup that was missed twice.
const BACKUP_WARN: i64 = 2 * DAY;
/// Heads follow within 60 seconds (R51); longer means that the sequencer stands still.
const UNSIGNED_WARN: i64 = 2 * MINUTE;

pub async fn run(context: &Context) -> Exit {
    let now = context.surroundings.now();
    let mut findings = folder(context);
    findings.push(disk(&context.config.data));
    let running = matches!(context.folder.hold(), Err(FolderError::Held(_)));
    match inspect(context).await {
        Ok(Some(inspection)) => {
            findings.push(engine(&context.config.database, &inspection));
            findings.push(schema(&inspection));
            findings.extend(key(context, &inspection));
            findings.push(clock(now, inspection.last_event));
            findings.extend(log(now, &inspection, running));
        }
        Ok(None) => {
            findings.push(Finding(State::Ok, words!("データベース: まだありません。最初の起動で作ります。", "database: none yet; the first start makes it.")));
            findings.push(clock(now, None));
        }
        Err(error) => findings.push(Finding(State::Fail, words!("データベース: 使えません({error})。database の設定と、サーバーが動いているかを確かめてください。", "database: cannot be used ({error}). Check the database setting and that its server runs."))),
    }
    findings.extend(tls(now, &context.config));
    findings.push(address(&context.config));
    findings.push(backup(now, context.folder.last_backup()));
    for Finding(state, words) in &findings {
        let mark = match state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "fail",
        };
        println!("{mark}  {}", words.in_language(context.language));
    }
    if findings.iter().any(|finding| finding.0 == State::Fail) { Exit::Wrong } else { Exit::Well }
}

async fn inspect(context: &Context) -> Result<Option<Inspection>, kairan_storage::Error> {
    if !context.folder.has_database(&context.config.database) {
        return Ok(None);
    }
    let database = context.folder.database(&context.config.database)?;
    database.inspect(&assemble::migrations()).await.map(Some)
}

fn folder(context: &Context) -> Vec<Finding> {
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

fn disk(data: &Path) -> Finding {
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

fn free_space(free: u64) -> Finding {
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

fn engine(database: &Database, found: &Inspection) -> Finding {
    let version = &found.version;
    match database {
        Database::Sqlite if found.version_number < i64::from(OLDEST_SQLITE.0) => {
            let oldest = OLDEST_SQLITE.1;
            Finding(
                State::Fail,
                words!(
                    "データベース: SQLite {version} は古すぎます。{oldest} 以上で組み立て直してください。",
                    "database: SQLite {version} is too old. Build with {oldest} or newer."
                ),
            )
        }
        Database::Sqlite => {
            Finding(State::Ok, words!("データベース: SQLite {version}。", "database: SQLite {version}."))
        }
        Database::Postgres(_) if found.version_number < OLDEST_POSTGRES => Finding(
            State::Fail,
            words!(
                "データベース: PostgreSQL {version} は古すぎます。15以上にしてください。",
                "database: PostgreSQL {version} is too old. Use 15 or newer."
            ),
        ),
        Database::Postgres(_) if found.encoding.as_deref() != Some("UTF8") => Finding(
            State::Fail,
            words!(
                "データベース: 文字コードがUTF8ではありません。ENCODING 'UTF8' で作り直してください。",
                "database: its encoding is not UTF8. Create it again with ENCODING 'UTF8'."
            ),
        ),
        Database::Postgres(_) => Finding(
            State::Ok,
            words!("データベース: PostgreSQL {version}。", "database: PostgreSQL {version}."),
        ),
    }
}

fn schema(found: &Inspection) -> Finding {
    let (pending, unknown) = (found.pending.join(", "), found.unknown.join(", "));
    if !unknown.is_empty() {
        return Finding(
            State::Fail,
            words!(
                "表の形: この版の知らない変更があります({unknown})。新しい版のkairanを使ってください。",
                "schema: this version does not know {unknown}. Use the newer kairan that was here."
            ),
        );
    }
    if !pending.is_empty() {
        return Finding(
            State::Ok,
            words!(
                "表の形: 次の起動で変更します({pending})。先に kairan backup を実行してください。",
                "schema: the next start applies {pending}. Run kairan backup first."
            ),
        );
    }
    Finding(State::Ok, words!("表の形: この版と同じです。", "schema: as this version wants it."))
}

fn key(context: &Context, found: &Inspection) -> Option<Finding> {
    let file = context.folder.path().join(KEY_FILE);
    if !file.exists() {
        let shown = file.display();
        return found.last_event.map(|_| {
            Finding(
                State::Fail,
                words!(
                    "署名鍵: {shown} がありません。バックアップから戻してください。",
                    "signing key: {shown} is missing. Bring it back from a backup."
                ),
            )
        });
    }
    Some(match LogKey::open(&file) {
        Ok(key) => {
            let id = key.public().id();
            Finding(State::Ok, words!("署名鍵: {id}。", "signing key: {id}."))
        }
        Err(error) => Finding(State::Fail, words!("署名鍵: {error}", "signing key: {error}")),
    })
}

fn clock(now: Instant, last_event: Option<Instant>) -> Finding {
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

fn log(now: Instant, found: &Inspection, running: bool) -> Option<Finding> {
    let waiting = found.waiting_since.map_or(0, |since| now.since(since));
    if running && waiting > UNSIGNED_WARN {
        let minutes = waiting / MINUTE;
        return Some(Finding(
            State::Fail,
            words!(
                "記録: {minutes}分前の記録がまだ署名されていません。サーバーの記録(ログ)を見てください。",
                "journal: an event of {minutes} minutes ago is not signed yet. Look at the server's log."
            ),
        ));
    }
    found.last_event.map(|_| {
        Finding(
            State::Ok,
            words!(
                "記録: 署名は追いついています(改変の有無は kairan verify で確かめます)。",
                "journal: signing keeps up (kairan verify proves that nothing was altered)."
            ),
        )
    })
}

fn tls(now: Instant, config: &Config) -> Option<Finding> {
    let (certificate, key) = match config.tls.as_ref()? {
        Tls::Files { certificate, key } => (certificate, key),
        Tls::Acme(acme) => {
            let domains = acme.domains.join(", ");
            return Some(Finding(
                State::Ok,
                words!(
                    "証明書: {domains} の証明書を自動で取ります。",
                    "certificate: obtained by itself for {domains}."
                ),
            ));
        }
    };
    if let Err(error) = certificate::read(certificate, key) {
        return Some(Finding(State::Fail, words!("証明書: {error}", "certificate: {error}")));
    }
    Some(match certificate::validity(certificate) {
        Ok(validity) => certificate_age(now, validity),
        Err(error) => Finding(State::Fail, words!("証明書: {error}", "certificate: {error}")),
    })
}

fn certificate_age(now: Instant, (from, until): (Instant, Instant)) -> Finding {
    let days = until.since(now) / DAY;
    if now < from {
        Finding(
            State::Fail,
            words!(
                "証明書: まだ有効になっていません。時計と証明書を確かめてください。",
                "certificate: not valid yet. Check the clock and the certificate."
            ),
        )
    } else if now >= until {
        Finding(
            State::Fail,
            words!(
                "証明書: 期限が切れています。新しいものに替えてください(再起動は要りません)。",
                "certificate: expired. Replace it (no restart needed)."
            ),
        )
    } else if until.since(now) < CERTIFICATE_WARN {
        Finding(
            State::Warn,
            words!(
                "証明書: あと{days}日で切れます。新しいものに替えてください(再起動は要りません)。",
                "certificate: ends in {days} days. Replace it (no restart needed)."
            ),
        )
    } else {
        Finding(State::Ok, words!("証明書: あと{days}日有効です。", "certificate: valid for {days} days."))
    }
}

fn address(config: &Config) -> Finding {
    let url = &config.public_url;
    let origin = &url.origin;
    if !url.https && !url.is_this_machine() {
        return Finding(
            State::Warn,
            words!(
                "アドレス: {origin} は暗号化されていません。合言葉と発言を途中で読まれます。tls を設定するか、HTTPSのプロキシを前に置いてください。",
                "address: {origin} is not encrypted; passwords and messages can be read on the way. Set tls, or put an HTTPS proxy in front."
            ),
        );
    }
    if url.https && config.tls.is_none() && config.trusted_proxies.is_empty() {
        return Finding(
            State::Warn,
            words!(
                "アドレス: {origin} ですが、tls も trusted_proxies もありません。前にプロキシがあるなら、そのアドレスを trusted_proxies に書いてください。",
                "address: {origin}, but neither tls nor trusted_proxies is set. If a proxy stands in front, name its address in trusted_proxies."
            ),
        );
    }
    if config.listen.ip().is_loopback() && !url.is_this_machine() && config.trusted_proxies.is_empty() {
        let listen = config.listen;
        return Finding(
            State::Warn,
            words!(
                "アドレス: {listen} はこの機械からしか届かないので、{origin} では開けません。listen を変えるか、プロキシを前に置いてください。",
                "address: {listen} is reachable only from this machine, so {origin} cannot be opened. Change listen, or put a proxy in front."
            ),
        );
    }
    Finding(State::Ok, words!("アドレス: {origin}", "address: {origin}"))
}

fn backup(now: Instant, last: Option<Instant>) -> Finding {
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
    use crate::config::{Flags, load};
    use crate::environment::Environment;
    use crate::words::Language;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn state(finding: &Finding) -> State {
        finding.0
    }

    #[test]
    fn a_certificate_is_judged_by_how_long_it_is_still_good() {
        let day = |days: i64| NOW.plus_ms(days * DAY);
        for (from, until, want) in [
            (day(1), day(90), State::Fail),
            (day(-90), day(0), State::Fail),
            (day(-80), day(13), State::Warn),
            (day(-1), day(89), State::Ok),
        ] {
            assert_eq!(state(&certificate_age(NOW, (from, until))), want);
        }
    }

    #[test]
    fn the_address_must_fit_how_the_server_is_reached() {
        for (settings, want, words) in [
            (vec![], State::Ok, "address: http://localhost:8080"),
            (vec![("public_url", "http://192.168.1.5:8080")], State::Warn, "is not encrypted"),
            (vec![("public_url", "https://k.example.jp")], State::Warn, "neither tls nor trusted_proxies"),
            (
                vec![("public_url", "https://k.example.jp"), ("trusted_proxies", "127.0.0.1")],
                State::Ok,
                "k.example.jp",
            ),
            (
                vec![("public_url", "https://k.example.jp"), ("tls.certificate", "c"), ("tls.key", "k")],
                State::Warn,
                "reachable only from this machine",
            ),
        ] {
            let settings = settings.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
            let config = load(&Flags { file: None, settings }, &Environment::default()).expect("good");
            let finding = address(&config);
            assert!(
                finding.0 == want && finding.1.in_language(Language::English).contains(words),
                "{finding:?}"
            );
        }
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

    #[test]
    fn a_database_of_a_newer_version_is_refused_and_a_waiting_migration_is_only_told() {
        let found = Inspection {
            version: "3.51.3".into(),
            version_number: 3_051_003,
            encoding: None,
            started: true,
            pending: vec!["people/0002_x"],
            unknown: vec![],
            last_event: Some(NOW),
            waiting_since: Some(NOW.plus_ms(-5 * MINUTE)),
        };
        assert_eq!(state(&schema(&found)), State::Ok);
        assert_eq!(state(&engine(&Database::Sqlite, &found)), State::Ok);
        assert_eq!(log(NOW, &found, true).map(|finding| finding.0), Some(State::Fail));
        assert_eq!(log(NOW, &found, false).map(|finding| finding.0), Some(State::Ok));
        let newer =
            Inspection { unknown: vec!["talk/0009_x".into()], version_number: 3_050_000, ..found.clone() };
        assert_eq!(
            (state(&schema(&newer)), state(&engine(&Database::Sqlite, &newer))),
            (State::Fail, State::Fail)
        );
        let postgres = Database::Postgres(String::new());
        let latin = Inspection { version_number: 150_014, encoding: Some("LATIN1".into()), ..found };
        assert_eq!(state(&engine(&postgres, &latin)), State::Fail);
    }
}
