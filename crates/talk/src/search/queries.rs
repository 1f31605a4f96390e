//! Asking: what the index offers is checked against membership, deletion and the words themselves.

use std::collections::{HashMap, HashSet};

use kairan_core::{ContentId, FileId, Instant, MemberId, MessageId, Refusal, RoomId, Seq, refusal};
use kairan_people::{Caller, Hooks, members};
use kairan_storage::search::{self, Tag, Wanted};
use kairan_storage::{Params, Reader, Result, Row, Value, params};
use serde::Deserialize;

use super::rules::{self, Day, Query, SEARCH_CURSOR};
use super::words::{Searched, wanted_grams};
use crate::messages::rules::Label;
use crate::rooms;
use crate::rooms::rules::RoomKind;

/// Values of one list in a statement; more are asked for in several.
pub(super) const LIST: usize = 64;
/// Most documents looked at for one answer; what lies further is the next page's. Measured: 2,000 take 10–40 ms.
const LOOKED_AT: usize = 2_000;
/// Most hits that are ranked; the newest ones.
const RANKED: usize = 500;
/// Most rooms or people that the index is asked to narrow by. More are many of all there are, and are checked afterwards.
const TAGS: usize = 64;
/// Most people and rooms in an answer.
const NAMED: usize = 8;

/// A statement that ends in a list of [`LIST`] parameters after the first `$after`; made once.
macro_rules! in_list {
    ($start:expr, $after:expr) => {{
        static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let list = ($after + 1..=$after + super::queries::LIST).map(|n| format!("${n}"));
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

/// How hits are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Newest first.
    New,
    /// Best first, among the newest ones.
    Best,
}

/// Where a page begins. It names a message that the asker has been shown, or could be: nothing else is told by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// After this message.
    After(MessageId),
    /// With this message.
    From(MessageId),
    /// At this place of what is ranked from this message on.
    Ranked(MessageId, usize),
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::After(message) => write!(f, "after.{message}"),
            Self::From(message) => write!(f, "from.{message}"),
            Self::Ranked(message, place) => write!(f, "best.{message}.{place}"),
        }
    }
}

impl std::str::FromStr for Cursor {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut parts = text.split('.');
        let mut read = || -> Option<Self> {
            let (kind, message) = (parts.next()?, parts.next()?.parse().ok()?);
            let cursor = match kind {
                "after" => Self::After(message),
                "from" => Self::From(message),
                "best" => Self::Ranked(message, parts.next()?.parse().ok()?),
                _ => return None,
            };
            parts.next().is_none().then_some(cursor)
        };
        read().ok_or_else(|| (&SEARCH_CURSOR).into())
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What was typed.
    pub query: Query,
    /// Only in this room.
    pub room: Option<RoomId>,
    /// In which order.
    pub sort: Sort,
    /// From where on.
    pub cursor: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
    /// Minutes east of UTC, for days.
    pub zone: i64,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the log; not for those who ask.
    doc: i64,
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

/// A room that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFound {
    /// Which.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: RoomKind,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Those `from:` names.
    pub from: Vec<MemberId>,
    /// Those `in:` names.
    pub rooms_named: Vec<RoomId>,
    /// Filters that name nothing, as typed.
    pub unknown: Vec<String>,
    /// Messages.
    pub hits: Vec<Hit>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
    /// People whose names hold the words.
    pub people: Vec<members::queries::Record>,
    /// Rooms whose names do.
    pub rooms: Vec<RoomFound>,
    /// Since when the index lies behind.
    pub behind_since: Option<Instant>,
}

/// What the asker may see, and what filters leave of it.
struct Scope {
    member: MemberId,
    /// Their rooms that are searched.
    rooms: HashSet<RoomId>,
    /// Authors, when a filter names any.
    authors: Option<HashSet<MemberId>>,
    after: Option<Instant>,
    before: Option<Instant>,
}

/// Searches.
///
/// # Errors
/// 404 for a room that is not the asker's, `search.cursor`, or what storage says.
pub async fn search(
    reader: &mut Reader,
    caller: &Caller,
    hooks: &Hooks,
    asked: &Asked,
) -> Result<Found, Refusal> {
    let mut found = Found { unknown: asked.query.unknown.clone(), ..Found::default() };
    let mine = rooms::queries::rooms_of(reader, caller.member).await?;
    if asked.room.is_some_and(|room| !mine.iter().any(|(one, _)| *one == room)) {
        return Err((&refusal::NOT_FOUND).into());
    }
    let directory = Directory::read(reader, caller, hooks, &asked.query).await?;
    found.from = directory.people_named(&asked.query.from, &mut found.unknown);
    found.rooms_named = directory.rooms_named(&asked.query.rooms, &mut found.unknown);
    if asked.cursor.is_none() && asked.query.is_only_words() && asked.room.is_none() {
        (found.people, found.rooms) = directory.holding(reader, &asked.query).await?;
    }
    found.behind_since = search::behind(reader).await?.since;
    if !asked.query.unknown.is_empty() {
        return Ok(found); // nothing fulfils what says nothing
    }
    let mut rooms: HashSet<RoomId> = mine.iter().map(|(room, _)| *room).collect();
    if !asked.query.rooms.is_empty() {
        rooms.retain(|room| found.rooms_named.contains(room));
    }
    rooms.retain(|room| asked.room.is_none_or(|only| only == *room));
    let day = |day: Option<Day>| day.map(|day| day.begins(asked.zone));
    let scope = Scope {
        member: caller.member,
        rooms,
        authors: (!asked.query.from.is_empty()).then(|| found.from.iter().copied().collect()),
        after: day(asked.query.after),
        before: day(asked.query.before),
    };
    let (hits, next) = match asked.sort {
        Sort::New => newest(reader, &scope, asked).await?,
        Sort::Best => best(reader, &scope, asked).await?,
    };
    (found.hits, found.next) = (hits, next);
    Ok(found)
}

/// A page, newest first.
async fn newest(
    reader: &mut Reader,
    scope: &Scope,
    asked: &Asked,
) -> Result<(Vec<Hit>, Option<Cursor>), Refusal> {
    let below = match asked.cursor {
        None => i64::MAX,
        Some(Cursor::After(message)) => doc_of(reader, scope.member, message).await?,
        Some(Cursor::From(message)) => doc_of(reader, scope.member, message).await? + 1,
        Some(Cursor::Ranked(..)) => return Err((&SEARCH_CURSOR).into()),
    };
    let mut scan = Scan::new(reader, scope, &asked.query, below).await?;
    // One more than asked for tells whether there is a next page.
    scan.go_on(reader, scope, &asked.query, asked.limit + 1).await?;
    let Scan { mut hits, below, ended, seen, .. } = scan;
    if hits.len() > asked.limit {
        hits.truncate(asked.limit);
        let last = hits.last().map(|hit| Cursor::After(hit.message));
        return Ok((hits, last));
    }
    if ended {
        return Ok((hits, None));
    }
    // So much was looked at that it is enough for one answer.
    let next = match seen {
        Some(message) => Some(Cursor::After(message)),
        None => visible_below(reader, scope.member, below).await?.map(Cursor::From),
    };
    Ok((hits, next))
}

/// A page of the newest hits, the best first.
async fn best(
    reader: &mut Reader,
    scope: &Scope,
    asked: &Asked,
) -> Result<(Vec<Hit>, Option<Cursor>), Refusal> {
    let (below, place) = match asked.cursor {
        None => (i64::MAX, 0),
        Some(Cursor::Ranked(message, place)) => (doc_of(reader, scope.member, message).await? + 1, place),
        Some(Cursor::After(_) | Cursor::From(_)) => return Err((&SEARCH_CURSOR).into()),
    };
    let mut scan = Scan::new(reader, scope, &asked.query, below).await?;
    scan.go_on(reader, scope, &asked.query, RANKED).await?;
    let Some(first) = scan.hits.first().map(|hit| (hit.message, hit.at)) else {
        return Ok((Vec::new(), None));
    };
    let score = |hit: &Hit| searched(hit).score(&asked.query.terms, first.1.since(hit.at));
    let mut ranked: Vec<(i64, Hit)> = scan.hits.into_iter().map(|hit| (score(&hit), hit)).collect();
    ranked.sort_by_key(|(score, hit)| (-score, -hit.doc));
    let all = ranked.len();
    let page: Vec<Hit> = ranked.into_iter().skip(place).take(asked.limit).map(|(_, hit)| hit).collect();
    let end = place.saturating_add(page.len());
    let next = (end < all && !page.is_empty()).then_some(Cursor::Ranked(first.0, end));
    Ok((page, next))
}

/// Going down the index.
struct Scan {
    wanted: Wanted,
    from: i64,
    below: i64,
    hits: Vec<Hit>,
    /// Nothing lies further down.
    ended: bool,
    /// The last message looked at that the asker may see, hit or not.
    seen: Option<MessageId>,
    looked_at: usize,
}

impl Scan {
    async fn new(reader: &mut Reader, scope: &Scope, query: &Query, below: i64) -> Result<Self> {
        let state = search::state(reader).await?.unwrap_or_default();
        let mut scan = Self {
            wanted: wanted(scope, query),
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
    async fn go_on(&mut self, reader: &mut Reader, scope: &Scope, query: &Query, many: usize) -> Result<()> {
        let mut step = LIST;
        while !self.ended && self.hits.len() < many && self.looked_at < LOOKED_AT {
            let limit = i64::try_from(step).unwrap_or(i64::MAX);
            let docs = search::candidates(reader, &self.wanted, self.from, self.below, limit).await?;
            self.ended = docs.len() < step;
            // More each time: where few candidates hit, many are needed.
            step = (step * 4).min(LOOKED_AT);
            for some in docs.chunks(LIST) {
                for hit in visible(reader, scope.member, some).await? {
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

fn searched(hit: &Hit) -> Searched {
    Searched::new(&hit.text, hit.files.iter().map(|file| file.name.as_str()))
}

fn wanted(scope: &Scope, query: &Query) -> Wanted {
    let mut any = Vec::new();
    if scope.rooms.len() <= TAGS {
        any.push(scope.rooms.iter().map(|room| Tag::Room(*room)).collect());
    }
    if let Some(authors) = scope.authors.as_ref().filter(|authors| authors.len() <= TAGS) {
        any.push(authors.iter().map(|author| Tag::Author(*author)).collect());
    }
    if !query.labels.is_empty() {
        any.push(query.labels.iter().map(|label| Tag::Label(label.name())).collect());
    }
    if query.has_file {
        any.push(vec![Tag::File]);
    }
    Wanted { grams: wanted_grams(&query.terms), any }
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
async fn doc_of(reader: &mut Reader, member: MemberId, message: MessageId) -> Result<i64, Refusal> {
    let sql = "SELECT l.idx FROM messages g JOIN room_members m ON m.room = g.room AND m.member = $1 AND m.floor < g.seq
        JOIN rooms r ON r.id = g.room JOIN log_entries l ON l.stream = r.stream AND l.seq = g.seq WHERE g.id = $2";
    let row = reader.maybe(sql, params![member, message]).await?;
    Ok(row.ok_or(&SEARCH_CURSOR)?.get(0)?)
}

/// The newest message below a document that the asker may see, so that a page can begin there.
async fn visible_below(reader: &mut Reader, member: MemberId, below: i64) -> Result<Option<MessageId>> {
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

/// Names that filters and words are matched with: of people the asker may see, and of their rooms.
struct Directory {
    people: Vec<(MemberId, Vec<String>)>,
    rooms: Vec<(RoomId, Vec<String>)>,
    shown: HashMap<RoomId, RoomFound>,
    left: HashSet<MemberId>,
    me: MemberId,
}

impl Directory {
    async fn read(
        reader: &mut Reader,
        caller: &Caller,
        hooks: &Hooks,
        query: &Query,
    ) -> Result<Self, Refusal> {
        let known = members::queries::visible(reader, caller, hooks).await?;
        let mut directory = Self {
            people: Vec::new(),
            rooms: Vec::new(),
            shown: HashMap::new(),
            left: HashSet::new(),
            me: caller.member,
        };
        if query.terms.is_empty() && query.from.is_empty() && query.rooms.is_empty() {
            return Ok(directory);
        }
        let sql = "SELECT id, state = 'left', display_name, family_name, given_name, family_kana, given_kana, staff_number, company FROM members ORDER BY id";
        for row in reader.query(sql, params![]).await? {
            let id: MemberId = row.get(0)?;
            if known.as_ref().is_some_and(|known| !known.contains(&id)) {
                continue;
            }
            if row.get(1)? {
                directory.left.insert(id);
            }
            let part = |column| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
            let names = [part(2)?, part(3)? + &part(4)?, part(5)? + &part(6)?, part(7)?, part(8)?];
            let names = names.iter().map(|name| rules::name(name)).filter(|name| !name.is_empty());
            directory.people.push((id, names.collect()));
        }
        directory.read_rooms(reader).await?;
        Ok(directory)
    }

    /// A direct room has the other person's names.
    async fn read_rooms(&mut self, reader: &mut Reader) -> Result<()> {
        let sql = "SELECT r.id, r.name, r.kind, o.member FROM room_members m JOIN rooms r ON r.id = m.room
            LEFT JOIN room_members o ON o.room = m.room AND r.kind = 'direct' AND o.member <> m.member
            WHERE m.member = $1 ORDER BY r.id";
        for row in reader.query(sql, params![self.me]).await? {
            let (id, name, other): (RoomId, Option<String>, Option<MemberId>) =
                (row.get(0)?, row.get(1)?, row.get(3)?);
            let kind = RoomKind::named(&row.get::<String>(2)?).unwrap_or(RoomKind::Group);
            let names = match (&name, other) {
                (Some(name), _) => vec![rules::name(name)],
                (None, Some(other)) => self
                    .people
                    .iter()
                    .find(|(one, _)| *one == other)
                    .map(|(_, names)| names.clone())
                    .unwrap_or_default(),
                (None, None) => Vec::new(),
            };
            self.rooms.push((id, names));
            if let Some(name) = name {
                self.shown.insert(id, RoomFound { id, name, kind });
            }
        }
        Ok(())
    }

    fn people_named(&self, values: &[String], unknown: &mut Vec<String>) -> Vec<MemberId> {
        let mine = |value: &str| matches!(rules::name(value).as_str(), "me" | "自分" | "わたし" | "私");
        let named = |value: &str| {
            if mine(value) { vec![self.me] } else { rules::named(value, &self.people) }
        };
        all_named(values, "from", named, unknown)
    }

    fn rooms_named(&self, values: &[String], unknown: &mut Vec<String>) -> Vec<RoomId> {
        all_named(values, "in", |value| rules::named(value, &self.rooms), unknown)
    }

    /// People and rooms whose names hold every word: those that begin with the first one first, who have left last.
    async fn holding(
        &self,
        reader: &mut Reader,
        query: &Query,
    ) -> Result<(Vec<members::queries::Record>, Vec<RoomFound>)> {
        let words: Vec<String> = query.terms.iter().map(|term| rules::name(&term.folded)).collect();
        let holds = |names: &[String]| {
            !words.is_empty() && words.iter().all(|word| names.iter().any(|name| name.contains(word)))
        };
        let begins = |names: &[String]| names.iter().any(|name| name.starts_with(&words[0]));
        let mut people: Vec<_> = self.people.iter().filter(|(_, names)| holds(names)).collect();
        people.sort_by_key(|(who, names)| (self.left.contains(who), !begins(names)));
        let mut records = Vec::new();
        for (who, _) in people.into_iter().take(NAMED) {
            records.extend(members::queries::record(reader, *who).await?);
        }
        let mut rooms: Vec<_> =
            self.rooms.iter().filter(|(room, names)| holds(names) && self.shown.contains_key(room)).collect();
        rooms.sort_by_key(|(_, names)| !begins(names));
        let rooms = rooms.into_iter().take(NAMED).filter_map(|(room, _)| self.shown.get(room).cloned());
        Ok((records, rooms.collect()))
    }
}

fn all_named<T: Copy + PartialEq>(
    values: &[String],
    key: &str,
    named: impl Fn(&str) -> Vec<T>,
    unknown: &mut Vec<String>,
) -> Vec<T> {
    let mut all = Vec::new();
    for value in values {
        let found = named(value);
        if found.is_empty() {
            unknown.push(format!("{key}:{value}"));
        }
        for one in found {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    all
}
