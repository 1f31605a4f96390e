//! Lists for whoever has the machine: who is here, on which devices, in which sessions.
//!
//! It stays true that a list names nothing that opens anything: no token, no key, no code.

use kairan_core::{Instant, MemberId, Refusal, Role, SessionId};
use kairan_storage::{Reader, params};

use crate::People;
use crate::devices::queries::{self as device_queries, Device, Wanted};
use crate::devices::sheet;
use crate::members::queries::{self, Record, Standing};
use crate::members::rules::{Kind, MemberState};
use crate::signin::rules::over;

/// Rows read at once.
const PAGE: i64 = 500;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What programs call it.
    pub key: &'static str,
    /// What people call it, in Japanese.
    pub ja: &'static str,
    /// The same in English.
    pub en: &'static str,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    None,
    /// A text.
    Text(String),
    /// One of a few things: its stable name, and Japanese.
    Word(&'static str, &'static str),
    /// A moment.
    At(Instant),
}

impl Cell {
    /// The moment as people and spreadsheets read it (UTC), the word in its language, the text.
    #[must_use]
    pub fn text(&self, japanese: bool) -> String {
        match self {
            Self::None => String::new(),
            Self::Text(text) => text.clone(),
            Self::Word(name, ja) => (if japanese { *ja } else { *name }).to_owned(),
            Self::At(at) => sheet::written(*at),
        }
    }
}

impl From<Option<Instant>> for Cell {
    fn from(at: Option<Instant>) -> Self {
        at.map_or(Self::None, Self::At)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::None, Self::Text)
    }
}

/// A list.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows, as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

macro_rules! columns {
    ($($key:literal $ja:literal $en:literal),+ $(,)?) => { &[$(Column { key: $key, ja: $ja, en: $en }),+] };
}

const MEMBERS: &[Column] = columns![
    "login" "ログインID" "LOGIN",
    "staff_number" "社員番号" "STAFF NUMBER",
    "display_name" "表示名" "NAME",
    "role" "役割" "ROLE",
    "kind" "区分" "KIND",
    "state" "状態" "STATE",
    "second_factor" "二要素" "SECOND FACTOR",
    "last_seen" "最後の利用（UTC）" "LAST SEEN (UTC)",
    "locked_at" "ロック（UTC）" "LOCKED (UTC)",
    "id" "番号" "ID",
];

const DEVICES: &[Column] = columns![
    "id" "番号" "ID",
    "login" "ログインID" "LOGIN",
    "display_name" "表示名" "NAME",
    "device" "端末" "DEVICE",
    "kind" "種類" "KIND",
    "os" "OS" "OS",
    "ownership" "区分" "WHOSE",
    "state" "状態" "STATE",
    "last_seen" "最後の利用（UTC）" "LAST SEEN (UTC)",
    "address" "接続元" "ADDRESS",
    "wiped_at" "消去の確認（UTC）" "WIPED (UTC)",
];

const SESSIONS: &[Column] = columns![
    "login" "ログインID" "LOGIN",
    "display_name" "表示名" "NAME",
    "device" "端末" "DEVICE",
    "opened_at" "始まり（UTC）" "OPENED (UTC)",
    "last_seen" "最後の利用（UTC）" "LAST SEEN (UTC)",
    "address" "接続元" "ADDRESS",
    "agent" "ブラウザー" "BROWSER",
    "id" "番号" "ID",
];

/// Everyone.
///
/// # Errors
/// What the engine says.
pub async fn members(people: &People) -> Result<Table, Refusal> {
    let read = async move |reader: &mut Reader| -> Result<Table, Refusal> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = queries::page(reader, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(Table { columns: MEMBERS, rows }) };
            after = Some(last.id);
            for record in page {
                let standing = queries::standing(reader, record.id).await?;
                rows.push(member_row(record, &standing));
            }
        }
    };
    people.store.read(read).await
}

fn member_row(record: Record, standing: &Standing) -> Vec<Cell> {
    let state = match (record.state, standing.locked) {
        (MemberState::Left, _) => Cell::Word("left", "退職"),
        (_, Some(_)) => Cell::Word("locked", "ロック中"),
        (MemberState::Invited, None) => Cell::Word("invited", "招待中"),
        (MemberState::Active, None) => Cell::Word("active", "在籍"),
    };
    let factor =
        if standing.second_factor { Cell::Word("yes", "あり") } else { Cell::Word("no", "なし") };
    vec![
        record.profile.login.into(),
        record.profile.staff_number.into(),
        Cell::Text(record.profile.display_name),
        Cell::Word(record.role.name(), role(record.role)),
        Cell::Word(record.profile.kind.name(), kind(record.profile.kind)),
        state,
        factor,
        standing.last_seen.into(),
        standing.locked.map(|(at, _)| at).into(),
        Cell::Text(record.id.to_string()),
    ]
}

/// A role in Japanese, as the screens have it.
fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "所有者",
        Role::Admin => "管理者",
        Role::Auditor => "監査",
        Role::Hr => "人事窓口",
        Role::Manager => "責任者",
        Role::Member => "メンバー",
        Role::Partner => "取引先",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Employee => "社員",
        Kind::PartTime => "パート・アルバイト",
        Kind::Partner => "取引先",
        Kind::Bot => "ボット",
    }
}

/// Every device, or one person's, in the order in which they came.
///
/// # Errors
/// What the engine says.
pub async fn devices(people: &People, member: Option<MemberId>) -> Result<Table, Refusal> {
    let read = async move |reader: &mut Reader| -> Result<Table, Refusal> {
        let (mut rows, mut wanted) = (Vec::new(), Wanted { member, ..Wanted::default() });
        loop {
            let page = device_queries::page(reader, wanted, PAGE).await?;
            let Some(last) = page.last() else { return Ok(Table { columns: DEVICES, rows }) };
            wanted.after = Some(last.id);
            for device in page {
                let record = queries::record(reader, device.member).await?;
                rows.push(device_row(device, record));
            }
        }
    };
    people.store.read(read).await
}

fn device_row(device: Device, record: Option<Record>) -> Vec<Cell> {
    let (handle, name) = record.map(names).unwrap_or_default();
    vec![
        Cell::Text(device.id.to_string()),
        Cell::Text(handle),
        Cell::Text(name),
        Cell::Text(device.name),
        Cell::Word(device.kind.name(), sheet::kind(device.kind)),
        Cell::Text(device.os),
        Cell::Word(device.ownership.name(), sheet::ownership(device.ownership)),
        Cell::Word(device.state.name(), sheet::state(device.state)),
        Cell::At(device.last_seen),
        Cell::Text(device.address),
        device.wiped.map(|(at, _)| at).into(),
    ]
}

/// What one signs in with, and what is shown.
fn names(record: Record) -> (String, String) {
    let profile = record.profile;
    (profile.login.or(profile.staff_number).unwrap_or_default(), profile.display_name)
}

/// Every open session, or one person's, in the order in which they were opened.
///
/// # Errors
/// What the engine says.
pub async fn sessions(people: &People, member: Option<MemberId>) -> Result<Table, Refusal> {
    let now = people.surroundings().now();
    let read = async move |reader: &mut Reader| -> Result<Table, Refusal> {
        let (mut rows, mut after) = (Vec::new(), Vec::new());
        let only = member.map(kairan_core::ids::Id::bytes).unwrap_or_default();
        loop {
            let sql = "SELECT s.id, COALESCE(m.login, m.staff_number), m.display_name, d.name, s.opened_at, COALESCE(seen.at, s.opened_at), s.address, s.agent, s.expires_at, s.idle FROM sessions s JOIN members m ON m.id = s.member LEFT JOIN devices d ON d.id = s.device LEFT JOIN marks_session_seen seen ON seen.session = s.id WHERE s.id > $1 AND ($2 OR s.member = $3) ORDER BY s.id LIMIT $4";
            let page = reader.query(sql, params![after, member.is_none(), only.clone(), PAGE]).await?;
            let Some(last) = page.last() else { return Ok(Table { columns: SESSIONS, rows }) };
            after = last.get::<Vec<u8>>(0)?;
            for row in page {
                if over(row.get(8)?, row.get(5)?, row.get(9)?, now) {
                    continue; // it opens nothing any more, and will be closed within a minute
                }
                rows.push(vec![
                    row.get::<Option<String>>(1)?.into(),
                    Cell::Text(row.get(2)?),
                    row.get::<Option<String>>(3)?.into(),
                    Cell::At(row.get(4)?),
                    Cell::At(row.get(5)?),
                    Cell::Text(row.get(6)?),
                    Cell::Text(row.get(7)?),
                    Cell::Text(row.get::<SessionId>(0)?.to_string()),
                ]);
            }
        }
    };
    people.store.read(read).await
}
