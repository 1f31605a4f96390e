//! Asking: what the index offers is checked against membership, deletion and the words themselves.

use std::collections::HashSet;

use kairan_core::{Instant, MemberId, MessageId, Refusal, RoomId, refusal};
use kairan_people::{Caller, Hooks, members};
use kairan_storage::{Reader, search};

use super::directory::{Directory, RoomFound};
use super::rules::{Day, Query, SEARCH_CURSOR};
use super::scan::{Hit, Scan, Scope, doc_of, searched, visible_below};
use crate::rooms;

/// Most hits that are ranked; the newest ones.
const RANKED: usize = 500;

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
    let names = asked.cursor.is_none() && asked.query.is_only_words() && asked.room.is_none();
    let directory = if names || !asked.query.from.is_empty() || !asked.query.rooms.is_empty() {
        Directory::read(reader, caller, hooks).await?
    } else {
        Directory::unread(caller)
    };
    found.from = directory.people_named(&asked.query.from, &mut found.unknown);
    found.rooms_named = directory.rooms_named(&asked.query.rooms, &mut found.unknown);
    if names {
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
