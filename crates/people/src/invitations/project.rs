//! Invitation events → `invitations`.

use kairan_core::InvitationId;
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::InvitationFact;
use super::rules::Standing;

/// Writes `invitations`.
pub struct InvitationTable;

impl Projection for InvitationTable {
    fn tables(&self) -> &'static [&'static str] {
        &["invitations"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if event.stream != Stream::Organisation {
                return Ok(());
            }
            match InvitationFact::of(event).transpose()? {
                None => Ok(()),
                Some(InvitationFact::Made(fact)) => {
                    let sql = "INSERT INTO invitations (id, member, token, made_at, expires_at, standing) VALUES ($1, $2, $3, $4, $5, $6)";
                    let standing = Standing::Open.name();
                    let columns = params![
                        fact.invitation,
                        fact.member,
                        fact.token,
                        event.at,
                        fact.expires_at,
                        standing
                    ];
                    tables.run(sql, columns).await
                }
                Some(InvitationFact::Revoked(fact)) => {
                    stands(tables, fact.invitation, Standing::Revoked).await
                }
                Some(InvitationFact::Used(fact)) => stands(tables, fact.invitation, Standing::Used).await,
            }
        })
    }
}

async fn stands(tables: &mut Tables<'_>, invitation: InvitationId, standing: Standing) -> Result<()> {
    tables
        .run("UPDATE invitations SET standing = $2 WHERE id = $1", params![invitation, standing.name()])
        .await
}
