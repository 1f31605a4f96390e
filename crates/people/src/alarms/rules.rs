//! What raises an alarm. Pure.
//!
//! There is no map of addresses here and no list of who owns which: a *network* is the first 24 bits of an IPv4 address or
//! the first 48 of an IPv6 address. Two networks can be one desk (a phone beside a computer), and one network can be a
//! whole town. So these rules say "not used before" and "at the same time", never "far away".

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;

use kairan_core::time::{DAY, MINUTE};
use kairan_core::{Actor, DeviceId, Instant};
use serde::{Deserialize, Serialize};

use crate::named::named;

kairan_core::codes! {
    ALARM_HERE = 409 "alarm.here", "これは、いま使っているこの端末についてのお知らせです。心あたりがなければ、ほかの端末から「わたしではない」を押すか、管理者に連絡してください。", "This alarm is about the device in your hand. If it was not you, say so from another device of yours, or tell an administrator.";
    ALARM_NOT_DENIABLE = 409 "alarm.not_deniable", "このお知らせには「わたしではない」がありません。心あたりがなければ、管理者に連絡してください。", "This alarm is not about something done in your name. If it worries you, tell an administrator.";
}

/// How long a network stays known after the last sign-in from it, ms.
pub const KNOWN_FOR: i64 = 90 * DAY;
/// How far apart two uses are still "at the same time", ms.
pub const TOGETHER: i64 = 10 * MINUTE;
/// Wrong proofs of one kind after which their person is told.
pub const FAILURES: i64 = 5;
/// Wrong proofs within [`WINDOW`] after which those who manage members are told.
pub const MANY: usize = 20;
/// The window of [`MANY`], ms.
pub const WINDOW: i64 = 15 * MINUTE;

named! {
    /// What an alarm says.
    #[schema(as = AlarmKind)]
    Kind {
        /// A further device came in.
        NewDevice = "new_device",
        /// A right first proof from a network that its person did not sign in from for [`KNOWN_FOR`].
        NewPlace = "new_place",
        /// Somebody made a code that ends the person's second factors (R8).
        FactorResetStarted = "factor_reset_started",
        /// A second factor came or went.
        FactorChanged = "factor_changed",
        /// The password is another.
        PasswordChanged = "password_changed",
        /// A recovery code was used.
        RecoveryUsed = "recovery_used",
        /// Wrong proofs of one kind since the last right one.
        Failures = "failures",
        /// A device was locked.
        DeviceLocked = "device_locked",
        /// A device was told to wipe itself.
        DeviceWiped = "device_wiped",
        /// Another role.
        RoleChanged = "role_changed",
        /// A passkey's counter went back: there is a copy of it.
        Clone = "clone",
        /// Many wrong proofs in a short time, on one account or from one address.
        ManyFailures = "many_failures",
        /// A sign-in from a network new to its person while another device of theirs is in use elsewhere.
        ImpossiblePair = "impossible_pair",
        /// Something was done on the server's own command line (R64).
        BreakGlass = "break_glass",
        /// A member says that something done in their name was not them.
        Denied = "denied",
        /// Only one owner is left who can sign in.
        LastOwner = "last_owner",
    }
}

named! {
    /// Whom an alarm is for.
    #[schema(as = AlarmAudience)]
    Audience {
        /// The member it is about.
        Member = "member",
        /// Those who manage members.
        Admins = "admins",
    }
}

named! {
    /// Kinds of proof that are counted apart: whoever knows a password must not wipe out the count of wrong codes with it.
    #[schema(as = AlarmProof)]
    Proof {
        /// The password.
        Password = "password",
        /// A code of the sheet.
        Recovery = "recovery",
        /// A second factor.
        Factor = "factor",
        /// A code for a device.
        DeviceCode = "device_code",
    }
}

impl Kind {
    /// Whether it tells of something done in its person's name, so that they can say it was not them.
    #[must_use]
    pub fn is_deniable(self) -> bool {
        matches!(
            self,
            Self::NewDevice
                | Self::NewPlace
                | Self::FactorChanged
                | Self::PasswordChanged
                | Self::RecoveryUsed
        )
    }
}

/// A network: `203.0.113.0/24`, `2001:db8:1::/48`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Network(String);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{}/24", Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        })
    }

    /// The network of an address as the journal keeps it; none of what is no address.
    #[must_use]
    pub fn named(address: &str) -> Option<Self> {
        address.parse().ok().map(Self::of)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a sign-in is from a place that is new to its person: they signed in before, and not from this network within
/// [`KNOWN_FOR`]. The very first sign-in is no news to anybody.
#[must_use]
pub fn is_new_place(signed_in_before: bool, last_from_here: Option<Instant>, at: Instant) -> bool {
    signed_in_before && !is_known(last_from_here, at)
}

/// Whether a network is known to a person at `at`.
#[must_use]
pub fn is_known(last_from_here: Option<Instant>, at: Instant) -> bool {
    last_from_here.is_some_and(|last| at.since(last) < KNOWN_FOR)
}

/// A device in use: when it last spoke to the server, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// Which.
    pub device: DeviceId,
    /// When.
    pub at: Instant,
    /// From where.
    pub network: Network,
}

/// A right first proof, about to open a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// On which device of theirs; none for a browser nobody enrolled.
    pub device: Option<DeviceId>,
    /// When.
    pub at: Instant,
    /// From where.
    pub network: Network,
    /// Whether its person signed in from there lately ([`is_known`]).
    pub known: bool,
    /// Whether somebody entitled has just made a code for a device of this person: then a sign-in elsewhere is what is
    /// expected next.
    pub expected: bool,
}

/// The other half of an impossible pair: another device of the same person that was in use within [`TOGETHER`] of this
/// sign-in, from another network, while this network is new to the person and no sign-in was expected. The latest, when
/// there are several.
///
/// It cannot know how far apart the two are. A phone on a mobile line beside a computer in the office is such a pair the
/// first time.
#[must_use]
pub fn impossible_pair<'u>(sign_in: &SignIn, in_use: &'u [InUse]) -> Option<&'u InUse> {
    if sign_in.known || sign_in.expected {
        return None;
    }
    let apart = |other: &&InUse| {
        Some(other.device) != sign_in.device
            && other.network != sign_in.network
            && sign_in.at.since(other.at).abs() <= TOGETHER
    };
    in_use.iter().filter(apart).max_by_key(|other| (other.at, other.device))
}

/// Whether the `wrong`-th wrong proof since the last right one is told: the fifth, and then each time it is ten times as
/// many, so that whoever keeps failing cannot bury what else there is to know.
#[must_use]
pub fn tells(wrong: i64) -> bool {
    let mut step = FAILURES;
    while step < wrong {
        step = step.saturating_mul(10);
    }
    step == wrong
}

/// The moments of the latest wrong proofs on one account, oldest first; never more than [`MANY`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latest(Vec<Instant>);

impl Latest {
    /// Another wrong proof. Since when there were [`MANY`] of them, once there are that many within [`WINDOW`]; the count
    /// then begins anew.
    pub fn again(&mut self, at: Instant) -> Option<Instant> {
        self.0.retain(|before| at.since(*before) < WINDOW);
        self.0.push(at);
        if self.0.len() < MANY {
            return None;
        }
        std::mem::take(&mut self.0).first().copied()
    }
}

/// Whether an event can raise an alarm at all: for listeners, who would otherwise look after each.
#[must_use]
pub fn may_raise(kind: &str, actor: Actor) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "session.opened",
        "device.",
        "factor.",
        "password.",
        "recovery.used",
        "signin.",
        "member.role_changed",
        "member.locked",
        "alarm.",
    ];
    actor == Actor::CommandLine || BEGINNINGS.iter().any(|beginning| kind.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;
    use proptest::prelude::*;

    use super::*;

    fn device(number: u8) -> DeviceId {
        DeviceId::try_from(&[number; 16][..]).expect("16 bytes")
    }

    fn network(text: &str) -> Network {
        Network::named(text).expect("an address")
    }

    #[test]
    fn a_network_is_24_bits_of_v4_and_48_of_v6() {
        for (address, is) in [
            ("203.0.113.7", "203.0.113.0/24"),
            ("203.0.113.250", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
            ("::1", "::/48"),
            ("127.0.0.1", "127.0.0.0/24"),
        ] {
            assert_eq!(network(address).as_str(), is, "{address}");
        }
        assert_eq!(Network::named("somewhere"), None);
    }

    #[test]
    fn a_place_is_new_when_it_was_not_used_for_90_days() {
        let now = Instant(1_000 * DAY);
        let ago = |ms: i64| Some(Instant(now.ms() - ms));
        for (before, last, new) in [
            (false, None, false),
            (true, None, true),
            (true, ago(0), false),
            (true, ago(KNOWN_FOR - 1), false),
            (true, ago(KNOWN_FOR), true),
        ] {
            assert_eq!(is_new_place(before, last, now), new, "{before} {last:?}");
        }
    }

    #[test]
    fn a_pair_is_impossible_only_in_each_of_these_ways_at_once() {
        let at = Instant(DAY);
        let usual = SignIn {
            device: Some(device(1)),
            at,
            network: network("198.51.100.1"),
            known: false,
            expected: false,
        };
        let other = |number: u8, ago: i64, address: &str| InUse {
            device: device(number),
            at: Instant(at.ms() - ago),
            network: network(address),
        };
        let desk = other(2, TOGETHER, "203.0.113.1");
        let found = |sign_in: &SignIn, in_use: &[InUse]| impossible_pair(sign_in, in_use).cloned();
        assert_eq!(found(&usual, std::slice::from_ref(&desk)), Some(desk.clone()));
        assert_eq!(found(&usual, &[]), None);
        assert_eq!(found(&usual, &[other(2, TOGETHER + 1, "203.0.113.1")]), None, "too long ago");
        assert_eq!(found(&usual, &[other(1, 0, "203.0.113.1")]), None, "the same device moved");
        assert_eq!(found(&usual, &[other(2, 0, "198.51.100.200")]), None, "the same network");
        let known = SignIn { known: true, ..usual.clone() };
        assert_eq!(found(&known, std::slice::from_ref(&desk)), None, "they were there before");
        let expected = SignIn { expected: true, ..usual.clone() };
        assert_eq!(found(&expected, std::slice::from_ref(&desk)), None, "a code was made for them");
        let stranger = SignIn { device: None, ..usual.clone() };
        assert_eq!(found(&stranger, std::slice::from_ref(&desk)), Some(desk.clone()));
        let later = other(3, MINUTE, "192.0.2.1");
        assert_eq!(found(&usual, &[desk, later.clone()]), Some(later), "the latest");
    }

    #[test]
    fn failures_are_told_at_five_fifty_and_so_on() {
        let told = (0..=6_000).filter(|wrong| tells(*wrong)).collect::<Vec<_>>();
        assert_eq!(told, [5, 50, 500, 5_000]);
    }

    #[test]
    fn names_are_stable_and_one_each() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
        }
        assert_ne!(device(1), DeviceId::nil());
    }

    proptest! {
        /// R6, R64: told exactly when there are twenty within fifteen minutes since it was last told, whatever the pace.
        #[test]
        fn many_failures_are_told_once_for_each_twenty(gaps in prop::collection::vec(0..3 * MINUTE, 0..200)) {
            let (mut latest, mut now, mut since_told) = (Latest::default(), 0, Vec::<i64>::new());
            for gap in gaps {
                now += gap;
                since_told.push(now);
                let within = since_told.iter().filter(|at| now - **at < WINDOW).count();
                let told = latest.again(Instant(now));
                prop_assert_eq!(told.is_some(), within >= MANY);
                prop_assert!(latest.0.len() < MANY);
                if let Some(since) = told {
                    prop_assert!(now - since.ms() < WINDOW);
                    since_told.clear();
                }
            }
        }

        /// A pair never depends on the order in which devices are listed, and is always one that was listed.
        #[test]
        fn a_pair_does_not_depend_on_order(
            mut uses in prop::collection::vec((0u8..4, 0..20 * MINUTE, 0u8..4), 0..8), by in 0u8..4, from in 0u8..4,
        ) {
            let make = |uses: &[(u8, i64, u8)]| uses.iter().map(|(number, at, net)| InUse {
                device: device(*number), at: Instant(*at), network: network(&format!("10.0.{net}.1")),
            }).collect::<Vec<_>>();
            let sign_in = SignIn {
                device: Some(device(by)), at: Instant(20 * MINUTE), network: network(&format!("10.0.{from}.9")),
                known: false, expected: false,
            };
            let listed = make(&uses);
            let one = impossible_pair(&sign_in, &listed).map(|found| (found.device, found.at));
            uses.reverse();
            let turned = make(&uses);
            prop_assert_eq!(one, impossible_pair(&sign_in, &turned).map(|found| (found.device, found.at)));
        }
    }
}
