//! What still has to be told, to whom: one entry for each browser and subject, the newest taking the place of the older.
//! Pure but for the memory it holds, which is bounded.

use std::collections::{BTreeMap, HashMap};

use kairan_core::time::{MINUTE, SECOND};
use kairan_core::{DeviceId, Instant, MemberId, RoomId, Seq, SessionId};
use kairan_talk::notifications::What;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A room's messages.
    Room(RoomId),
    /// Something else of one member.
    Notice(MemberId, What),
    /// The wipe of this member's device.
    Wipe(MemberId, DeviceId),
}

/// One browser and one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What about.
    pub about: About,
    /// Whose browser.
    pub session: SessionId,
}

#[derive(Debug)]
struct Entry {
    /// Everything above this place is to be told.
    after: Seq,
    due: Instant,
    tries: usize,
    flying: bool,
    /// Something came while it was under way: from this place on it is to be told again.
    again: Option<Seq>,
}

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Told, or nothing to tell.
    Done,
    /// Once more, after this many ms when somebody said so.
    Later(Option<i64>),
}

/// Pauses between tries, ms; then it is given up.
const PAUSES: [i64; 6] = [5 * SECOND, 20 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE];

/// The queue.
#[derive(Debug)]
pub struct Queue {
    entries: BTreeMap<Key, Entry>,
    open: HashMap<About, usize>,
    room_for: usize,
}

impl Queue {
    /// An empty one that holds so many entries.
    pub fn new(room_for: usize) -> Self {
        Self { entries: BTreeMap::new(), open: HashMap::new(), room_for }
    }

    /// Wants a browser told of everything above a place. False: there is no room for it.
    pub fn want(&mut self, key: Key, after: Seq, now: Instant) -> bool {
        if let Some(entry) = self.entries.get_mut(&key) {
            if entry.flying {
                entry.again.get_or_insert(after);
            }
            return true;
        }
        if self.entries.len() >= self.room_for {
            return false;
        }
        self.entries.insert(key, Entry { after, due: now, tries: 0, flying: false, again: None });
        *self.open.entry(key.about).or_default() += 1;
        true
    }

    /// Takes up to `many` whose time has come; each is under way until [`Self::landed`].
    pub fn take(&mut self, many: usize, now: Instant) -> Vec<(Key, Seq)> {
        let due = self.entries.iter_mut().filter(|(_, entry)| !entry.flying && entry.due <= now);
        due.take(many)
            .map(|(key, entry)| {
                entry.flying = true;
                (*key, entry.after)
            })
            .collect()
    }

    /// What came of one. False: it is given up after the last try.
    pub fn landed(&mut self, key: Key, verdict: Verdict, now: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(&key) else { return true };
        entry.flying = false;
        match (verdict, entry.again.take()) {
            (Verdict::Done, Some(after)) => {
                (entry.after, entry.due, entry.tries) = (after, now, 0);
                return true;
            }
            (Verdict::Later(asked), _) => {
                if let Some(pause) = PAUSES.get(entry.tries) {
                    entry.tries += 1;
                    entry.due = now.plus_ms(asked.unwrap_or(*pause).max(SECOND));
                    return true;
                }
            }
            (Verdict::Done, None) => {}
        }
        self.entries.remove(&key);
        if let Some(open) = self.open.get_mut(&key.about) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&key.about);
            }
        }
        verdict == Verdict::Done
    }

    /// Whether anybody still has to be told of this.
    pub fn is_open(&self, about: About) -> bool {
        self.open.contains_key(&about)
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn key() -> Key {
        let (surroundings, _) = held::surroundings(3);
        Key { about: About::Room(surroundings.id()), session: surroundings.id() }
    }

    #[test]
    fn one_entry_for_each_browser_and_room_however_much_is_said() {
        let (mut queue, key) = (Queue::new(2), key());
        assert!(queue.want(key, Seq(3), NOW) && queue.want(key, Seq(5), NOW));
        assert_eq!(queue.take(9, NOW), [(key, Seq(3))]);
        assert_eq!(queue.take(9, NOW), [], "it is under way");
        assert!(queue.want(key, Seq(7), NOW) && queue.want(key, Seq(9), NOW));
        assert!(queue.landed(key, Verdict::Done, NOW));
        assert!(queue.is_open(key.about));
        assert_eq!(queue.take(9, NOW), [(key, Seq(7))], "what came meanwhile is told once more");
        assert!(queue.landed(key, Verdict::Done, NOW));
        assert!(!queue.is_open(key.about));
        assert_eq!(queue.take(9, NOW), []);
    }

    #[test]
    fn pauses_grow_and_have_an_end_and_a_service_may_ask_for_its_own() {
        let (mut queue, key) = (Queue::new(1), key());
        queue.want(key, Seq(1), NOW);
        let mut now = NOW;
        for (number, pause) in PAUSES.into_iter().enumerate() {
            assert_eq!(queue.take(1, now).len(), 1, "try {number}");
            let asked = (number == 1).then_some(90 * SECOND);
            assert!(queue.landed(key, Verdict::Later(asked), now));
            let pause = asked.unwrap_or(pause);
            assert_eq!(queue.take(1, now.plus_ms(pause - 1)), []);
            now = now.plus_ms(pause);
        }
        assert_eq!(queue.take(1, now).len(), 1);
        assert!(!queue.landed(key, Verdict::Later(None), now), "given up");
        assert!(!queue.is_open(key.about));
    }

    #[test]
    fn it_never_holds_more_than_it_has_room_for() {
        let (surroundings, _) = held::surroundings(4);
        let mut queue = Queue::new(3);
        let about = About::Room(surroundings.id());
        let mut want = || queue.want(Key { about, session: surroundings.id() }, Seq(1), NOW);
        assert_eq!([want(), want(), want(), want()], [true, true, true, false]);
    }
}
