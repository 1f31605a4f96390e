//! Names that filters and words are matched with.

use std::collections::{HashMap, HashSet};

use kairan_core::{MemberId, Refusal, RoomId};
use kairan_people::{Caller, Hooks, members};
use kairan_storage::{Reader, Result, params};

use super::rules::{self, Query};
use crate::rooms::rules::RoomKind;

/// Most people and rooms in an answer.
const NAMED: usize = 8;
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
/// Names that filters and words are matched with: of people the asker may see, and of their rooms.
pub(super) struct Directory {
    people: Vec<(MemberId, Vec<String>)>,
    rooms: Vec<(RoomId, Vec<String>)>,
    shown: HashMap<RoomId, RoomFound>,
    left: HashSet<MemberId>,
    me: MemberId,
}

impl Directory {
    /// Without any name, for questions that need none.
    pub(super) fn unread(caller: &Caller) -> Self {
        Self {
            people: Vec::new(),
            rooms: Vec::new(),
            shown: HashMap::new(),
            left: HashSet::new(),
            me: caller.member,
        }
    }

    pub(super) async fn read(reader: &mut Reader, caller: &Caller, hooks: &Hooks) -> Result<Self, Refusal> {
        let known = members::queries::visible(reader, caller, hooks).await?;
        let mut directory = Self::unread(caller);
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

    pub(super) fn people_named(&self, values: &[String], unknown: &mut Vec<String>) -> Vec<MemberId> {
        let mine = |value: &str| matches!(rules::name(value).as_str(), "me" | "自分" | "わたし" | "私");
        let named = |value: &str| {
            if mine(value) { vec![self.me] } else { rules::named(value, &self.people) }
        };
        all_named(values, "from", named, unknown)
    }

    pub(super) fn rooms_named(&self, values: &[String], unknown: &mut Vec<String>) -> Vec<RoomId> {
        all_named(values, "in", |value| rules::named(value, &self.rooms), unknown)
    }

    /// People and rooms whose names hold every word: those that begin with the first one first, who have left last.
    pub(super) async fn holding(
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
