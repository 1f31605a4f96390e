//! Who gets which frame, in which order: the hub's state, without tasks or sockets.
//!
//! It stays true that a member removed at n gets n and nothing of that room after it (R25), and that a connection gets a
//! room's events in order, each once.

use std::collections::{BTreeMap, HashMap, HashSet};

use axum::extract::ws::Utf8Bytes;
use kairan_core::{MemberId, RoomId, Seq, SessionId};
use kairan_talk::frames::Movement;

/// A connection, numbered by the hub.
pub type Number = u64;

/// What the routing knows of a room.
#[derive(Debug, Default)]
struct Room {
    /// Who is in it, and above which place they see.
    members: HashMap<MemberId, Seq>,
    /// The last place told.
    head: i64,
}

/// What the routing knows of a connection.
#[derive(Debug)]
struct Connection {
    member: MemberId,
    session: SessionId,
    looking: HashSet<RoomId>,
    /// Rooms whose first state is on its way to this connection; their events wait behind it.
    awaited: HashMap<RoomId, Vec<(Seq, Utf8Bytes)>>,
}

/// Frames for connections, in order.
pub type Deliveries = Vec<(Number, Utf8Bytes)>;

/// The whole picture.
#[derive(Debug, Default)]
pub struct Routing {
    rooms: HashMap<RoomId, Room>,
    connections: HashMap<Number, Connection>,
    by_member: HashMap<MemberId, HashSet<Number>>,
}

/// A frame, and what those get instead who may not see the message it brings text of.
#[derive(Debug, Clone)]
pub struct Shown {
    /// For those who see what stands at the message's place.
    pub frame: Utf8Bytes,
    /// That place, and the frame for the others.
    pub concealed: Option<(Seq, Utf8Bytes)>,
}

impl Shown {
    /// The frame for whoever sees what stands above `floor`.
    fn to(&self, floor: Seq) -> &Utf8Bytes {
        match &self.concealed {
            Some((place, concealed)) if *place <= floor => concealed,
            _ => &self.frame,
        }
    }
}

impl<F: Into<Utf8Bytes>> From<F> for Shown {
    fn from(frame: F) -> Self {
        Self { frame: frame.into(), concealed: None }
    }
}

/// What is to be done with an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the next one.
    Next,
    /// It was told already.
    Old,
    /// Events before it are missing here: read the journal after this place first.
    Gap(Seq),
}

impl Routing {
    /// Takes the journal's picture in: who is in which room, and where each room stands.
    pub fn load(&mut self, memberships: &[(RoomId, MemberId, Seq)], heads: &[(RoomId, Seq)]) {
        self.rooms.clear();
        for (room, member, floor) in memberships {
            self.rooms.entry(*room).or_default().members.insert(*member, *floor);
        }
        for (room, head) in heads {
            self.rooms.entry(*room).or_default().head = head.0;
        }
    }

    /// A connection of a member; where each of its rooms stands. Live events above these places will be delivered to it.
    pub fn connect(&mut self, number: Number, member: MemberId, session: SessionId) -> BTreeMap<RoomId, Seq> {
        self.connections
            .insert(number, Connection { member, session, looking: HashSet::new(), awaited: HashMap::new() });
        self.by_member.entry(member).or_default().insert(number);
        self.rooms
            .iter()
            .filter(|(_, room)| room.members.contains_key(&member))
            .map(|(id, room)| (*id, Seq(room.head)))
            .collect()
    }

    /// The connection is gone. The member, when it was their last.
    pub fn disconnect(&mut self, number: Number) -> Option<MemberId> {
        let gone = self.connections.remove(&number)?;
        let others = self.by_member.get_mut(&gone.member)?;
        others.remove(&number);
        if others.is_empty() {
            self.by_member.remove(&gone.member);
            return Some(gone.member);
        }
        None
    }

    /// Where an event stands to what was told.
    pub fn place(&self, room: RoomId, seq: Seq) -> Place {
        let head = self.rooms.get(&room).map_or(0, |room| room.head);
        match seq.0 {
            seq if seq <= head => Place::Old,
            seq if seq == head + 1 => Place::Next,
            _ => Place::Gap(Seq(head)),
        }
    }

    /// The next event of a room: who gets it, and which connections are to be sent the room's state because they are
    /// newly in it.
    pub fn event(
        &mut self,
        room: RoomId,
        seq: Seq,
        movement: Option<&Movement>,
        frame: &Shown,
    ) -> (Deliveries, Vec<(Number, MemberId)>) {
        let mut newly = Vec::new();
        let state = self.rooms.entry(room).or_default();
        state.head = seq.0;
        if let Some(Movement::In(members)) = movement {
            for (member, floor) in members {
                if state.members.insert(*member, *floor).is_none() {
                    newly.extend(
                        self.by_member.get(member).into_iter().flatten().map(|number| (*number, *member)),
                    );
                }
            }
        }
        for (number, _) in &newly {
            if let Some(connection) = self.connections.get_mut(number) {
                connection.awaited.insert(room, Vec::new());
            }
        }
        let deliveries = self.for_room(room, frame, Some(seq));
        if let Some(Movement::Out(member)) = movement {
            if let Some(state) = self.rooms.get_mut(&room) {
                state.members.remove(member);
            }
            for number in self.by_member.get(member).into_iter().flatten() {
                if let Some(connection) = self.connections.get_mut(number) {
                    connection.awaited.remove(&room);
                    connection.looking.remove(&room);
                }
            }
        }
        (deliveries, newly)
    }

    /// The state of a room newly entered, read at `head`: it goes first, then what waited behind it.
    pub fn entered(&mut self, number: Number, room: RoomId, state: Utf8Bytes, head: Seq) -> Deliveries {
        let Some(waited) =
            self.connections.get_mut(&number).and_then(|connection| connection.awaited.remove(&room))
        else {
            return Vec::new();
        };
        let after = waited.into_iter().filter(|(seq, _)| *seq > head).map(|(_, frame)| (number, frame));
        std::iter::once((number, state)).chain(after).collect()
    }

    /// Whether the state of a room newly entered is still on its way to this connection.
    pub fn awaits(&self, number: Number, room: RoomId) -> bool {
        self.connections.get(&number).is_some_and(|connection| connection.awaited.contains_key(&room))
    }

    /// A frame for everyone in a room.
    pub fn for_room(&mut self, room: RoomId, shown: &Shown, seq: Option<Seq>) -> Deliveries {
        let Some(state) = self.rooms.get(&room) else { return Vec::new() };
        let mut deliveries = Vec::new();
        for (member, floor) in &state.members {
            let frame = shown.to(*floor);
            for number in self.by_member.get(member).into_iter().flatten() {
                let Some(connection) = self.connections.get_mut(number) else { continue };
                match (connection.awaited.get_mut(&room), seq) {
                    (Some(waiting), Some(seq)) => waiting.push((seq, frame.clone())),
                    _ => deliveries.push((*number, frame.clone())),
                }
            }
        }
        deliveries
    }

    /// A frame for everyone in a room who has it on screen, but not for `member` themselves.
    pub fn for_lookers(&self, room: RoomId, member: MemberId, frame: &Utf8Bytes) -> Deliveries {
        let looks =
            |connection: &Connection| connection.looking.contains(&room) && connection.member != member;
        self.connections
            .iter()
            .filter(|(_, connection)| looks(connection))
            .map(|(number, _)| (*number, frame.clone()))
            .collect()
    }

    /// A frame for all connections of a member.
    pub fn of_member(&self, member: MemberId, frame: &Utf8Bytes) -> Deliveries {
        self.by_member.get(&member).into_iter().flatten().map(|number| (*number, frame.clone())).collect()
    }

    /// A frame for those who may know of `about`: everyone `sees_all` says yes to, and those who share a room.
    pub fn for_acquaintances(
        &self,
        about: MemberId,
        sees_all: impl Fn(Number) -> bool,
        frame: &Utf8Bytes,
    ) -> Deliveries {
        let shares = |member: MemberId| {
            self.rooms
                .values()
                .any(|room| room.members.contains_key(&about) && room.members.contains_key(&member))
        };
        let gets = |(number, connection): &(&Number, &Connection)| {
            sees_all(**number) || connection.member == about || shares(connection.member)
        };
        self.connections.iter().filter(gets).map(|(number, _)| (*number, frame.clone())).collect()
    }

    /// Whether somebody in a room does not see all of it.
    pub fn conceals(&self, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|room| room.members.values().any(|floor| *floor > Seq::START))
    }

    /// Whether a member is in a room.
    pub fn is_in(&self, room: RoomId, member: MemberId) -> bool {
        self.rooms.get(&room).is_some_and(|state| state.members.contains_key(&member))
    }

    /// Which rooms a connection has on screen; rooms it is not in are passed over. The people of these rooms who are here.
    pub fn look(&mut self, number: Number, rooms: &[RoomId]) -> Vec<MemberId> {
        let Some(connection) = self.connections.get_mut(&number) else { return Vec::new() };
        let member = connection.member;
        let inside = rooms
            .iter()
            .copied()
            .filter(|room| self.rooms.get(room).is_some_and(|state| state.members.contains_key(&member)));
        connection.looking = inside.collect();
        let here: HashSet<MemberId> = connection
            .looking
            .iter()
            .filter_map(|room| self.rooms.get(room))
            .flat_map(|room| room.members.keys())
            .copied()
            .filter(|other| self.by_member.contains_key(other))
            .collect();
        here.into_iter().collect()
    }

    /// Connections that have a room of this member's on screen: those who are told that they came or went.
    pub fn who_watches(&self, member: MemberId) -> Vec<Number> {
        let watches = |connection: &Connection| {
            connection.member != member && connection.looking.iter().any(|room| self.is_in(*room, member))
        };
        self.connections
            .iter()
            .filter(|(_, connection)| watches(connection))
            .map(|(number, _)| *number)
            .collect()
    }

    /// The connections of a session.
    pub fn of_session(&self, session: SessionId) -> Vec<Number> {
        self.connections
            .iter()
            .filter(|(_, connection)| connection.session == session)
            .map(|(number, _)| *number)
            .collect()
    }

    /// All connections.
    pub fn all(&self) -> Vec<Number> {
        self.connections.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;
    use kairan_core::surroundings::held;

    use super::*;

    fn id<T: Id>(surroundings: &kairan_core::Surroundings) -> T {
        surroundings.id()
    }

    fn texts(deliveries: &Deliveries, number: Number) -> Vec<&str> {
        deliveries.iter().filter(|(to, _)| *to == number).map(|(_, frame)| frame.as_str()).collect()
    }

    /// R25: removed at n, gets n, and nothing after.
    #[test]
    fn a_removed_member_gets_their_removal_and_nothing_more() {
        let (s, _) = held::surroundings(1);
        let (room, stays, goes): (RoomId, MemberId, MemberId) = (id(&s), id(&s), id(&s));
        let mut routing = Routing::default();
        routing.load(&[(room, stays, Seq::START), (room, goes, Seq::START)], &[(room, Seq(4))]);
        routing.connect(1, stays, id(&s));
        assert_eq!(routing.connect(2, goes, id(&s)), BTreeMap::from([(room, Seq(4))]));
        let (removed, _) = routing.event(room, Seq(5), Some(&Movement::Out(goes)), &"removed".into());
        assert_eq!((texts(&removed, 1), texts(&removed, 2)), (vec!["removed"], vec!["removed"]));
        let (after, _) = routing.event(room, Seq(6), None, &"after".into());
        assert_eq!((texts(&after, 1), texts(&after, 2)), (vec!["after"], vec![]));
        assert!(routing.for_lookers(room, stays, &"typing".into()).is_empty());
    }

    #[test]
    fn a_newcomer_gets_the_room_first_and_then_what_came_after_it() {
        let (s, _) = held::surroundings(2);
        let (room, old, new): (RoomId, MemberId, MemberId) = (id(&s), id(&s), id(&s));
        let mut routing = Routing::default();
        routing.load(&[(room, old, Seq::START)], &[(room, Seq(1))]);
        routing.connect(1, old, id(&s));
        routing.connect(2, new, id(&s));
        let (added, newly) =
            routing.event(room, Seq(2), Some(&Movement::In(vec![(new, Seq::START)])), &"added".into());
        assert_eq!((texts(&added, 2), newly), (vec![], vec![(2, new)]));
        let (three, _) = routing.event(room, Seq(3), None, &"three".into());
        assert_eq!(texts(&three, 2), Vec::<&str>::new());
        routing.event(room, Seq(4), None, &"four".into());
        let deliveries = routing.entered(2, room, "state at 3".into(), Seq(3));
        assert_eq!(texts(&deliveries, 2), ["state at 3", "four"]);
        let (five, _) = routing.event(room, Seq(5), None, &"five".into());
        assert_eq!(texts(&five, 2), ["five"]);
    }

    #[test]
    fn an_event_is_told_once_and_in_order() {
        let (s, _) = held::surroundings(3);
        let room: RoomId = id(&s);
        let mut routing = Routing::default();
        assert_eq!(routing.place(room, Seq(1)), Place::Next);
        routing.event(room, Seq(1), None, &"one".into());
        assert_eq!(routing.place(room, Seq(1)), Place::Old);
        assert_eq!(routing.place(room, Seq(4)), Place::Gap(Seq(1)));
    }

    #[test]
    fn typing_and_presence_go_only_to_those_who_look() {
        let (s, _) = held::surroundings(4);
        let (room, other, one, two): (RoomId, RoomId, MemberId, MemberId) = (id(&s), id(&s), id(&s), id(&s));
        let mut routing = Routing::default();
        routing.load(&[(room, one, Seq::START), (room, two, Seq::START), (other, two, Seq::START)], &[]);
        routing.connect(1, one, id(&s));
        routing.connect(2, two, id(&s));
        assert!(routing.who_watches(two).is_empty());
        assert_eq!(
            routing.look(1, &[room, other]).len(),
            2,
            "both are in the room; the other room is not theirs"
        );
        assert_eq!(routing.who_watches(two), vec![1]);
        assert_eq!(texts(&routing.for_lookers(room, two, &"typing".into()), 1), ["typing"]);
        assert!(routing.for_lookers(other, two, &"typing".into()).is_empty());
        assert_eq!(routing.disconnect(2), Some(two));
    }
}
