//! Any event → `alarms`, and what later ones are judged by. Comes after the other projections: it looks at what they wrote
//! for the same event.

use kairan_core::ids::Id;
use kairan_core::{Actor, AlarmId, DeviceId, Instant, MemberId, SessionId};
use kairan_storage::{Error, Event, Facts, LocalBoxFuture, Projection, Result, Row, Stream, Tables, params};
use sha2::{Digest, Sha256};

use super::details::Details;
use super::events::{AlarmFact, WatchFact};
use super::rules::{Audience, Kind, Latest, MANY, Network, Proof, is_new_place, tells};
use crate::devices::events::DeviceFact;
use crate::factors::events::{FactorFact, Why};
use crate::factors::rules::{Kind as Factor, Way};
use crate::members::events::MemberFact;
use crate::signin::events::{How, Opened, SigninFact};

/// Writes `alarms`, `alarms_seen`, `alarm_places`, `alarm_streaks` and `alarm_latest`.
pub struct AlarmTables;

impl Projection for AlarmTables {
    fn tables(&self) -> &'static [&'static str] {
        &["alarms", "alarms_seen", "alarm_places", "alarm_streaks", "alarm_latest"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut raising = Raising { tables, event };
            match event.stream {
                Stream::Organisation => raising.organisation().await?,
                Stream::Member(member) => raising.member(member).await?,
                Stream::Room(_) => {}
            }
            if event.actor == Actor::CommandLine { raising.break_glass().await } else { Ok(()) }
        })
    }
}

/// The alarm of this kind that an event raises: its moment, its place and what is left of a hash, shaped like every other id
/// (RFC 9562 §5.7 and §6.2 method 1), so that alarms of one stream stand in the order in which they were raised.
fn id(event: &Event, kind: Kind, audience: Audience) -> Result<AlarmId> {
    let mut hasher = Sha256::new().chain_update(b"kairan.alarm.1\n").chain_update(event.hash);
    hasher.update(kind.name());
    hasher.update(audience.name());
    let mut bytes: [u8; 16] = std::array::from_fn({
        let hash = hasher.finalize();
        move |at| hash[at]
    });
    bytes[..6].copy_from_slice(&event.at.ms().to_be_bytes()[2..]);
    let place = event.seq.0.to_be_bytes();
    bytes[6] = 0x70 | (place[6] & 0x0f);
    bytes[7] = place[7];
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    AlarmId::try_from(&bytes[..]).map_err(|_| Error::Damaged("an alarm's id".into()))
}

/// With which device and in which session something was done, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
struct Hand {
    device: Option<DeviceId>,
    session: Option<SessionId>,
}

/// What a wrong proof adds up to.
struct Counted {
    /// Of this kind since the last right one.
    wrong: i64,
    /// Since when.
    since: Instant,
    /// Since when there were [`MANY`], when it is time to tell.
    many_since: Option<Instant>,
}

struct Raising<'r, 't> {
    tables: &'r mut Tables<'t>,
    event: &'r Event,
}

impl Raising<'_, '_> {
    async fn raise(
        &mut self,
        kind: Kind,
        audience: Audience,
        subject: Option<MemberId>,
        hand: Hand,
        details: &Details,
    ) -> Result<()> {
        let event = self.event;
        let sql = "INSERT INTO alarms (id, stream, seq, at, kind, audience, subject, actor, maker, device, session, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let columns = params![
            id(event, kind, audience)?,
            event.stream,
            event.seq,
            event.at,
            kind.name(),
            audience.name(),
            subject,
            event.actor.letter(),
            event.actor.member(),
            hand.device,
            hand.session,
            serde_json::to_string(details)?,
        ];
        self.tables.run(sql, columns).await
    }

    /// Tells the member themselves.
    async fn tell(&mut self, kind: Kind, member: MemberId, hand: Hand, details: &Details) -> Result<()> {
        self.raise(kind, Audience::Member, Some(member), hand, details).await
    }

    /// Tells those who manage members.
    async fn warn(
        &mut self,
        kind: Kind,
        subject: Option<MemberId>,
        hand: Hand,
        details: &Details,
    ) -> Result<()> {
        self.raise(kind, Audience::Admins, subject, hand, details).await
    }

    /// With the device that did it, where the event names one.
    fn hand(&self) -> Hand {
        Hand { device: self.event.device, session: None }
    }

    async fn organisation(&mut self) -> Result<()> {
        if let Some(WatchFact::ManyFailures(fact)) = WatchFact::of(self.event).transpose()? {
            let details = Details {
                address: Some(fact.address),
                count: Some(fact.count),
                accounts: Some(fact.accounts),
                since: Some(fact.since),
                ..Details::default()
            };
            return self.warn(Kind::ManyFailures, None, Hand::default(), &details).await;
        }
        if let Some(SigninFact::Unknown(fact)) = SigninFact::of(self.event).transpose()? {
            // R7: a login nobody has costs the same questions as one that somebody has.
            return self.count(MemberId::nil(), proof(fact.proof)).await.map(drop);
        }
        match MemberFact::of(self.event).transpose()? {
            Some(MemberFact::RoleChanged(fact)) => {
                let details = Details { from: Some(fact.from), to: Some(fact.to), ..Details::default() };
                self.tell(Kind::RoleChanged, fact.member, Hand::default(), &details).await?;
                if fact.from == kairan_core::Role::Owner { self.last_owner().await } else { Ok(()) }
            }
            Some(MemberFact::Locked(fact)) => {
                let sql = "SELECT 1 FROM members WHERE id = $1 AND role = 'owner'";
                let was_owner = !self.tables.query(sql, params![fact.member]).await?.is_empty();
                if was_owner { self.last_owner().await } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// An owner can act no more: tells when only one is left who can.
    async fn last_owner(&mut self) -> Result<()> {
        let sql = "SELECT id FROM members WHERE role = 'owner' AND state = 'active' AND locked_at IS NULL ORDER BY id LIMIT 2";
        let left = self.tables.query(sql, params![]).await?;
        let [only] = &left[..] else { return Ok(()) };
        let only: MemberId = only.get(0)?;
        self.warn(Kind::LastOwner, Some(only), Hand::default(), &Details::default()).await
    }

    async fn member(&mut self, member: MemberId) -> Result<()> {
        if let Some(fact) = SigninFact::of(self.event).transpose()? {
            return self.signin(member, fact).await;
        }
        if let Some(fact) = FactorFact::of(self.event).transpose()? {
            return self.factor(member, fact).await;
        }
        if let Some(fact) = DeviceFact::of(self.event).transpose()? {
            return self.device(member, fact).await;
        }
        match AlarmFact::of(self.event).transpose()? {
            Some(fact) => self.own(member, fact).await,
            None => Ok(()),
        }
    }

    async fn signin(&mut self, member: MemberId, fact: SigninFact) -> Result<()> {
        match fact {
            SigninFact::Opened(fact) => self.opened(member, &fact).await,
            SigninFact::Proved(_) => self.right(member, Proof::Password).await,
            SigninFact::Refused(fact) => {
                self.wrong(member, proof(fact.proof), &fact.address, fact.agent).await
            }
            SigninFact::RecoveryUsed(_) => {
                self.right(member, Proof::Recovery).await?;
                self.tell(Kind::RecoveryUsed, member, self.hand(), &Details::default()).await
            }
            // The first one is chosen before its person ever signed in.
            SigninFact::PasswordSet(_) if self.signed_in_before(member).await? => {
                self.tell(Kind::PasswordChanged, member, self.hand(), &Details::default()).await
            }
            _ => Ok(()),
        }
    }

    async fn signed_in_before(&mut self, member: MemberId) -> Result<bool> {
        let sql = "SELECT 1 FROM alarm_places WHERE member = $1 LIMIT 1";
        Ok(!self.tables.query(sql, params![member]).await?.is_empty())
    }

    async fn opened(&mut self, member: MemberId, fact: &Opened) -> Result<()> {
        self.right(member, proof(fact.how)).await?;
        let Some(network) = Network::named(&fact.address) else { return Ok(()) };
        let before = self.signed_in_before(member).await?;
        let sql = "SELECT last_at FROM alarm_places WHERE member = $1 AND network = $2";
        let last = self.tables.query(sql, params![member, network.as_str()]).await?;
        let last: Option<Instant> = last.first().map(|row| row.get(0)).transpose()?;
        let sql = "INSERT INTO alarm_places (member, network, last_at) VALUES ($1, $2, $3) ON CONFLICT (member, network) DO UPDATE SET last_at = excluded.last_at";
        self.tables.run(sql, params![member, network.as_str(), self.event.at]).await?;
        if !is_new_place(before, last, self.event.at) {
            return Ok(());
        }
        let hand = Hand { device: fact.device, session: Some(fact.session) };
        let details = Details {
            address: Some(fact.address.clone()),
            network: Some(network),
            agent: Some(fact.agent.clone()),
            ..Details::default()
        };
        self.tell(Kind::NewPlace, member, hand, &details).await
    }

    async fn factor(&mut self, member: MemberId, fact: FactorFact) -> Result<()> {
        let changed = |what: &str, factor: Option<Factor>| Details {
            what: vec![what.to_owned()],
            factor,
            ..Details::default()
        };
        match fact {
            // Whoever has no device yet is only just arriving.
            FactorFact::Enrolled(fact) if self.has_device(member, None).await? => {
                let details = changed("added", Some(fact.kind));
                self.tell(Kind::FactorChanged, member, self.hand(), &details).await
            }
            FactorFact::Removed(_) => {
                self.tell(Kind::FactorChanged, member, self.hand(), &changed("removed", None)).await
            }
            FactorFact::ResetUsed(fact) => {
                let hand = Hand { device: self.event.device, session: Some(fact.session) };
                self.right(member, Proof::Factor).await?;
                self.tell(Kind::FactorChanged, member, hand, &changed("reset", None)).await
            }
            FactorFact::Reset(fact) => {
                let details = Details { until: Some(fact.expires_at), ..Details::default() };
                self.tell(Kind::FactorResetStarted, member, self.hand(), &details).await
            }
            FactorFact::Shown(_) => self.right(member, Proof::Factor).await,
            FactorFact::Refused(fact) if fact.why == Why::Clone => {
                let details =
                    Details { address: Some(fact.address), agent: Some(fact.agent), ..Details::default() };
                self.tell(Kind::Clone, member, self.hand(), &details).await?;
                self.warn(Kind::Clone, Some(member), self.hand(), &details).await
            }
            FactorFact::Refused(fact) => {
                let proof = if fact.way == Way::Recovery { Proof::Recovery } else { Proof::Factor };
                self.wrong(member, proof, &fact.address, fact.agent).await
            }
            _ => Ok(()),
        }
    }

    async fn has_device(&mut self, member: MemberId, besides: Option<DeviceId>) -> Result<bool> {
        let rows = match besides {
            Some(device) => {
                let sql = "SELECT 1 FROM devices WHERE member = $1 AND id <> $2 LIMIT 1";
                self.tables.query(sql, params![member, device]).await?
            }
            None => {
                let sql = "SELECT 1 FROM devices WHERE member = $1 LIMIT 1";
                self.tables.query(sql, params![member]).await?
            }
        };
        Ok(!rows.is_empty())
    }

    async fn device(&mut self, member: MemberId, fact: DeviceFact) -> Result<()> {
        match fact {
            DeviceFact::CodeRefused(fact) => {
                self.wrong(member, Proof::DeviceCode, &fact.address, String::new()).await
            }
            DeviceFact::Added(fact) => {
                self.right(member, Proof::DeviceCode).await?;
                if !self.has_device(member, Some(fact.device)).await? {
                    return Ok(());
                }
                let hand = Hand { device: Some(fact.device), session: Some(fact.session) };
                let network = Network::named(&fact.address);
                let details = Details { address: Some(fact.address), network, ..Details::default() };
                self.tell(Kind::NewDevice, member, hand, &details).await
            }
            DeviceFact::Locked(fact) => self.done_to(Kind::DeviceLocked, member, fact.device).await,
            DeviceFact::WipeAsked(fact) => self.done_to(Kind::DeviceWiped, member, fact.device).await,
            _ => Ok(()),
        }
    }

    /// A device was shut out: the alarm is about the one it was done to, which cannot see it; the one it was done with is
    /// the event's.
    async fn done_to(&mut self, kind: Kind, member: MemberId, device: DeviceId) -> Result<()> {
        let details = Details { other: Some(device), ..Details::default() };
        self.tell(kind, member, self.hand(), &details).await
    }

    async fn own(&mut self, member: MemberId, fact: AlarmFact) -> Result<()> {
        match fact {
            AlarmFact::Seen(fact) => {
                for alarm in fact.alarms {
                    self.seen(member, alarm).await?;
                }
                Ok(())
            }
            AlarmFact::Denied(fact) => {
                let sql = "UPDATE alarms SET denied_at = $2 WHERE id = $1 AND subject = $3";
                self.tables.run(sql, params![fact.alarm, self.event.at, member]).await?;
                self.seen(member, fact.alarm).await?;
                let details =
                    Details { count: Some(fact.sessions), other: fact.device, ..Details::default() };
                self.warn(Kind::Denied, Some(member), self.hand(), &details).await
            }
            AlarmFact::Pair(fact) => {
                let hand = Hand { device: fact.device, session: Some(fact.session) };
                let details = Details {
                    address: Some(fact.address),
                    network: Some(fact.network),
                    other: Some(fact.other),
                    other_network: Some(fact.other_network),
                    since: Some(fact.other_at),
                    ..Details::default()
                };
                self.warn(Kind::ImpossiblePair, Some(member), hand, &details).await
            }
        }
    }

    async fn seen(&mut self, member: MemberId, alarm: AlarmId) -> Result<()> {
        let sql = "INSERT INTO alarms_seen (alarm, member, at) VALUES ($1, $2, $3) ON CONFLICT (alarm, member) DO NOTHING";
        self.tables.run(sql, params![alarm, member, self.event.at]).await
    }

    async fn right(&mut self, member: MemberId, proof: Proof) -> Result<()> {
        let sql = "DELETE FROM alarm_streaks WHERE member = $1 AND proof = $2";
        self.tables.run(sql, params![member, proof.name()]).await
    }

    /// A wrong proof: counted for its person, of its kind, and for those who manage members, of every kind.
    async fn wrong(&mut self, member: MemberId, proof: Proof, address: &str, agent: String) -> Result<()> {
        let Counted { wrong, since, many_since } = self.count(member, proof).await?;
        let details = Details {
            address: Some(address.to_owned()),
            agent: Some(agent).filter(|agent| !agent.is_empty()),
            proof: Some(proof),
            ..Details::default()
        };
        if tells(wrong) {
            let details = Details { count: Some(wrong), since: Some(since), ..details.clone() };
            self.tell(Kind::Failures, member, Hand::default(), &details).await?;
        }
        if many_since.is_none() {
            return Ok(());
        }
        let details = Details { count: i64::try_from(MANY).ok(), since: many_since, proof: None, ..details };
        self.warn(Kind::ManyFailures, Some(member), Hand::default(), &details).await
    }

    async fn count(&mut self, member: MemberId, proof: Proof) -> Result<Counted> {
        let sql = "SELECT wrong, since FROM alarm_streaks WHERE member = $1 AND proof = $2";
        let streak = self.tables.query(sql, params![member, proof.name()]).await?;
        let (wrong, since) = match streak.first() {
            Some(row) => (row.get::<i64>(0)? + 1, row.get(1)?),
            None => (1, self.event.at),
        };
        let sql = "INSERT INTO alarm_streaks (member, proof, wrong, since) VALUES ($1, $2, $3, $4) ON CONFLICT (member, proof) DO UPDATE SET wrong = excluded.wrong";
        self.tables.run(sql, params![member, proof.name(), wrong, since]).await?;
        Ok(Counted { wrong, since, many_since: self.again(member).await? })
    }

    async fn again(&mut self, member: MemberId) -> Result<Option<Instant>> {
        let sql = "SELECT moments FROM alarm_latest WHERE member = $1";
        let rows = self.tables.query(sql, params![member]).await?;
        let read = |row: &Row| Ok::<Latest, Error>(serde_json::from_str(&row.get::<String>(0)?)?);
        let mut latest = rows.first().map(read).transpose()?.unwrap_or_default();
        let since = latest.again(self.event.at);
        let sql = "INSERT INTO alarm_latest (member, moments) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET moments = excluded.moments";
        self.tables.run(sql, params![member, serde_json::to_string(&latest)?]).await?;
        Ok(since)
    }

    /// R64: whatever was done on the command line, whichever feature it belongs to. What one job did in one stream is one
    /// alarm. The founding is none: there was nobody yet to be told.
    async fn break_glass(&mut self) -> Result<()> {
        let event = self.event;
        let founded = self.tables.query("SELECT founded_at FROM organisation", params![]).await?;
        let founded: Option<Instant> = founded.first().map(|row| row.get(0)).transpose()?;
        if founded.is_none_or(|at| at == event.at) {
            return Ok(());
        }
        let sql = "SELECT id, facts FROM alarms WHERE stream = $1 AND at = $2 AND kind = $3";
        let there = self.tables.query(sql, params![event.stream, event.at, Kind::BreakGlass.name()]).await?;
        if let Some(row) = there.first() {
            let mut details: Details = serde_json::from_str(&row.get::<String>(1)?)?;
            if details.what.contains(&event.kind) {
                return Ok(());
            }
            details.what.push(event.kind.clone());
            let facts = serde_json::to_string(&details)?;
            let sql = "UPDATE alarms SET facts = $2 WHERE id = $1";
            return self.tables.run(sql, params![row.get::<AlarmId>(0)?, facts]).await;
        }
        let details = Details { what: vec![event.kind.clone()], ..Details::default() };
        self.warn(Kind::BreakGlass, subject(event), Hand::default(), &details).await
    }
}

/// Whom an event is about: whose stream it is, or whom its facts name.
fn subject(event: &Event) -> Option<MemberId> {
    if let Stream::Member(member) = event.stream {
        return Some(member);
    }
    let body: serde_json::Value = serde_json::from_str(&event.body).ok()?;
    body.get("member")?.as_str()?.parse().ok()
}

fn proof(how: How) -> Proof {
    match how {
        How::Recovery => Proof::Recovery,
        How::Passkey => Proof::Factor,
        How::Setup | How::Invitation | How::Password => Proof::Password,
    }
}
