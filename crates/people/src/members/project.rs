//! Member events → `members`, `member_departments`.

use kairan_core::{MemberId, text};
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::MemberFact;
use super::rules::{MemberState, Profile, handle};

/// Writes `members` and `member_departments`.
pub struct MemberTables;

impl Projection for MemberTables {
    fn tables(&self) -> &'static [&'static str] {
        &["members", "member_departments"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if event.stream != Stream::Organisation {
                return Ok(());
            }
            match MemberFact::of(event).transpose()? {
                None => Ok(()),
                Some(MemberFact::Added(fact)) => {
                    let sql = "INSERT INTO members (id, family_name, given_name, family_kana, given_kana, display_name, look, kind, role, state, added_at) VALUES ($1, '', '', '', '', '', $2, '', $3, $4, $5)";
                    // The look is unique; the id stands in for it until `record` writes the real one.
                    let look = fact.member.to_string();
                    let state = MemberState::Invited.name();
                    tables.run(sql, params![fact.member, look, fact.role.name(), state, event.at]).await?;
                    record(tables, fact.member, &fact.profile).await
                }
                Some(MemberFact::Changed(fact)) => record(tables, fact.member, &fact.profile).await,
                Some(MemberFact::RoleChanged(fact)) => {
                    let sql = "UPDATE members SET role = $2 WHERE id = $1";
                    tables.run(sql, params![fact.member, fact.to.name()]).await
                }
                Some(MemberFact::Locked(fact)) => {
                    let sql = "UPDATE members SET locked_at = $2, locked_by = $3 WHERE id = $1";
                    tables.run(sql, params![fact.member, event.at, event.actor.member()]).await
                }
                Some(MemberFact::Unlocked(fact)) => {
                    let sql = "UPDATE members SET locked_at = NULL, locked_by = NULL WHERE id = $1";
                    tables.run(sql, params![fact.member]).await
                }
                Some(MemberFact::Joined(fact)) => {
                    let sql = "UPDATE members SET state = $2, joined_at = $3 WHERE id = $1";
                    tables.run(sql, params![fact.member, MemberState::Active.name(), event.at]).await
                }
            }
        })
    }
}

async fn record(tables: &mut Tables<'_>, member: MemberId, profile: &Profile) -> Result<()> {
    let sql = "UPDATE members SET family_name = $2, given_name = $3, family_kana = $4, given_kana = $5, display_name = $6, look = $7, staff_number = $8, staff_key = $9, login = $10, email = $11, company = $12, kind = $13 WHERE id = $1";
    let columns = params![
        member,
        &profile.family_name,
        &profile.given_name,
        &profile.family_kana,
        &profile.given_kana,
        &profile.display_name,
        text::skeleton(&profile.display_name),
        profile.staff_number.as_ref(),
        profile.staff_number.as_deref().map(handle),
        profile.login.as_ref(),
        profile.email.as_ref(),
        profile.company.as_ref(),
        profile.kind.name(),
    ];
    tables.run(sql, columns).await?;
    tables.run("DELETE FROM member_departments WHERE member = $1", params![member]).await?;
    for (place, placement) in (0i64..).zip(&profile.departments) {
        let sql =
            "INSERT INTO member_departments (member, department, position, place) VALUES ($1, $2, $3, $4)";
        tables.run(sql, params![member, placement.department, placement.position.as_ref(), place]).await?;
    }
    Ok(())
}
