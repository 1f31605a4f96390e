//! The database and the journal in it.

use kairan_core::Instant;
use kairan_core::time::MINUTE;
use kairan_storage::log::{KEY_FILE, LogKey};
use kairan_storage::{Inspection, OLDEST_SQLITE};

use super::{Finding, State};
use crate::commands::Context;
use crate::config::Database;
use crate::words::words;

/// The oldest PostgreSQL that is tested.
const OLDEST_POSTGRES: i64 = 150_000;
/// The search index follows within a second; longer means that it stands still, or is being made anew.
const UNINDEXED_WARN: i64 = MINUTE;
/// Heads follow within 60 seconds (R51); longer means that the sequencer stands still.
const UNSIGNED_WARN: i64 = 2 * MINUTE;

pub(super) fn engine(database: &Database, found: &Inspection) -> Finding {
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

pub(super) fn schema(found: &Inspection) -> Finding {
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

pub(super) fn key(context: &Context, found: &Inspection) -> Option<Finding> {
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

pub(super) fn log(now: Instant, found: &Inspection, running: bool) -> Option<Finding> {
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

pub(super) fn search(now: Instant, found: &Inspection, running: bool) -> Option<Finding> {
    let behind = found.search?;
    let (events, ms) = (behind.events, behind.since.map_or(0, |since| now.since(since)));
    if events == 0 {
        return Some(Finding(
            State::Ok,
            words!("検索: 索引は追いついています。", "search: the index keeps up."),
        ));
    }
    if !running {
        return Some(Finding(
            State::Ok,
            words!(
                "検索: {events}件の記録を、次の起動で索引に入れます。",
                "search: the next start takes {events} events into the index."
            ),
        ));
    }
    let minutes = ms / MINUTE;
    Some(if ms > UNINDEXED_WARN {
        Finding(
            State::Warn,
            words!(
                "検索: 索引が{events}件({minutes}分)遅れています。作り直している間は、待てば追いつきます。減らなければ、サーバーの記録(ログ)を見てください。",
                "search: the index is {events} events ({minutes} minutes) behind. While it is made anew, wait; if the number does not go down, look at the server's log."
            ),
        )
    } else {
        Finding(State::Ok, words!("検索: 索引は追いついています。", "search: the index keeps up."))
    })
}

#[cfg(test)]
mod tests {
    use kairan_storage::search::Behind;

    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn state(finding: &Finding) -> State {
        finding.0
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
            search: Some(Behind { events: 7, since: Some(NOW.plus_ms(-5 * MINUTE)) }),
        };
        assert_eq!(search(NOW, &found, true).map(|finding| finding.0), Some(State::Warn));
        assert_eq!(search(NOW, &found, false).map(|finding| finding.0), Some(State::Ok));
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
