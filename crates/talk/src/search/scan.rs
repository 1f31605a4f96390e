//! Going down the index: what it offers is read as the asker may see it now, and compared with what was asked.
//!
//! It stays true that one answer looks at a bounded number of messages, whatever is asked.

use std::collections::HashSet;

use kairan_core::{ContentId, FileId, Instant, MemberId, MessageId, Refusal, RoomId, Seq};
use kairan_storage::search::{self, Tag, Wanted};
use kairan_storage::{Params, Reader, Result, Row, Value, params};
use serde::Deserialize;

use super::rules::{Query, SEARCH_CURSOR};
use super::words::{Searched, wanted_grams};
use crate::messages::rules::Label;

/// Values of one list in a statement; more are asked for in several.
pub(super) const LIST: usize = 64;
/// Most documents looked at for one answer; what lies further is the next page's.
const LOOKED_AT: usize = 2_000;
/// Most rooms or people that the index is asked to narrow by. More are many of all there are, and are checked afterwards.
const TAGS: usize = 64;
/// As many rooms are narrowed by at once. With more, the index is asked without them first: narrowing by many rooms costs
/// more (`PostgreSQL` reads the list of each: 112 ms against 25 at a million messages) than passing over what other rooms say.
const FEW: usize = 8;
/// Narrowed after all, when fewer than one of so many candidates could be seen.
const RARE: usize = 8;

/// A statement that ends in a list of [`LIST`] parameters after the first `$after`; made once.
macro_rules! in_list {
    ($start:expr, $after:expr) => {{
        static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let list = ($after + 1..=$after + super::scan::LIST).map(|n| format!("${n}"));
            format!("{}({})", $start, list.collect::<Vec<_>>().join(", "))
        });
        SQL.as_str()
    }};
}
pub(super) use in_list;

/// Values in lists of [`LIST`], the last filled up with what nothing equals.
pub(super) fn list(values: impl Iterator<Item = Value>) -> Vec<Params> {
    let values: Vec<Value> = values.collect();
    let filled = |some: &[Value]| {
        let nothing = std::iter::repeat_n(Value::Null, LIST - some.len());
        some.iter().cloned().chain(nothing).collect()
    };
    values.chunks(LIST).map(filled).collect()
}

/// A file that a message brought, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Which.
    pub file: FileId,
    /// Its name.
    pub name: String,
}

/// What search needs of a post's facts.
#[derive(Deserialize)]
struct Brought {
    #[serde(default)]
    files: Vec<BroughtFile>,
}
#[derive(Deserialize)]
struct BroughtFile {
    file: FileId,
    name: NameRef,
}
#[derive(Deserialize)]
struct NameRef {
    id: ContentId,
}

/// The files of a post, by its body in the journal; those whose name is erased are left out.
pub(super) async fn names_of(reader: &mut Reader, posted: &str) -> Result<Vec<FileName>> {
    let mut names = Vec::new();
    // Nearly all posts bring none, and need not be read for that.
    if posted.contains("\"files\":[{") {
        for brought in serde_json::from_str::<Brought>(posted)?.files {
            let name = reader.content(brought.name.id).await?;
            names.extend(name.map(|name| FileName { file: brought.file, name }));
        }
    }
    Ok(names)
}
/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the log; not for those who ask.
    pub(super) doc: i64,
    /// Which.
    pub message: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Its place there.
    pub seq: Seq,
    /// When it was posted.
    pub at: Instant,
    /// Who wrote it.
    pub author: MemberId,
    /// Its label.
    pub label: Option<Label>,
    /// Its text.
    pub text: String,
    /// Its files.
    pub files: Vec<FileName>,
}
/// What the asker may see, and what filters leave of it.
pub(super) struct Scope {
    pub(super) member: MemberId,
    /// Their rooms that are searched.
    pub(super) rooms: HashSet<RoomId>,
    /// Authors, when a filter names any.
    pub(super) authors: Option<HashSet<MemberId>>,
    pub(super) after: Option<Instant>,
    pub(super) before: Option<Instant>,
}
/// Going down the index.
pub(super) struct Scan {
    pub(super) wanted: Wanted,
    /// The rooms, which the index is to be asked to narrow by when others' get in the way.
    held_back: Option<Vec<Tag>>,
    pub(super) from: i64,
    pub(super) below: i64,
    pub(super) hits: Vec<Hit>,
    /// Nothing lies further down.
    pub(super) ended: bool,
    /// The last message looked at that the asker may see, hit or not.
    pub(super) seen: Option<MessageId>,
    pub(super) looked_at: usize,
}

impl Scan {
    pub(super) async fn new(reader: &mut Reader, scope: &Scope, query: &Query, below: i64) -> Result<Self> {
        let state = search::state(reader).await?.unwrap_or_default();
        let (wanted, held_back) = wanted(scope, query);
        let mut scan = Self {
            wanted,
            held_back,
            from: 0,
            below: below.min(state.position),
            hits: Vec::new(),
            ended: scope.rooms.is_empty(),
            seen: None,
            looked_at: 0,
        };
        if let Some(after) = scope.after {
            scan.from = bound(reader, scan.below, after.plus_ms(-state.disorder)).await?;
        }
        if let Some(before) = scope.before {
            scan.below = bound(reader, scan.below, before.plus_ms(state.disorder)).await?;
        }
        Ok(scan)
    }

    /// Until there are `many` hits, or nothing is left, or it is enough for one answer.
    pub(super) async fn go_on(
        &mut self,
        reader: &mut Reader,
        scope: &Scope,
        query: &Query,
        many: usize,
    ) -> Result<()> {
        let mut step = LIST;
        while !self.ended && self.hits.len() < many && self.looked_at < LOOKED_AT {
            let limit = i64::try_from(step).unwrap_or(i64::MAX);
            let docs = search::candidates(reader, &self.wanted, self.from, self.below, limit).await?;
            self.ended = docs.len() < step;
            // More each time: where few candidates hit, many are needed.
            step = (step * 4).min(LOOKED_AT);
            let mut seen = 0;
            for some in docs.chunks(LIST) {
                for hit in visible(reader, scope.member, some).await? {
                    seen += 1;
                    self.seen = Some(hit.message);
                    if self.hits.len() < many && scope.fits(&hit, query) {
                        self.hits.push(hit);
                    }
                }
                self.looked_at += some.len();
                self.below = some.last().copied().unwrap_or(self.below);
                if self.hits.len() >= many || self.looked_at >= LOOKED_AT {
                    self.ended = self.ended && docs.last() == some.last();
                    return Ok(());
                }
            }
            if seen * RARE < docs.len() {
                self.wanted.any.extend(self.held_back.take());
            }
        }
        Ok(())
    }
}

impl Scope {
    /// Everything that was asked, exactly.
    fn fits(&self, hit: &Hit, query: &Query) -> bool {
        self.rooms.contains(&hit.room)
            && self.authors.as_ref().is_none_or(|authors| authors.contains(&hit.author))
            && self.after.is_none_or(|after| hit.at >= after)
            && self.before.is_none_or(|before| hit.at < before)
            && (!query.has_file || !hit.files.is_empty())
            && (query.labels.is_empty() || hit.label.is_some_and(|label| query.labels.contains(&label)))
            && searched(hit).holds(&query.terms)
    }
}

pub(super) fn searched(hit: &Hit) -> Searched {
    Searched::new(&hit.text, hit.files.iter().map(|file| file.name.as_str()))
}

/// What the index is asked for, and the rooms that are held back.
fn wanted(scope: &Scope, query: &Query) -> (Wanted, Option<Vec<Tag>>) {
    let mut any = Vec::new();
    let rooms = || scope.rooms.iter().map(|room| Tag::Room(*room)).collect();
    if scope.rooms.len() <= FEW {
        any.push(rooms());
    }
    let held_back = (FEW + 1..=TAGS).contains(&scope.rooms.len()).then(rooms);
    if let Some(authors) = scope.authors.as_ref().filter(|authors| authors.len() <= TAGS) {
        any.push(authors.iter().map(|author| Tag::Author(*author)).collect());
    }
    if !query.labels.is_empty() {
        any.push(query.labels.iter().map(|label| Tag::Label(label.name())).collect());
    }
    if query.has_file {
        any.push(vec![Tag::File]);
    }
    (Wanted { grams: wanted_grams(&query.terms), any }, held_back)
}

/// Documents as the asker may see them now (R26), newest first: of a room they are in, above their floor, not deleted.
async fn visible(reader: &mut Reader, member: MemberId, docs: &[i64]) -> Result<Vec<Hit>> {
    let sql = in_list!(
        "SELECT l.idx, g.id, g.room, g.seq, g.at, g.author, g.label, c.body, e.body
           FROM log_entries l JOIN events e ON e.stream = l.stream AND e.seq = l.seq
           JOIN room_members m ON m.room = substr(l.stream, 2) AND m.member = $1 AND m.floor < l.seq
           JOIN messages g ON g.room = m.room AND g.seq = l.seq AND g.deleted_at IS NULL
           LEFT JOIN contents c ON c.id = g.content
          WHERE l.idx IN ",
        1
    );
    let mut hits = Vec::with_capacity(docs.len());
    for some in list(docs.iter().map(|doc| (*doc).into())) {
        let asked = std::iter::once(member.into()).chain(some).collect();
        for row in reader.query(sql, asked).await? {
            hits.push(hit(reader, &row).await?);
        }
    }
    hits.sort_by_key(|hit| -hit.doc);
    Ok(hits)
}

async fn hit(reader: &mut Reader, row: &Row) -> Result<Hit> {
    let label: Option<String> = row.get(6)?;
    let text = row.get::<Option<Vec<u8>>>(7)?.unwrap_or_default();
    Ok(Hit {
        doc: row.get(0)?,
        message: row.get(1)?,
        room: row.get(2)?,
        seq: row.get(3)?,
        at: row.get(4)?,
        author: row.get(5)?,
        label: label.as_deref().and_then(Label::named),
        text: String::from_utf8_lossy(&text).into_owned(),
        files: names_of(reader, &row.get::<String>(8)?).await?,
    })
}

/// The document of a message that the asker may see, deleted or not.
pub(super) async fn doc_of(
    reader: &mut Reader,
    member: MemberId,
    message: MessageId,
) -> Result<i64, Refusal> {
    let sql = "SELECT l.idx FROM messages g JOIN room_members m ON m.room = g.room AND m.member = $1 AND m.floor < g.seq
        JOIN rooms r ON r.id = g.room JOIN log_entries l ON l.stream = r.stream AND l.seq = g.seq WHERE g.id = $2";
    let row = reader.maybe(sql, params![member, message]).await?;
    Ok(row.ok_or(&SEARCH_CURSOR)?.get(0)?)
}

/// The newest message below a document that the asker may see, so that a page can begin there.
pub(super) async fn visible_below(
    reader: &mut Reader,
    member: MemberId,
    below: i64,
) -> Result<Option<MessageId>> {
    let sql = "SELECT g.id FROM log_entries l
        JOIN room_members m ON m.room = substr(l.stream, 2) AND m.member = $1 AND m.floor < l.seq
        JOIN messages g ON g.room = m.room AND g.seq = l.seq
       WHERE l.idx < $2 ORDER BY l.idx DESC LIMIT 1";
    reader.maybe(sql, params![member, below]).await?.map(|row| row.get(0)).transpose()
}

/// The place in the log where times pass `at`: the one before it, if any, is earlier; the one at it, if any, is not. Times
/// are nearly in order, and what was looked at itself is the proof: with the index's disorder taken from or added to
/// `at`, everything below or from there on is surely outside.
async fn bound(reader: &mut Reader, size: i64, at: Instant) -> Result<i64> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let there = search::placed_at(reader, middle).await?.unwrap_or(at);
        if there >= at { high = middle } else { low = middle + 1 }
    }
    Ok(low)
}
