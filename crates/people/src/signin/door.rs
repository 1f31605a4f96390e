//! The order of things at the door: slow down guessing, read, hash, write. Each step alone is elsewhere.
//!
//! It stays true that nothing told to a stranger depends on whether a login exists (R7).

use kairan_core::{MemberId, Permission, Refusal, SessionId};
use kairan_http::ClientInfo;
use kairan_storage::{Reader, Stream, Tx};
use secrecy::{ExposeSecret, SecretString};

use super::commands::{self, Chosen, Entered, Opening, recovery_digest};
use super::events::How;
use super::password::{SHORTEST, judge, length, shortest};
use super::queries::{self, Candidate};
use super::rules::{PASSWORD_WRONG, RECOVERY_REFUSED, SIGNIN_REFUSED, SIGNIN_SLOW};
use crate::devices::DeviceProof;
use crate::members::rules::{Profile, handle};
use crate::{Caller, Entering, People, Token, factors, organisation};

/// The words a guesser of this person's password would try.
#[must_use]
pub fn personal<'p>(profile: &'p Profile, organisation: &'p str) -> Vec<&'p str> {
    let mut words = vec![
        profile.display_name.as_str(),
        &profile.family_name,
        &profile.given_name,
        &profile.family_kana,
        &profile.given_kana,
        organisation,
    ];
    words.extend(profile.login.as_deref());
    words.extend(profile.staff_number.as_deref());
    words
}

/// Judges a password for a field of a request.
///
/// # Errors
/// The fault of the field `password` (R3).
pub fn acceptable(password: &SecretString, personal: &[&str], beside_factor: bool) -> Result<(), Refusal> {
    judge(password.expose_secret(), personal, shortest(beside_factor)).map_err(|weakness| {
        let fault = kairan_core::FieldFault::new("password", weakness.code);
        Refusal::fields(vec![match weakness.limit {
            Some(limit) => fault.fact("limit", limit),
            None => fault,
        }])
    })
}

pub(crate) fn slow(wait: i64) -> Refusal {
    Refusal::new(&SIGNIN_SLOW)
        .fact("retry_after_ms", wait)
        .fact("seconds", wait.unsigned_abs().div_ceil(1_000))
}

impl People {
    /// Counts an attempt with this login from this place.
    ///
    /// # Errors
    /// 429 `signin.slow` (R6).
    pub(crate) async fn attempt(&self, login: &str, client: &ClientInfo) -> Result<(), Refusal> {
        match self.throttle.begin(self.surroundings().now(), login, client.address.into()) {
            Ok(()) => Ok(()),
            Err(wait) => {
                // Whoever is told to wait goes on trying, and that is worth knowing too.
                self.failed(login, client).await?;
                Err(slow(wait))
            }
        }
    }

    /// Counts a judgement of a password that anybody may ask for.
    ///
    /// # Errors
    /// 429 `signin.slow`.
    pub(crate) fn judging(&self, client: &ClientInfo) -> Result<(), Refusal> {
        self.throttle.judging(self.surroundings().now(), client.address.into()).map_err(slow)
    }

    /// Hashes a password that was judged.
    ///
    /// # Errors
    /// 503 `signin.busy`.
    pub(crate) async fn choose(&self, password: SecretString) -> Result<Chosen, Refusal> {
        let short = length(password.expose_secret()) < SHORTEST;
        Ok(Chosen { hash: self.hasher.hash(password).await?, short })
    }

    /// Whether somebody has a second factor.
    pub(crate) async fn has_factor(&self, member: MemberId) -> Result<bool, Refusal> {
        let read = async move |reader: &mut Reader| factors::queries::has_factor(reader, member).await;
        Ok(self.store.read::<_, kairan_storage::Error, _>(read).await?)
    }

    async fn candidate(&self, login: &str) -> Result<Option<Candidate>, Refusal> {
        let login = login.to_owned();
        Ok(self.store.read(async move |reader: &mut Reader| queries::candidate(reader, &login).await).await?)
    }

    pub(crate) async fn refuse(
        &self,
        member: Option<MemberId>,
        whom: &str,
        proof: How,
        client: ClientInfo,
    ) -> Result<(), Refusal> {
        let stream = member.map_or(Stream::Organisation, Stream::Member);
        let from = client.clone();
        let job = async move |tx: &mut Tx| commands::note_refused(tx, member, proof, &from).await;
        self.store.write(stream, job).await?;
        self.failed(whom, &client).await
    }

    /// Signs in with a password, on a device that shows that it is itself, if it is one.
    ///
    /// # Errors
    /// Those of [`Self::recognise`]; 403 `member.locked`, 403 `policy.hours`, 403 `policy.network`, 401 `signin.refused`,
    /// 429 `signin.slow`, 503 `signin.busy`.
    pub async fn sign_in(
        &self,
        login: &str,
        password: SecretString,
        client: ClientInfo,
        replaces: Option<Entering>,
        device: Option<DeviceProof>,
    ) -> Result<Entered, Refusal> {
        let login = handle(login);
        self.attempt(&login, &client).await?;
        let candidate = self.candidate(&login).await?;
        let hash = candidate.as_ref().and_then(|candidate| candidate.hash.clone());
        let right = self.hasher.verify(password, hash).await?;
        let candidate = match candidate {
            Some(candidate) if right => candidate,
            other => {
                self.refuse(other.map(|candidate| candidate.member), &login, How::Password, client).await?;
                return Err(Refusal::new(&SIGNIN_REFUSED));
            }
        };
        // Once: each call takes one failure back, and the next would be somebody else's.
        if !candidate.doubted {
            self.throttle.succeeded(&login, client.address.into());
        }
        let device = self.recognise(candidate.member, device.as_ref()).await?.map(|device| device.id);
        // A password that somebody else may know is as good as a wrong one, but on a device that its person has already.
        if candidate.doubted {
            if device.is_none() {
                self.refuse(Some(candidate.member), &login, How::Password, client).await?;
                return Err(Refusal::new(&SIGNIN_REFUSED));
            }
            self.throttle.succeeded(&login, client.address.into());
        }
        let opening = Opening::new(self.surroundings(), How::Password, client.clone()).on(device);
        let member = candidate.member;
        let job =
            async move |tx: &mut Tx| commands::sign_in(tx, &candidate, &opening, replaces.as_ref()).await;
        let answer = self.store.write(Stream::Member(member), job).await;
        self.noting_kept_out(member, &client, answer).await
    }

    /// Sets a new password with a recovery code.
    ///
    /// # Errors
    /// 401 `recovery.refused`, 422 for the password, 429 `signin.slow`, 503 `signin.busy`.
    pub async fn recover(
        &self,
        login: &str,
        code: &str,
        password: SecretString,
        client: ClientInfo,
    ) -> Result<Entered, Refusal> {
        let login = handle(login);
        // Whether somebody has a second factor is not told before they proved anything: the least is asked for here.
        acceptable(&password, &[&login], true)?;
        self.attempt(&login, &client).await?;
        let candidate = self.candidate(&login).await?;
        let found = match &candidate {
            Some(candidate) => self.find_code(candidate.member, code).await?,
            None => None,
        };
        let (Some(candidate), Some(code)) = (candidate.clone(), found) else {
            self.refuse(candidate.map(|candidate| candidate.member), &login, How::Recovery, client).await?;
            return Err(Refusal::new(&RECOVERY_REFUSED));
        };
        self.throttle.succeeded(&login, client.address.into());
        let me = self.personal_words(candidate.member).await?;
        let beside = self.has_factor(candidate.member).await?;
        acceptable(&password, &me.iter().map(String::as_str).collect::<Vec<_>>(), beside)?;
        let chosen = self.choose(password).await?;
        let opening = Opening::new(self.surroundings(), How::Recovery, client);
        let stream = Stream::Member(candidate.member);
        let job = async move |tx: &mut Tx| commands::recover(tx, &candidate, code, &chosen, &opening).await;
        self.store.write(stream, job).await
    }

    async fn find_code(
        &self,
        member: MemberId,
        code: &str,
    ) -> Result<Option<kairan_core::SecretId>, Refusal> {
        let Some(digest) = recovery_digest(member, code) else { return Ok(None) };
        Ok(self
            .store
            .read(async move |reader: &mut Reader| queries::recovery_code(reader, member, &digest).await)
            .await?)
    }

    async fn personal_words(&self, member: MemberId) -> Result<Vec<String>, Refusal> {
        let read = async move |reader: &mut Reader| -> Result<Vec<String>, Refusal> {
            let name = organisation::queries::name(reader).await?.unwrap_or_default();
            let record = crate::members::queries::record(reader, member).await?;
            Ok(record.iter().flat_map(|record| personal(&record.profile, &name)).map(str::to_owned).collect())
        };
        self.store.read(read).await
    }

    /// Verifies the caller's own password, slowed down like a sign-in.
    pub(crate) async fn prove(
        &self,
        caller: &Caller,
        password: SecretString,
        client: &ClientInfo,
    ) -> Result<Candidate, Refusal> {
        let key = caller.member.to_string();
        self.attempt(&key, client).await?;
        let member = caller.member;
        let read = async move |reader: &mut Reader| queries::candidate_by_id(reader, member).await;
        let candidate = self.store.read::<_, kairan_storage::Error, _>(read).await?;
        let hash = candidate.as_ref().and_then(|candidate| candidate.hash.clone());
        match candidate {
            Some(candidate) if self.hasher.verify(password, hash).await? => {
                self.throttle.succeeded(&key, client.address.into());
                Ok(candidate)
            }
            _ => {
                self.refuse(Some(member), &key, How::Password, client.clone()).await?;
                Err(Refusal::new(&PASSWORD_WRONG))
            }
        }
    }

    /// Changes the caller's own password; the answer is this session's new token.
    ///
    /// # Errors
    /// 403 `password.wrong`, 422 for the new password, 429 `signin.slow`.
    pub async fn change_password(
        &self,
        caller: Caller,
        current: SecretString,
        password: SecretString,
        client: ClientInfo,
    ) -> Result<Entered, Refusal> {
        let words = self.personal_words(caller.member).await?;
        let beside = self.has_factor(caller.member).await?;
        acceptable(&password, &words.iter().map(String::as_str).collect::<Vec<_>>(), beside)?;
        let candidate = self.prove(&caller, current, &client).await?;
        let chosen = self.choose(password).await?;
        let token = Token::new(self.surroundings());
        let stream = Stream::Member(caller.member);
        let job = async move |tx: &mut Tx| {
            commands::change_password(tx, &caller, &candidate, &chosen, &token).await
        };
        self.store.write(stream, job).await
    }

    /// New recovery codes for the caller; those before are void.
    ///
    /// # Errors
    /// 403 `password.wrong`, 429 `signin.slow`.
    pub async fn renew_recovery_codes(
        &self,
        caller: Caller,
        password: SecretString,
        client: ClientInfo,
    ) -> Result<Vec<String>, Refusal> {
        self.prove(&caller, password, &client).await?;
        let codes = commands::new_recovery_codes(self.surroundings());
        let told = codes.clone();
        let stream = Stream::Member(caller.member);
        let job = async move |tx: &mut Tx| {
            commands::issue_recovery_codes(tx, caller.actor(), caller.member, &codes).await
        };
        self.store.write(stream, job).await?;
        Ok(told)
    }

    /// What somebody is told about themselves.
    ///
    /// # Errors
    /// What storage says.
    pub async fn myself(&self, member: MemberId, session: SessionId) -> Result<queries::Myself, Refusal> {
        Ok(self
            .store
            .read(async move |reader: &mut Reader| queries::myself(reader, member, session).await)
            .await?)
    }
}

/// The names of what a role may do, for clients.
#[must_use]
pub fn permissions(role: kairan_core::Role) -> Vec<&'static str> {
    role.permissions().into_iter().map(Permission::name).collect()
}
