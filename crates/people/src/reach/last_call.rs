//! Calling a device that is to wipe itself while nobody has the app open there (R14).
//!
//! It stays true that an address kept here is used for nothing else, and is erased when the device was called, has wiped
//! itself, or is told of messages again. It is a mark: a device that cannot be called wipes itself when it is next opened.

use kairan_core::ids::Id;
use kairan_core::{DeviceId, MemberId, SecretId, SessionId};
use kairan_storage::{Error, Reader, Result, Tx, params};

use super::queries::Subscribed;
use super::rules::Subscription;

/// The device of a session.
pub(super) async fn device_of(reader: &mut Reader, session: SessionId) -> Result<Option<DeviceId>> {
    let row = reader.maybe("SELECT device FROM sessions WHERE id = $1", params![session]).await?;
    row.map_or(Ok(None), |row| row.get(0))
}

/// Keeps where a device whose session ends is reached, in place of what was kept before.
pub(super) async fn keep(tx: &mut Tx, device: DeviceId, subscribed: &Subscribed) -> Result<()> {
    forget(tx, device).await?;
    let sql = "INSERT INTO marks_last_call (device, member, session, subscription) VALUES ($1, $2, $3, $4)";
    let columns = params![device, subscribed.member, subscribed.session, subscribed.secret];
    tx.mark(sql, columns).await?;
    Ok(())
}

/// Wants a device called as soon as this is committed, or not any more. One that cannot be called is no fault.
///
/// # Errors
/// What the engine says.
pub async fn want(tx: &mut Tx, device: DeviceId, wanted: bool) -> Result<()> {
    let at = wanted.then(|| tx.now());
    tx.mark("UPDATE marks_last_call SET wanted_at = $2 WHERE device = $1", params![device, at]).await?;
    Ok(())
}

/// Erases where a device was reached.
///
/// # Errors
/// What the engine says.
pub async fn forget(tx: &mut Tx, device: DeviceId) -> Result<()> {
    let Some(kept) = of(tx, device).await? else { return Ok(()) };
    tx.mark("DELETE FROM marks_last_call WHERE device = $1", params![device]).await?;
    tx.erase_secret(kept.secret).await
}

/// A device was called, or cannot be: its address is erased, unless the call was taken back meanwhile.
///
/// # Errors
/// What the engine says.
pub async fn called(tx: &mut Tx, device: DeviceId) -> Result<()> {
    let sql = "SELECT 1 FROM marks_last_call WHERE device = $1 AND wanted_at IS NOT NULL";
    if tx.maybe(sql, params![device]).await?.is_some() { forget(tx, device).await } else { Ok(()) }
}

/// Where a device is called.
#[derive(Debug, Clone)]
pub struct LastCall {
    /// Whose device.
    pub member: MemberId,
    /// The session it was reached through.
    pub session: SessionId,
    /// Where address and keys lie.
    pub secret: SecretId,
    /// These, unless another session of the same browser took them over.
    pub subscription: Option<Subscription>,
}

/// Where a device is called, wanted or not.
///
/// # Errors
/// What the engine says.
pub async fn of(reader: &mut Reader, device: DeviceId) -> Result<Option<LastCall>> {
    let sql = "SELECT member, session, subscription FROM marks_last_call WHERE device = $1";
    let Some(row) = reader.maybe(sql, params![device]).await? else { return Ok(None) };
    let (member, session, secret): (MemberId, SessionId, SecretId) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let bytes = reader.secret(secret).await?;
    let subscription = bytes
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()
        .map_err(|_| Error::Damaged(format!("the subscription {}", secret.uuid())))?;
    Ok(Some(LastCall { member, session, secret, subscription }))
}

/// The devices that are to be called now, with the sessions they were reached through.
///
/// # Errors
/// What the engine says.
pub async fn wanted(reader: &mut Reader) -> Result<Vec<(DeviceId, MemberId, SessionId)>> {
    let sql = "SELECT device, member, session FROM marks_last_call WHERE wanted_at IS NOT NULL ORDER BY wanted_at LIMIT 200";
    let rows = reader.query(sql, params![]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}
