//! The order of things around second factors: slow down guessing, read, check, write.
//!
//! It stays true that guessing six digits is slowed for the person, not for the place: whoever guesses has their password
//! already and may come from anywhere. A passkey and a recovery code cannot be guessed, so they open meanwhile (R6).

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::ids::Id;
use kairan_core::{MemberId, Refusal, SessionId};
use kairan_http::ClientInfo;
use kairan_storage::{Reader, Stream, Tx};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::challenges::{For, LIFE};
use super::commands::{self, Evidence, Outcome, Prepared};
use super::queries::{self, Factor};
use super::rules::{FACTOR_REFUSED, Kind, PASSKEY_CHALLENGE, PASSKEY_REFUSED, PASSKEY_SHAPE};
use super::totp;
use super::webauthn::{self, Assertion, Expected, Fault, Registered};
use crate::devices::DeviceProof;
use crate::signin::commands::{self as signin, Entered, Opening, new_recovery_codes};
use crate::signin::door::slow;
use crate::signin::events::How;
use crate::signin::queries::candidate_by_id;
use crate::{Caller, Entering, People, Token};

/// A seed as shown once.
pub struct Seed {
    /// Base 32.
    pub secret: String,
    /// For the QR code.
    pub uri: String,
}

fn answer_fault(fault: Fault) -> Refusal {
    Refusal::new(match fault {
        Fault::Shape => &PASSKEY_SHAPE,
        Fault::Other | Fault::Unverified | Fault::Key | Fault::Clone => &PASSKEY_REFUSED,
    })
}

impl People {
    /// Counts a guess at something short, for the person whoever guesses.
    async fn guess(&self, member: MemberId, client: &ClientInfo) -> Result<(), Refusal> {
        let (key, nowhere) = guessing(member);
        match self.throttle.begin(self.surroundings().now(), &key, nowhere.into()) {
            Ok(()) => Ok(()),
            Err(wait) => {
                self.failed(&member.to_string(), client).await?;
                Err(slow(wait))
            }
        }
    }

    /// A factor was shown and not taken.
    async fn not_taken(&self, member: MemberId, client: &ClientInfo) -> Result<Refusal, Refusal> {
        self.failed(&member.to_string(), client).await?;
        Ok(Refusal::new(&FACTOR_REFUSED))
    }

    fn guessed(&self, member: MemberId) {
        let (key, nowhere) = guessing(member);
        self.throttle.succeeded(&key, nowhere.into());
    }

    /// Counts what is shown, by how it could be guessed.
    async fn count(&self, member: MemberId, evidence: &Evidence, client: &ClientInfo) -> Result<(), Refusal> {
        match evidence {
            Evidence::Totp(_) | Evidence::Reset(_) => self.guess(member, client).await,
            Evidence::Recovery(_) => self.attempt(&member.to_string(), client).await,
            Evidence::Passkey(_) => Ok(()),
        }
    }

    fn counted(&self, member: MemberId, evidence: &Evidence, client: &ClientInfo) {
        match evidence {
            Evidence::Totp(_) | Evidence::Reset(_) => self.guessed(member),
            Evidence::Recovery(_) => {
                self.throttle.succeeded(&member.to_string(), client.address.into());
            }
            Evidence::Passkey(_) => {}
        }
    }

    /// Shows a second factor in a session that waits for one.
    ///
    /// # Errors
    /// 401 `factor.refused`, 409 `factor.not_asked`, 429 `signin.slow`.
    pub async fn show_factor(
        &self,
        entering: &Entering,
        evidence: Evidence,
        client: ClientInfo,
    ) -> Result<Entered, Refusal> {
        let (member, session) = (entering.member, entering.session);
        self.count(member, &evidence, &client).await?;
        let token = Token::new(self.surroundings());
        let (shown, from) = (evidence.clone(), client.clone());
        let job = async move |tx: &mut Tx| commands::show(tx, member, session, &shown, &from, &token).await;
        let Some(entered) = self.store.write(Stream::Member(member), job).await? else {
            return Err(self.not_taken(member, &client).await?);
        };
        self.counted(member, &evidence, &client);
        Ok(entered)
    }

    /// Proves once more that it is they (R23), by the password.
    ///
    /// # Errors
    /// 403 `password.wrong`, 429 `signin.slow`.
    pub async fn prove_by_password(
        &self,
        caller: &Caller,
        password: SecretString,
        client: &ClientInfo,
    ) -> Result<(), Refusal> {
        self.prove(caller, password, client).await?;
        let (member, session) = (caller.member, caller.session);
        let job = async move |tx: &mut Tx| signin::prove(tx, member, session, false).await;
        self.store.write(Stream::Member(member), job).await
    }

    /// Proves once more that it is they (R23), by a factor.
    ///
    /// # Errors
    /// 401 `factor.refused`, 429 `signin.slow`.
    pub async fn prove_by_factor(
        &self,
        caller: &Caller,
        evidence: Evidence,
        client: ClientInfo,
    ) -> Result<(), Refusal> {
        let (member, session) = (caller.member, caller.session);
        self.count(member, &evidence, &client).await?;
        let (shown, from) = (evidence.clone(), client.clone());
        let job = async move |tx: &mut Tx| commands::prove_with(tx, member, session, &shown, &from).await;
        if !self.store.write(Stream::Member(member), job).await? {
            return Err(self.not_taken(member, &client).await?);
        }
        self.counted(member, &evidence, &client);
        Ok(())
    }

    fn expected(&self, challenge: [u8; 32]) -> Expected {
        let origin = self.settings.public_origin.clone();
        Expected { challenge, rp: webauthn::rp_of(&origin).to_owned(), origin }
    }

    /// Asks a passkey to show itself: one of the session's person, or anyone's.
    ///
    /// # Errors
    /// 429 `signin.slow`.
    pub async fn challenge_passkey(
        &self,
        entering: Option<&Entering>,
        client: &ClientInfo,
    ) -> Result<(String, Value), Refusal> {
        self.judging(client)?;
        let (what, allowed) = match entering {
            None => (For::Anyone, Vec::new()),
            Some(one) => (For::Session(one.member, one.session), self.passkeys(one.member).await?),
        };
        let (name, challenge) = self.challenges.give(self.surroundings(), what);
        let options = json!({
            "challenge": URL_SAFE_NO_PAD.encode(challenge), "timeout": LIFE,
            "rpId": webauthn::rp_of(&self.settings.public_origin), "allowCredentials": descriptors(&allowed),
            "userVerification": "required",
        });
        Ok((name, options))
    }

    /// What a passkey answered to a challenge that this session, or nobody's, was given.
    ///
    /// # Errors
    /// 410 `passkey.challenge`, 422 `passkey.shape`.
    pub fn passkey_answer(
        &self,
        challenge: &str,
        answer: &Value,
        session: Option<(MemberId, SessionId)>,
    ) -> Result<Evidence, Refusal> {
        let over = || Refusal::new(&PASSKEY_CHALLENGE);
        let taken = self.challenges.take(challenge, self.surroundings().now());
        let (what, bytes) = taken.ok_or_else(over)?;
        let fits = match (what, session) {
            (For::Anyone, None) => true,
            (For::Session(member, session), Some(own)) => (member, session) == own,
            (For::Anyone | For::Session(..) | For::Enrolment(..), _) => false,
        };
        if !fits {
            return Err(over());
        }
        let assertion = Assertion::read(answer).map_err(answer_fault)?;
        Ok(Evidence::Passkey(Box::new((assertion, self.expected(bytes)))))
    }

    /// Signs in with a passkey alone, which is two factors: what the person has, and what the device verified.
    ///
    /// # Errors
    /// 401 `factor.refused`; those of [`Self::recognise`]; 403 `member.locked`.
    pub async fn sign_in_with_passkey(
        &self,
        evidence: Evidence,
        client: ClientInfo,
        replaces: Option<Entering>,
        device: Option<DeviceProof>,
    ) -> Result<Entered, Refusal> {
        let Evidence::Passkey(answer) = &evidence else { return Err(Refusal::new(&FACTOR_REFUSED)) };
        let credential = answer.0.credential.clone();
        let read = async move |reader: &mut Reader| queries::passkey(reader, &credential).await;
        let passkey = self.store.read::<_, kairan_storage::Error, _>(read).await?;
        // A key that can sign in alone says whose it is (§7.2 step 6).
        let Some(member) = passkey.map(|passkey| passkey.member).filter(|_| answer.0.user.is_some()) else {
            self.refuse(None, "", How::Passkey, client).await?;
            return Err(Refusal::new(&FACTOR_REFUSED));
        };
        let device = self.recognise(member, device.as_ref()).await?.map(|device| device.id);
        let opening = Opening::new(self.surroundings(), How::Passkey, client.clone()).on(device);
        let job = async move |tx: &mut Tx| -> Result<Option<Entered>, Refusal> {
            let Some(candidate) = candidate_by_id(tx, member).await? else { return Ok(None) };
            if !commands::shown(tx, member, &evidence, &opening.client).await? {
                return Ok(None);
            }
            signin::replace(tx, replaces.as_ref()).await?;
            signin::open_session(tx, member, candidate.role, &opening).await.map(Some)
        };
        let answer = self.store.write(Stream::Member(member), job).await;
        match self.noting_kept_out(member, &client, answer).await? {
            Some(entered) => Ok(entered),
            None => Err(self.not_taken(member, &client).await?),
        }
    }

    async fn passkeys(&self, member: MemberId) -> Result<Vec<Factor>, Refusal> {
        let read = async move |reader: &mut Reader| queries::factors(reader, member).await;
        let mut factors = self.store.read::<_, kairan_storage::Error, _>(read).await?;
        factors.retain(|factor| factor.kind == Kind::Passkey);
        Ok(factors)
    }

    /// Offers a seed for an authenticator app.
    ///
    /// # Errors
    /// 403 `session.incomplete`, 403 `proof.needed`.
    pub async fn offer_app(&self, entering: &Entering) -> Result<Seed, Refusal> {
        let (member, session) = (entering.member, entering.session);
        let seed: [u8; totp::SEED] = self.surroundings().bytes();
        let job = async move |tx: &mut Tx| commands::offer_app(tx, member, session, &seed).await;
        self.store.write(Stream::Member(member), job).await?;
        let myself = self.myself(member, session).await?;
        let uri = totp::uri(&seed, &myself.organisation, &handle_of(&myself.record));
        Ok(Seed { secret: totp::spelled(&seed), uri })
    }

    fn prepared(&self) -> Prepared {
        let surroundings = self.surroundings();
        Prepared { recovery_codes: new_recovery_codes(surroundings), token: Token::new(surroundings) }
    }

    /// Enrols the app whose seed was offered.
    ///
    /// # Errors
    /// 401 `factor.refused`, 409 `factor.not_offered`, 403 `session.incomplete`, 403 `proof.needed`, 429 `signin.slow`.
    pub async fn enrol_app(
        &self,
        entering: &Entering,
        code: String,
        client: ClientInfo,
    ) -> Result<Outcome, Refusal> {
        let (member, session, prepared) = (entering.member, entering.session, self.prepared());
        self.guess(member, &client).await?;
        let from = client.clone();
        let job =
            async move |tx: &mut Tx| commands::enrol_app(tx, member, session, &code, &from, &prepared).await;
        let Some(outcome) = self.store.write(Stream::Member(member), job).await? else {
            return Err(self.not_taken(member, &client).await?);
        };
        self.guessed(member);
        Ok(outcome)
    }

    /// Asks for a new passkey.
    ///
    /// # Errors
    /// What storage says.
    pub async fn challenge_enrolment(&self, entering: &Entering) -> Result<(String, Value), Refusal> {
        let (member, session) = (entering.member, entering.session);
        let known = self.passkeys(member).await?;
        let myself = self.myself(member, session).await?;
        let what = For::Enrolment(member, session);
        let (name, challenge) = self.challenges.give(self.surroundings(), what);
        let kinds = webauthn::ALGORITHMS.map(|alg| json!({"type": "public-key", "alg": alg}));
        let options = json!({
            "rp": {"id": webauthn::rp_of(&self.settings.public_origin), "name": myself.organisation},
            "user": {
                "id": URL_SAFE_NO_PAD.encode(member.bytes()), "name": handle_of(&myself.record),
                "displayName": myself.record.profile.display_name,
            },
            "challenge": URL_SAFE_NO_PAD.encode(challenge), "pubKeyCredParams": kinds, "timeout": LIFE,
            "excludeCredentials": descriptors(&known), "attestation": "none",
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        });
        Ok((name, options))
    }

    /// Enrols the passkey that answered.
    ///
    /// # Errors
    /// 410 `passkey.challenge`, 422 `passkey.shape` and `passkey.refused`, 409 `passkey.known`, and those of the command.
    pub async fn enrol_passkey(
        &self,
        entering: &Entering,
        challenge: &str,
        answer: &Value,
        name: String,
    ) -> Result<Outcome, Refusal> {
        let (member, session, prepared) = (entering.member, entering.session, self.prepared());
        let taken = self.challenges.take(challenge, self.surroundings().now());
        let asked = taken.filter(|(what, _)| *what == For::Enrolment(member, session));
        let (_, bytes) = asked.ok_or_else(|| Refusal::new(&PASSKEY_CHALLENGE))?;
        let passkey: Registered = webauthn::register(answer, &self.expected(bytes)).map_err(answer_fault)?;
        let job = async move |tx: &mut Tx| {
            commands::enrol_passkey(tx, member, session, &passkey, &name, &prepared).await
        };
        self.store.write(Stream::Member(member), job).await
    }
}

fn guessing(member: MemberId) -> (String, IpAddr) {
    (format!("factor of {member}"), IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

fn handle_of(record: &crate::members::queries::Record) -> String {
    let profile = &record.profile;
    let handle = profile.login.as_ref().or(profile.staff_number.as_ref());
    handle.unwrap_or(&profile.display_name).clone()
}

fn descriptors(passkeys: &[Factor]) -> Vec<Value> {
    let ids = passkeys.iter().filter_map(|passkey| passkey.credential.as_deref());
    ids.map(|id| json!({"type": "public-key", "id": id})).collect()
}
