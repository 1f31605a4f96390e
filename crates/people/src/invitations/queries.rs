//! Reading invitations.

use kairan_core::{Instant, InvitationId, MemberId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::rules::Standing;
use crate::Token;

/// The kind of secret that holds a token's hash.
pub const INVITATION_SECRET: &str = "invitation";

/// One invitation.
#[derive(Debug, Clone, Copy)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// For whom.
    pub member: MemberId,
    /// Until when it opens.
    pub expires_at: Instant,
    /// What became of it.
    pub standing: Standing,
}

/// The invitation this token is for, whatever became of it.
///
/// # Errors
/// What the engine says.
pub async fn by_token(reader: &mut Reader, token: &Token) -> Result<Option<Invitation>> {
    let sql = "SELECT i.id, i.member, i.expires_at, i.standing FROM secrets k JOIN invitations i ON i.token = k.id WHERE k.kind = $1 AND k.value = $2";
    reader.maybe(sql, params![INVITATION_SECRET, token.digest()]).await?.map(|row| from_row(&row)).transpose()
}

/// A member's invitations that are neither used nor revoked; expired ones too.
///
/// # Errors
/// What the engine says.
pub async fn open_of(reader: &mut Reader, member: MemberId) -> Result<Vec<Invitation>> {
    let sql =
        "SELECT id, member, expires_at, standing FROM invitations WHERE member = $1 AND standing = 'open'";
    reader.query(sql, params![member]).await?.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.get(0)?,
        member: row.get(1)?,
        expires_at: row.get(2)?,
        standing: Standing::named(&row.get::<String>(3)?)
            .ok_or_else(|| Error::Damaged("an invitation's standing".into()))?,
    })
}
