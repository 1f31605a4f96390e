//! A member's own events → `credentials`, `recovery_codes`, `sessions`. What is over has no row.

use kairan_core::MemberId;
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::{How, SigninFact};

/// The mark that a session is in use. Only an open session has one: a mark after its end would stay for ever.
pub(super) const SEEN: &str = "INSERT INTO marks_session_seen (session, member, at) SELECT id, member, CAST($2 AS BIGINT) FROM sessions WHERE id = $1 AND member = $3 ON CONFLICT (session) DO UPDATE SET at = excluded.at";
/// The mark that the device of a session is in use.
pub(super) const DEVICE_SEEN: &str = "INSERT INTO marks_device_seen (device, member, at, address) SELECT device, member, CAST($2 AS BIGINT), address FROM sessions WHERE id = $1 AND member = $3 AND device IS NOT NULL ON CONFLICT (device) DO UPDATE SET at = excluded.at";
/// The mark that a session has another token: too often for the journal, and nothing is lost with it but ten minutes.
pub(super) const RENEWED: &str = "INSERT INTO marks_session_seen (session, member, at, token_until) SELECT id, member, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM sessions WHERE id = $1 ON CONFLICT (session) DO UPDATE SET at = excluded.at, token_until = excluded.token_until";
/// The mark goes with its session.
pub(super) const FORGET_SEEN: &str = "DELETE FROM marks_session_seen WHERE session = $1";

/// Writes `credentials`, `recovery_codes` and `sessions`.
pub struct SigninTables;

impl Projection for SigninTables {
    fn tables(&self) -> &'static [&'static str] {
        &["credentials", "recovery_codes", "sessions"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            match SigninFact::of(event).transpose()? {
                None => Ok(()),
                Some(fact) => write(tables, member, event, fact).await,
            }
        })
    }
}

async fn write(tables: &mut Tables<'_>, member: MemberId, event: &Event, fact: SigninFact) -> Result<()> {
    match fact {
        SigninFact::PasswordSet(fact) => {
            let sql = "INSERT INTO credentials (member, password, set_at, short) VALUES ($1, $2, $3, $4) ON CONFLICT (member) DO UPDATE SET password = excluded.password, set_at = excluded.set_at, short = excluded.short, doubted = FALSE";
            tables.run(sql, params![member, fact.password, event.at, fact.short]).await
        }
        SigninFact::PasswordDoubted(_) => {
            tables.run("UPDATE credentials SET doubted = TRUE WHERE member = $1", params![member]).await
        }
        SigninFact::RecoveryIssued(fact) => {
            tables.run("DELETE FROM recovery_codes WHERE member = $1", params![member]).await?;
            for code in fact.codes {
                let sql = "INSERT INTO recovery_codes (code, member) VALUES ($1, $2)";
                tables.run(sql, params![code, member]).await?;
            }
            Ok(())
        }
        SigninFact::RecoveryUsed(fact) => {
            tables.run("DELETE FROM recovery_codes WHERE code = $1", params![fact.code]).await
        }
        SigninFact::Opened(fact) => {
            let sql = "INSERT INTO sessions (id, member, token, opened_at, expires_at, idle, address, agent, factor_at, proved_at, paper, device, token_until, invited) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $4, $10, $11, $12, $13)";
            let columns = params![
                fact.session,
                member,
                fact.token,
                event.at,
                fact.expires_at,
                fact.idle,
                fact.address,
                fact.agent,
                fact.factor.then_some(event.at),
                fact.paper,
                fact.device,
                fact.token_until,
                matches!(fact.how, How::Setup | How::Invitation),
            ];
            tables.run(sql, columns).await
        }
        SigninFact::Proved(fact) => {
            let sql = "UPDATE sessions SET proved_at = $2, factor_at = COALESCE($3, factor_at) WHERE id = $1";
            tables.run(sql, params![fact.session, event.at, fact.factor.then_some(event.at)]).await
        }
        SigninFact::Renewed(fact) => {
            let sql = "UPDATE sessions SET token = $2, token_until = $3 WHERE id = $1";
            tables.run(sql, params![fact.session, fact.token, fact.token_until]).await
        }
        SigninFact::Bound(fact) => {
            let sql = "UPDATE sessions SET device = $2, token = $3, token_until = $4 WHERE id = $1";
            tables.run(sql, params![fact.session, fact.device, fact.token, fact.token_until]).await
        }
        SigninFact::Closed(fact) => {
            tables.run("DELETE FROM sessions WHERE id = $1", params![fact.session]).await
        }
        SigninFact::Refused(_) | SigninFact::Unknown(_) => Ok(()),
    }
}
