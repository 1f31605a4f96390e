//! Whom other rules would meet, before they are in force.
//!
//! It stays true that nothing is changed by looking, and that what is shown follows from the same [`fn@effective`] that
//! decides.

use std::collections::{HashMap, HashSet};

use kairan_core::time::DAY;
use kairan_core::{DeviceId, Instant, MemberId, Refusal, Role, RuleId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::effective::{Because, Effective, Usual, effective};
use super::queries::{Policies, in_force, seat_named, usual};
use super::rules::{Limit, Limits, Rule, Seat, Who};
use crate::policies::commands::locks_out;
use crate::{Caller, Hooks};

/// How far back somebody's files are looked for, ms.
const LOOKED_BACK: i64 = 30 * DAY;
/// People told of by name at most.
const MOST_TROUBLED: usize = 50;

/// What other rules would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Which rules are others.
    pub changed: Vec<Changed>,
    /// On how many devices something would be different.
    pub devices: usize,
    /// For how many people.
    pub people: usize,
    /// Who kept files on a device lately on which they could not any more.
    pub troubled: Vec<Troubled>,
    /// Who has no second factor and would have to choose one before they go on (R4).
    pub enrolling: Vec<Troubled>,
    /// How many those are, also where too many to be named.
    pub enrolling_people: usize,
    /// Whether whoever asks would shut themselves out.
    pub locks_out: Option<(Because, String)>,
}

/// A rule that is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub id: RuleId,
    /// What it is called from then on; of one that went, what it was called.
    pub name: String,
    /// What became of it.
    pub how: Way,
    /// Which of its limits are others.
    pub limits: Vec<Limit>,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = PolicyChangeKind)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// It is new.
    Added,
    /// It says something else, or meets others.
    Changed,
    /// It is gone.
    Removed,
}

/// Somebody whom the change would trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubled {
    /// Who.
    pub member: MemberId,
    /// What they are called.
    pub name: String,
    /// The rule that would do it.
    pub because: String,
}

/// Which rules are others.
#[must_use]
pub fn changes(before: &[Rule], after: &[Rule]) -> Vec<Changed> {
    let of = |rule: &Rule, how, limits| Changed { id: rule.id, name: rule.name.clone(), how, limits };
    let none = Limits::default();
    let later = after.iter().filter_map(|rule| match before.iter().find(|old| old.id == rule.id) {
        None => Some(of(rule, Way::Added, rule.limits.differing(&none))),
        Some(old) if old != rule => Some(of(rule, Way::Changed, rule.limits.differing(&old.limits))),
        Some(_) => None,
    });
    let gone = before.iter().filter(|old| !after.iter().any(|rule| rule.id == old.id));
    later.chain(gone.map(|old| of(old, Way::Removed, old.limits.differing(&none)))).collect()
}

impl Limits {
    /// Which limits are others than those.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<Limit> {
        let pairs = [
            (Limit::Download, self.download != other.download),
            (Limit::Copy, self.copy != other.copy),
            (Limit::Print, self.print != other.print),
            (Limit::Share, self.share != other.share),
            (Limit::Watermark, self.watermark != other.watermark),
            (Limit::Blur, self.blur != other.blur),
            (Limit::Hours, self.hours != other.hours),
            (Limit::Networks, self.networks != other.networks),
            (Limit::Devices, self.devices != other.devices),
            (Limit::SecondFactor, self.second_factor != other.second_factor),
            (Limit::SessionHours, self.session_hours != other.session_hours),
            (Limit::SessionIdleMinutes, self.session_idle_minutes != other.session_idle_minutes),
            (Limit::AppLockMinutes, self.app_lock_minutes != other.app_lock_minutes),
            (Limit::LeaseHours, self.lease_hours != other.lease_hours),
        ];
        pairs.into_iter().filter(|(_, differs)| *differs).map(|(limit, _)| limit).collect()
    }
}

/// Somebody at something.
struct Place {
    member: MemberId,
    name: String,
    role: Role,
    /// Whether they have a second factor.
    factor: bool,
    /// None for somebody who has no device.
    device: Option<DeviceId>,
    seat: Seat,
}

impl Place {
    fn troubled(&self, because: &str) -> Troubled {
        Troubled { member: self.member, name: self.name.clone(), because: because.to_owned() }
    }
}

/// What these rules would come to; they were checked.
///
/// # Errors
/// What storage says.
pub async fn preview(
    reader: &mut Reader,
    hooks: &Hooks,
    caller: &Caller,
    rules: &[Rule],
    now: Instant,
) -> std::result::Result<Preview, Refusal> {
    let before = in_force(reader).await?;
    let mut compared = Compared::new(before, rules, usual(reader).await?);
    let places = places(reader).await?;
    let (mut people, mut devices) = (HashSet::new(), 0);
    let (mut losing, mut enrolling) = (Vec::<(&Place, String)>::new(), Vec::<Troubled>::new());
    for place in &places {
        let (old, new) = compared.of(place.role, place.seat);
        if old.same_as(new) {
            continue;
        }
        people.insert(place.member);
        devices += usize::from(place.device.is_some());
        if old.download && !new.download {
            losing.push((place, new.rule(Limit::Download).unwrap_or_default().to_owned()));
        }
        // Places come member by member, and one factor does for all of them.
        let told = enrolling.last().is_some_and(|last| last.member == place.member);
        if new.second_factor && !old.second_factor && !place.factor && !told {
            enrolling.push(place.troubled(new.rule(Limit::SecondFactor).unwrap_or_default()));
        }
    }
    let enrolling_people = enrolling.len();
    enrolling.truncate(MOST_TROUBLED);
    Ok(Preview {
        changed: changes(&compared.before.rules, rules),
        devices,
        people: people.len(),
        troubled: troubled(reader, hooks, &losing, now.plus_ms(-LOOKED_BACK)).await?,
        enrolling,
        enrolling_people,
        locks_out: locks_out(reader, caller, rules, now).await?,
    })
}

/// The old and the new for each kind of person and device, worked out once.
struct Compared<'r> {
    before: Policies,
    after: &'r [Rule],
    usual: Usual,
    known: HashMap<(Role, Seat), (Effective, Effective)>,
}

impl<'r> Compared<'r> {
    fn new(before: Policies, after: &'r [Rule], usual: Usual) -> Self {
        Self { before, after, usual, known: HashMap::new() }
    }

    fn of(&mut self, role: Role, seat: Seat) -> &(Effective, Effective) {
        let (who, usual) = (Who { role, seat }, self.usual);
        self.known.entry((role, seat)).or_insert_with(|| {
            (effective(0, &self.before.rules, &who, usual), effective(0, self.after, &who, usual))
        })
    }
}

/// Everyone who is here, on each device that may be used; without one where they have none.
async fn places(reader: &mut Reader) -> Result<Vec<Place>> {
    let sql = "SELECT m.id, m.display_name, m.role, d.id, d.kind, d.ownership, (SELECT COUNT(*) FROM factors f WHERE f.member = m.id) FROM members m LEFT JOIN devices d ON d.member = m.id AND d.state IN ('pending', 'enrolled', 'locked') WHERE m.state = 'active' ORDER BY m.id, d.id";
    let place = |row: &Row| -> Result<Place> {
        let role = Role::named(&row.get::<String>(2)?);
        let (kind, ownership): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
        Ok(Place {
            member: row.get(0)?,
            name: row.get(1)?,
            role: role.ok_or_else(|| Error::Damaged("a member's role".into()))?,
            factor: row.get::<i64>(6)? > 0,
            device: row.get(3)?,
            seat: seat_named(kind.as_deref(), ownership.as_deref())?,
        })
    };
    reader.query(sql, params![]).await?.iter().map(place).collect()
}

/// Who kept a file since then in one of these places. A file kept on a device that nobody noted counts for all of them.
async fn troubled(
    reader: &mut Reader,
    hooks: &Hooks,
    losing: &[(&Place, String)],
    since: Instant,
) -> std::result::Result<Vec<Troubled>, Refusal> {
    let mut found: Vec<Troubled> = Vec::new();
    // Places come member by member.
    for theirs in losing.chunk_by(|(one, _), (other, _)| one.member == other.member) {
        let Some((first, _)) = theirs.first() else { continue };
        let kept_on = hooks.downloads.kept_on(reader, first.member, since).await?;
        let here = |place: &Place| kept_on.iter().any(|device| device.is_none() || *device == place.device);
        let Some((place, rule)) = theirs.iter().find(|(place, _)| here(place)) else { continue };
        found.push(place.troubled(rule));
        if found.len() == MOST_TROUBLED {
            break;
        }
    }
    Ok(found)
}
