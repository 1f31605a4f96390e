//! Reading somebody's second factors.

use std::collections::HashSet;

use kairan_core::{FactorId, Instant, MemberId, SecretId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::rules::{Kind, Way};

/// Kinds of secrets of this feature: an authenticator app's seed.
pub const TOTP_SECRET: &str = "totp";
/// SHA-256 of member id ‖ reset code.
pub const RESET_SECRET: &str = "factor_reset";

/// A second factor.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// Whose.
    pub member: MemberId,
    /// What it is.
    pub kind: Kind,
    /// What they call it.
    pub name: String,
    /// Since when they have it.
    pub since: Instant,
    /// When it was last shown.
    pub last_used: Option<Instant>,
    /// The time step, or the counter, it has used.
    pub used: i64,
    /// An app's seed.
    pub secret: Option<SecretId>,
    /// A passkey's id, base64url.
    pub credential: Option<String>,
    /// A passkey's public key, base64url.
    pub key: Option<String>,
}

fn from_row(row: &Row) -> Result<Factor> {
    Ok(Factor {
        id: row.get(0)?,
        member: row.get(1)?,
        kind: Kind::named(&row.get::<String>(2)?).ok_or_else(|| Error::Damaged("a factor's kind".into()))?,
        name: row.get(3)?,
        since: row.get(4)?,
        last_used: row.get(5)?,
        used: row.get(6)?,
        secret: row.get(7)?,
        credential: row.get(8)?,
        key: row.get(9)?,
    })
}

/// Everything somebody can show, oldest first.
///
/// # Errors
/// What the engine says.
pub async fn factors(reader: &mut Reader, member: MemberId) -> Result<Vec<Factor>> {
    let sql = "SELECT id, member, kind, name, since, last_used, used, secret, credential, public_key FROM factors WHERE member = $1 ORDER BY id";
    reader.query(sql, params![member]).await?.iter().map(from_row).collect()
}

/// The passkey with this credential id.
///
/// # Errors
/// What the engine says.
pub async fn passkey(reader: &mut Reader, credential: &str) -> Result<Option<Factor>> {
    let sql = "SELECT id, member, kind, name, since, last_used, used, secret, credential, public_key FROM factors WHERE credential = $1";
    reader.maybe(sql, params![credential]).await?.map(|row| from_row(&row)).transpose()
}

/// Somebody's authenticator app and its seed.
///
/// # Errors
/// What the engine says.
pub async fn app(reader: &mut Reader, member: MemberId) -> Result<Option<(Factor, Vec<u8>)>> {
    let found = factors(reader, member).await?.into_iter().find(|factor| factor.kind == Kind::Totp);
    let Some(app) = found else { return Ok(None) };
    let Some(secret) = app.secret else { return Ok(None) };
    Ok(reader.secret(secret).await?.map(|seed| (app, seed)))
}

/// Whether somebody has a second factor.
///
/// # Errors
/// What the engine says.
pub async fn has_factor(reader: &mut Reader, member: MemberId) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM factors WHERE member = $1";
    Ok(reader.one(sql, params![member]).await?.get::<i64>(0)? > 0)
}

/// Everybody who has a second factor.
///
/// # Errors
/// What the engine says.
pub async fn holders(reader: &mut Reader) -> Result<HashSet<MemberId>> {
    let rows = reader.query("SELECT DISTINCT member FROM factors", params![]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The seed that was shown and is not confirmed.
///
/// # Errors
/// What the engine says.
pub async fn offer(reader: &mut Reader, member: MemberId) -> Result<Option<SecretId>> {
    let row = reader.maybe("SELECT secret FROM totp_offers WHERE member = $1", params![member]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// A code that ends somebody's factors and was not used.
#[derive(Debug, Clone)]
pub struct Reset {
    /// Where its hash lies.
    pub code: SecretId,
    /// Who made it; none when it was the command line.
    pub maker: Option<MemberId>,
    /// When.
    pub made_at: Instant,
    /// Until when it opens.
    pub expires_at: Instant,
}

/// Somebody's unused reset, expired or not.
///
/// # Errors
/// What the engine says.
pub async fn reset(reader: &mut Reader, member: MemberId) -> Result<Option<Reset>> {
    let sql = "SELECT code, maker, made_at, expires_at FROM factor_resets WHERE member = $1 AND NOT used";
    let Some(row) = reader.maybe(sql, params![member]).await? else { return Ok(None) };
    Ok(Some(Reset { code: row.get(0)?, maker: row.get(1)?, made_at: row.get(2)?, expires_at: row.get(3)? }))
}

/// What somebody could show now, in a session that a recovery code opened (`paper`) or not.
///
/// # Errors
/// What the engine says.
pub async fn ways(reader: &mut Reader, member: MemberId, paper: bool, now: Instant) -> Result<Vec<Way>> {
    let factors = factors(reader, member).await?;
    let mut ways = Vec::new();
    for (kind, way) in [(Kind::Totp, Way::Totp), (Kind::Passkey, Way::Passkey)] {
        if factors.iter().any(|factor| factor.kind == kind) {
            ways.push(way);
        }
    }
    if !paper && !crate::signin::queries::recovery_codes(reader, member).await?.is_empty() {
        ways.push(Way::Recovery);
    }
    if reset(reader, member).await?.is_some_and(|reset| now < reset.expires_at) {
        ways.push(Way::Reset);
    }
    Ok(ways)
}
