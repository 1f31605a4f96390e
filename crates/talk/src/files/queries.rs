//! Reading files: always from what the one who asks may see. Whoever may see the message may open its files; before it is
//! posted only the uploader may; for everyone else there is no such file (R24, R25).

use kairan_core::{ContentId, FileId, Instant, MemberId, MessageId, RoomId, SecretId, Seq};
use kairan_people::Caller;
use kairan_people::organisation::settings;
use kairan_people::organisation::settings::rules::Files;
use kairan_people::policies::{self, Who};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::events::FileShape;
use super::rules::{FileKind, FileState, Limits, Usage};
use super::view::rules::Terms;

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Its id.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub shape: FileShape,
    /// Whether it is served.
    pub state: FileState,
}

/// A file with where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFile {
    /// The file.
    pub view: FileView,
    /// Its room.
    pub room: RoomId,
    /// The message it was sent with.
    pub message: Option<MessageId>,
    /// That message's place.
    pub seq: Option<Seq>,
    /// Who uploaded it.
    pub by: MemberId,
    /// When.
    pub at: Instant,
    /// Hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    /// The encoding of a text.
    pub charset: Option<String>,
    /// Its wrapped key.
    pub secret: SecretId,
}

/// What every answer about a file begins with; `f` is the file, `c` its name.
macro_rules! file_columns {
    () => {
        "f.id, c.body, f.size, f.media, f.kind, f.extension, f.width, f.height, f.preview, f.state"
    };
}

/// Further columns of a [`PlacedFile`]; `g` is its message.
macro_rules! place_columns {
    () => {
        ", f.room, f.message, g.seq, f.member, f.at, f.sha256, f.charset, f.secret"
    };
}

fn view(row: &Row, first: usize) -> Result<FileView> {
    let name: Option<Vec<u8>> = row.get(first + 1)?;
    let kind: String = row.get(first + 4)?;
    let state: String = row.get(first + 9)?;
    Ok(FileView {
        id: row.get(first)?,
        name: String::from_utf8_lossy(&name.unwrap_or_default()).into_owned(),
        shape: FileShape {
            size: row.get(first + 2)?,
            media: row.get(first + 3)?,
            kind: FileKind::named(&kind).ok_or(Error::NoRow("a kind of file"))?,
            extension: row.get(first + 5)?,
            width: row.get(first + 6)?,
            height: row.get(first + 7)?,
            preview: row.get(first + 8)?,
        },
        state: FileState::named(&state).ok_or(Error::NoRow("a state of a file"))?,
    })
}

fn placed(row: &Row) -> Result<PlacedFile> {
    Ok(PlacedFile {
        view: view(row, 0)?,
        room: row.get(10)?,
        message: row.get(11)?,
        seq: row.get(12)?,
        by: row.get(13)?,
        at: row.get(14)?,
        sha256: row.get(15)?,
        charset: row.get(16)?,
        secret: row.get(17)?,
    })
}

/// A file, if `member` may open it now.
///
/// # Errors
/// What storage says.
pub async fn visible(reader: &mut Reader, file: FileId, member: MemberId) -> Result<Option<PlacedFile>> {
    let sql = concat!(
        "SELECT ",
        file_columns!(),
        place_columns!(),
        " FROM files f JOIN room_members m ON m.room = f.room AND m.member = $2
          LEFT JOIN contents c ON c.id = f.name LEFT JOIN messages g ON g.id = f.message
          WHERE f.id = $1 AND f.state <> 'erased'
            AND ((f.message IS NULL AND f.member = $2) OR (g.seq > m.floor AND g.deleted_at IS NULL))"
    );
    reader.maybe(sql, params![file, member]).await?.as_ref().map(placed).transpose()
}

/// A file, if the caller may open it now, and on what terms.
///
/// # Errors
/// What storage says.
pub async fn on_terms(
    reader: &mut Reader,
    file: FileId,
    caller: &Caller,
) -> Result<Option<(PlacedFile, Terms)>> {
    let Some(there) = visible(reader, file, caller.member).await? else { return Ok(None) };
    Ok(Some((there, terms(reader, caller).await?)))
}

/// On what terms the caller has files, on the device they call from.
///
/// # Errors
/// What storage says.
pub async fn terms(reader: &mut Reader, caller: &Caller) -> Result<Terms> {
    let who = Who { role: caller.role, seat: caller.whence.seat };
    Ok((&policies::queries::of(reader, &who).await?).into())
}

/// A file whoever asks, for the server itself.
///
/// # Errors
/// What storage says.
pub async fn any(reader: &mut Reader, file: FileId) -> Result<Option<PlacedFile>> {
    let sql = concat!(
        "SELECT ",
        file_columns!(),
        place_columns!(),
        " FROM files f LEFT JOIN contents c ON c.id = f.name LEFT JOIN messages g ON g.id = f.message
          WHERE f.id = $1 AND f.state <> 'erased'"
    );
    reader.maybe(sql, params![file]).await?.as_ref().map(placed).transpose()
}

/// The contents that hold a file's name.
///
/// # Errors
/// What storage says.
pub async fn names(reader: &mut Reader, file: FileId) -> Result<Vec<ContentId>> {
    let sql = "SELECT name FROM files WHERE id = $1 UNION SELECT name FROM message_files WHERE file = $1";
    reader.query(sql, params![file]).await?.iter().map(|row| row.get(0)).collect()
}

/// Whether a file of this id exists or existed.
///
/// # Errors
/// What storage says.
pub async fn taken(reader: &mut Reader, file: FileId) -> Result<bool> {
    Ok(reader.maybe("SELECT 1 FROM files WHERE id = $1", params![file]).await?.is_some())
}

/// The files of the messages of a room between two places, both included, each with its message, in their messages' order.
/// Those of deleted messages are left out; one that is erased is
/// there without its name.
///
/// # Errors
/// What storage says.
pub async fn of_messages(
    reader: &mut Reader,
    room: RoomId,
    first: Seq,
    last: Seq,
) -> Result<Vec<(MessageId, FileView)>> {
    let sql = concat!(
        "SELECT ",
        file_columns!(),
        ", k.message FROM message_files k JOIN files f ON f.id = k.file JOIN messages g ON g.id = k.message
          LEFT JOIN contents c ON c.id = k.name
          WHERE k.room = $1 AND k.seq >= $2 AND k.seq <= $3 AND g.deleted_at IS NULL
          ORDER BY k.seq, k.position"
    );
    let rows = reader.query(sql, params![room, first, last]).await?;
    rows.iter().map(|row| Ok((row.get(10)?, view(row, 0)?))).collect()
}

/// The files of a member's scheduled messages that are still open, each with its message, in their order.
///
/// # Errors
/// What storage says.
pub async fn of_schedules(reader: &mut Reader, member: MemberId) -> Result<Vec<(MessageId, FileView)>> {
    let sql = concat!(
        "SELECT ",
        file_columns!(),
        ", k.schedule FROM schedule_files k JOIN files f ON f.id = k.file LEFT JOIN contents c ON c.id = f.name
          WHERE k.member = $1 ORDER BY k.schedule, k.position"
    );
    reader.query(sql, params![member]).await?.iter().map(|row| Ok((row.get(10)?, view(row, 0)?))).collect()
}

/// Which of a room's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesAsked {
    /// These kinds; none: every kind.
    pub kinds: Vec<FileKind>,
    /// Those this member sent.
    pub by: Option<MemberId>,
    /// Sent at or after.
    pub after: Option<Instant>,
    /// Sent before.
    pub before: Option<Instant>,
    /// Of messages before this place.
    pub older_than: Option<i64>,
    /// At most about so many: the files of one message are never parted.
    pub limit: i64,
}

/// A room's files above `floor`, newest message first, and whether there are older ones.
///
/// # Errors
/// What storage says.
pub async fn of_room(
    reader: &mut Reader,
    room: RoomId,
    floor: i64,
    asked: &FilesAsked,
) -> Result<(Vec<PlacedFile>, bool)> {
    let sql = concat!(
        "SELECT ",
        file_columns!(),
        place_columns!(),
        " FROM message_files k JOIN files f ON f.id = k.file JOIN messages g ON g.id = k.message
          LEFT JOIN contents c ON c.id = k.name
          WHERE k.room = $1 AND k.seq > $2 AND k.seq < $3 AND f.state <> 'erased' AND g.deleted_at IS NULL
            AND (CAST($4 AS TEXT) = '' OR CAST($4 AS TEXT) LIKE '%,' || f.kind || ',%')
            AND (CAST($5 AS BYTEA) IS NULL OR f.member = $5) AND g.at >= $6 AND g.at < $7
          ORDER BY k.seq DESC, k.position LIMIT $8"
    );
    let most = i64::try_from(super::rules::FILES_LIMIT).unwrap_or(i64::MAX);
    let kinds: String = asked.kinds.iter().map(|kind| format!("{},", kind.name())).collect();
    let kinds = if kinds.is_empty() { kinds } else { format!(",{kinds}") };
    let params = params![
        room,
        floor,
        asked.older_than.unwrap_or(i64::MAX),
        kinds,
        asked.by,
        asked.after.unwrap_or(Instant(i64::MIN)),
        asked.before.unwrap_or(Instant(i64::MAX)),
        asked.limit.saturating_add(most)
    ];
    let rows = reader.query(sql, params).await?;
    let mut files: Vec<PlacedFile> = rows.iter().map(placed).collect::<Result<_>>()?;
    let limit = usize::try_from(asked.limit).unwrap_or(0);
    // To the end of the message that the limit falls into.
    let end = files.iter().enumerate().position(|(at, file)| {
        at >= limit && at.checked_sub(1).is_none_or(|before| files[before].message != file.message)
    });
    let more = end.is_some();
    files.truncate(end.unwrap_or(files.len()));
    Ok((files, more))
}

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file it will be.
    pub file: FileId,
    /// Where it is to go.
    pub room: RoomId,
    /// Whose it is.
    pub member: MemberId,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size: i64,
    /// What the browser says it is.
    pub media: Option<String>,
    /// Its wrapped key.
    pub secret: SecretId,
    /// When it began.
    pub at: Instant,
}

/// An upload under way, whoever asks.
///
/// # Errors
/// What storage says.
pub async fn upload(reader: &mut Reader, file: FileId) -> Result<Option<Upload>> {
    let sql = "SELECT file, room, member, name, size, media, secret, at FROM marks_uploads WHERE file = $1";
    reader
        .maybe(sql, params![file])
        .await?
        .map(|row| {
            Ok(Upload {
                file: row.get(0)?,
                room: row.get(1)?,
                member: row.get(2)?,
                name: row.get(3)?,
                size: row.get(4)?,
                media: row.get(5)?,
                secret: row.get(6)?,
                at: row.get(7)?,
            })
        })
        .transpose()
}

/// The parts of an upload that are here, ascending.
///
/// # Errors
/// What storage says.
pub async fn received(reader: &mut Reader, file: FileId) -> Result<Vec<i64>> {
    let sql = "SELECT part FROM marks_upload_parts WHERE file = $1 ORDER BY part";
    reader.query(sql, params![file]).await?.iter().map(|row| row.get(0)).collect()
}

/// What is kept, uploads under way included.
///
/// # Errors
/// What storage says.
pub async fn usage(reader: &mut Reader, member: MemberId) -> Result<Usage> {
    // SUM of BIGINT is NUMERIC in PostgreSQL.
    let organisation = "SELECT CAST(COALESCE((SELECT SUM(bytes) FROM room_usage), 0) + COALESCE((SELECT SUM(size) FROM marks_uploads), 0) AS BIGINT)";
    let own = "SELECT CAST(COALESCE((SELECT SUM(bytes) FROM room_usage WHERE member = $1), 0)
        + COALESCE((SELECT SUM(size) FROM marks_uploads WHERE member = $1), 0) AS BIGINT)";
    Ok(Usage {
        organisation: reader.one(organisation, params![]).await?.get(0)?,
        member: reader.one(own, params![member]).await?.get(0)?,
    })
}

/// What the organisation allows.
///
/// # Errors
/// What storage says.
pub async fn limits(reader: &mut Reader) -> Result<Limits> {
    let Files { largest, per_member, total } = settings::queries::of(reader).await?.files;
    Ok(Limits { largest, per_member, total })
}

/// Uploads begun before a moment.
///
/// # Errors
/// What storage says.
pub async fn abandoned_uploads(reader: &mut Reader, before: Instant) -> Result<Vec<(FileId, RoomId)>> {
    pairs(reader, "SELECT file, room FROM marks_uploads WHERE at < $1 ORDER BY at", before).await
}

/// Finished files that no message brought, from before a moment.
///
/// # Errors
/// What storage says.
pub async fn unposted(reader: &mut Reader, before: Instant) -> Result<Vec<(FileId, RoomId)>> {
    let sql = "SELECT id, room FROM files f WHERE message IS NULL AND state <> 'erased' AND at < $1
          AND NOT EXISTS (SELECT 1 FROM schedule_files k WHERE k.file = f.id) ORDER BY at";
    pairs(reader, sql, before).await
}

async fn pairs(reader: &mut Reader, sql: &'static str, before: Instant) -> Result<Vec<(FileId, RoomId)>> {
    let rows = reader.query(sql, params![before]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Files that wait for the scanner, the longest waiting first.
///
/// # Errors
/// What storage says.
pub async fn waiting(reader: &mut Reader, limit: i64) -> Result<Vec<FileId>> {
    let sql = "SELECT id FROM files WHERE state = 'waiting' ORDER BY at LIMIT $1";
    reader.query(sql, params![limit]).await?.iter().map(|row| row.get(0)).collect()
}

/// How many files wait for the scanner.
///
/// # Errors
/// What storage says.
pub async fn waiting_count(reader: &mut Reader) -> Result<i64> {
    reader.one("SELECT COUNT(*) FROM files WHERE state = 'waiting'", params![]).await?.get(0)
}

/// Files that are gone from here and whose bytes may still lie in the store.
///
/// # Errors
/// What storage says.
pub async fn remains(reader: &mut Reader) -> Result<Vec<FileId>> {
    let sql = "SELECT file FROM marks_file_remains ORDER BY at LIMIT 500";
    reader.query(sql, params![]).await?.iter().map(|row| row.get(0)).collect()
}
