//! Where devices meet sessions: the order of things when a browser is recognised, enrolled, renewed, or says that it is
//! wiped. Each step alone is elsewhere.
//!
//! It stays true that signatures are checked before a write begins and states again inside it, so that a device locked in
//! between opens nothing.

use kairan_core::{MemberId, Refusal, SessionId};
use kairan_http::ClientInfo;
use kairan_storage::{Stream, Tx};

use super::commands::{acts, codes, enrolment};
use super::proof::{DeviceProof, Purpose};
use super::queries::{self, Device};
use super::rules::{DEVICE_BOUND, DEVICE_CODE_REFUSED, DEVICE_PROOF_REFUSED, State};
use crate::signin::commands::{self as sessions, Entered};
use crate::signin::rules::SESSION_MISSING;
use crate::signin::standing::Needs;
use crate::{Caller, Entering, People, Token};

impl People {
    /// Which of `member`'s devices signs in, their password being right. None without a proof, and for a device that is
    /// none of theirs or none any more: the browser is to be enrolled (anew).
    ///
    /// # Errors
    /// `device.proof_refused` for a wrong signature; `device.locked`; `device.wipe`.
    pub async fn recognise(
        &self,
        member: MemberId,
        proof: Option<&DeviceProof>,
    ) -> Result<Option<Device>, Refusal> {
        let Some(proof) = proof else { return Ok(None) };
        let id = proof.device;
        let read = async move |reader: &mut kairan_storage::Reader| queries::device(reader, id).await;
        let found = self.store.read::<_, kairan_storage::Error, _>(read).await?;
        let gone = |device: &Device| matches!(device.state, State::Wiped | State::Removed);
        let theirs = found.filter(|device| device.member == member && !gone(device));
        let Some(device) = theirs else { return Ok(None) };
        self.check_signature(&device.key, Purpose::SignIn, &proof.challenge, &proof.signature)?;
        device.state.opens()?;
        Ok(Some(device))
    }

    /// Makes the browser of a session a device of its person. The key was checked. The answer is the session's new token.
    ///
    /// # Errors
    /// `session.incomplete` while a second factor is missing; `device.code_refused`, `device.too_many`, `device.taken`,
    /// `device.bound`, 429 `signin.slow`.
    pub async fn enrol_device(
        &self,
        entering: Entering,
        asked: enrolment::Enrolment,
        client: &ClientInfo,
    ) -> Result<Entered, Refusal> {
        entering.reached(Needs::Device)?;
        // Guessing a code is as slow as guessing a password, and counted apart from it.
        let key = format!("device code {}", entering.member);
        if asked.code.is_some() {
            self.attempt(&key, client).await?;
        }
        let (member, session) = (entering.member, entering.session);
        let (stream, token) = (Stream::Member(member), Token::new(self.surroundings()));
        let device = asked.device;
        if entering.device.is_some_and(|bound| bound != device) {
            return Err(Refusal::new(&DEVICE_BOUND));
        }
        let address = asked.address.clone();
        let seen_from = address.clone();
        let job = async move |tx: &mut Tx| -> Result<Entered, Refusal> {
            enrolment::enrol(tx, &entering, &asked).await?;
            enrolment::mark_seen(tx, device, member, tx.now(), &seen_from).await?;
            sessions::bind(tx, member, session, device, &token).await
        };
        match self.store.write(stream, job).await {
            Ok(entered) => {
                self.throttle.succeeded(&key, client.address.into());
                Ok(entered)
            }
            Err(refusal) if refusal.code == &DEVICE_CODE_REFUSED => {
                let note = async move |tx: &mut Tx| codes::note_refused(tx, member, address.clone()).await;
                self.store.write(stream, note).await?;
                self.failed(&member.to_string(), client).await?;
                Err(refusal)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Accepts the terms on the device of a session. The answer is the session's new token.
    ///
    /// # Errors
    /// `session.incomplete` while something else comes first; `device.terms_changed`; `device.proof_refused` for a session
    /// without a device.
    pub async fn accept_device_terms(&self, entering: Entering, version: i64) -> Result<Entered, Refusal> {
        entering.reached(Needs::Consent)?;
        let device = entering.device.ok_or_else(|| Refusal::new(&DEVICE_PROOF_REFUSED))?;
        let (member, session) = (entering.member, entering.session);
        let token = Token::new(self.surroundings());
        let job = async move |tx: &mut Tx| -> Result<Entered, Refusal> {
            enrolment::consent(tx, member, device, version).await?;
            sessions::rotate(tx, member, session, &token).await
        };
        self.store.write(Stream::Member(member), job).await
    }

    /// Gives the session of a device another token.
    ///
    /// # Errors
    /// `device.proof_refused`, `device.locked`, `device.wipe`; 401 `session.missing` when the session is over.
    pub async fn renew(
        &self,
        session: SessionId,
        proof: &DeviceProof,
        client: &ClientInfo,
    ) -> Result<Entered, Refusal> {
        let device = self.prove_device(proof, Purpose::Renew).await?;
        device.state.opens()?;
        let (token, address) = (Token::new(self.surroundings()), client.address.to_string());
        let stream = Stream::Member(device.member);
        let job = async move |tx: &mut Tx| -> Result<Option<Entered>, Refusal> {
            let now =
                queries::device(tx, device.id).await?.ok_or_else(|| Refusal::new(&DEVICE_PROOF_REFUSED))?;
            now.state.opens()?;
            let entered = sessions::renew(tx, device.member, session, device.id, &token).await?;
            if entered.is_some() {
                enrolment::mark_seen(tx, device.id, device.member, tx.now(), &address).await?;
            }
            Ok(entered)
        };
        self.store.write(stream, job).await?.ok_or_else(|| Refusal::new(&SESSION_MISSING))
    }

    /// Checks that a socket is opened by the device of the caller's session; a session without one needs no proof.
    ///
    /// # Errors
    /// `device.proof_refused`, `device.locked`, `device.wipe`.
    pub async fn prove_socket(&self, caller: &Caller, proof: Option<&DeviceProof>) -> Result<(), Refusal> {
        let Some(device) = caller.device else { return Ok(()) };
        let proof = proof.filter(|proof| proof.device == device);
        let proof = proof.ok_or_else(|| Refusal::new(&DEVICE_PROOF_REFUSED))?;
        self.prove_device(proof, Purpose::Socket).await?.state.opens()
    }

    /// Keeps a device's word that it has wiped itself (R14).
    ///
    /// # Errors
    /// `device.proof_refused`, `device.state`.
    pub async fn confirm_wipe(&self, proof: &DeviceProof, items: i64) -> Result<(), Refusal> {
        let device = self.prove_device(proof, Purpose::Wiped).await?;
        let stream = Stream::Member(device.member);
        let job = async move |tx: &mut Tx| acts::confirm_wipe(tx, &device, items).await;
        self.store.write(stream, job).await
    }
}
