//! A member's own events → `factors`, `totp_offers`, `factor_resets`.

use kairan_core::MemberId;
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::{Enrolled, FactorFact, Reset};
use super::rules::Kind;

/// Writes `factors`, `totp_offers` and `factor_resets`.
pub struct FactorTables;

impl Projection for FactorTables {
    fn tables(&self) -> &'static [&'static str] {
        &["factors", "totp_offers", "factor_resets"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            match FactorFact::of(event).transpose()? {
                None => Ok(()),
                Some(fact) => write(tables, member, event, fact).await,
            }
        })
    }
}

async fn write(tables: &mut Tables<'_>, member: MemberId, event: &Event, fact: FactorFact) -> Result<()> {
    match fact {
        FactorFact::Offered(fact) => {
            let sql = "INSERT INTO totp_offers (member, secret) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET secret = excluded.secret";
            tables.run(sql, params![member, fact.secret]).await
        }
        FactorFact::Enrolled(fact) => enrolled(tables, member, event, fact).await,
        FactorFact::Renamed(fact) => {
            tables.run("UPDATE factors SET name = $2 WHERE id = $1", params![fact.factor, &fact.name]).await
        }
        FactorFact::Removed(fact) => {
            tables.run("DELETE FROM factors WHERE id = $1", params![fact.factor]).await
        }
        FactorFact::Shown(fact) => {
            let sql = "UPDATE factors SET used = $2, last_used = $3 WHERE id = $1";
            tables.run(sql, params![fact.factor, fact.used, event.at]).await
        }
        FactorFact::Refused(_) => Ok(()),
        FactorFact::Reset(fact) => reset(tables, member, event, &fact).await,
        FactorFact::ResetWithdrawn(_) => {
            tables.run("DELETE FROM factor_resets WHERE member = $1", params![member]).await
        }
        FactorFact::ResetUsed(_) => {
            tables.run("UPDATE factor_resets SET used = TRUE WHERE member = $1", params![member]).await?;
            tables.run("DELETE FROM factors WHERE member = $1", params![member]).await?;
            tables.run("DELETE FROM totp_offers WHERE member = $1", params![member]).await
        }
    }
}

async fn enrolled(tables: &mut Tables<'_>, member: MemberId, event: &Event, fact: Enrolled) -> Result<()> {
    let sql = "INSERT INTO factors (id, member, kind, name, since, used, secret, credential, public_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let columns = params![
        fact.factor,
        member,
        fact.kind.name(),
        &fact.name,
        event.at,
        fact.used,
        fact.secret,
        fact.credential.as_ref(),
        fact.key.as_ref()
    ];
    tables.run(sql, columns).await?;
    if fact.kind == Kind::Totp {
        tables.run("DELETE FROM totp_offers WHERE member = $1", params![member]).await?;
    }
    tables.run("DELETE FROM factor_resets WHERE member = $1 AND used", params![member]).await
}

async fn reset(tables: &mut Tables<'_>, member: MemberId, event: &Event, fact: &Reset) -> Result<()> {
    let sql = "INSERT INTO factor_resets (member, code, maker, made_at, expires_at, used) VALUES ($1, $2, $3, $4, $5, FALSE) ON CONFLICT (member) DO UPDATE SET code = excluded.code, maker = excluded.maker, made_at = excluded.made_at, expires_at = excluded.expires_at, used = FALSE";
    let maker = event.actor.member();
    tables.run(sql, params![member, fact.code, maker, event.at, fact.expires_at]).await
}
