//! Whom a name cannot be told from, told to whoever asked for it (R9), so that the two are seen side by side.
//!
//! It stays true that nobody learns in this way of a person they may not see (R70).

use kairan_core::{MemberId, Refusal, Role};
use kairan_storage::{Reader, Result};
use serde::Serialize;
use utoipa::ToSchema;

use super::names;
use super::queries::{self, Record, visible};
use super::rules::{Kind, MemberState, NAME_TAKEN, NAME_TAKEN_UNSEEN, Profile};
use super::taken::{Like, Whose};
use crate::departments::rules::Tree;
use crate::{Caller, Hooks, departments};

/// Somebody whom a name cannot be told from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Similar {
    /// Who; null when they are not on record yet.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    pub id: Option<MemberId>,
    /// In which line of the same file they stand.
    #[schema(required = true)]
    pub line: Option<u64>,
    /// The name as it is shown.
    pub name: String,
    /// Its reading.
    pub reading: String,
    /// 社員番号.
    #[schema(required = true)]
    pub staff_number: Option<String>,
    /// Where they work first, as a path.
    #[schema(required = true)]
    pub department: Option<String>,
    /// As what.
    #[schema(required = true)]
    pub position: Option<String>,
    /// A partner's firm.
    #[schema(required = true)]
    pub company: Option<String>,
    /// 役割.
    #[schema(value_type = names::Role)]
    pub role: Role,
    /// What must be known of them wherever they appear (R10).
    #[schema(required = true)]
    pub badge: Option<Badge>,
}

/// What must be known of somebody wherever they appear (R10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// 社外.
    Outside,
    /// 退職.
    Left,
    /// BOT.
    Bot,
}

impl Similar {
    /// Somebody on record.
    #[must_use]
    pub fn member(record: &Record, tree: &Tree) -> Self {
        let department = record.profile.departments.first().map(|placement| tree.path(placement.department));
        let badge = match (record.state, record.profile.kind) {
            (_, Kind::Partner) => Some(Badge::Outside),
            (MemberState::Left, _) => Some(Badge::Left),
            (_, Kind::Bot) => Some(Badge::Bot),
            _ => None,
        };
        let base = Self::described(&record.profile, record.role, department);
        Self { id: Some(record.id), badge, ..base }
    }

    /// Somebody who stands in a line of the same file.
    #[must_use]
    pub fn line(line: u64, profile: &Profile, role: Role, department: Option<String>) -> Self {
        let badge = match profile.kind {
            Kind::Partner => Some(Badge::Outside),
            Kind::Bot => Some(Badge::Bot),
            Kind::Employee | Kind::PartTime => None,
        };
        Self { line: Some(line), badge, ..Self::described(profile, role, department) }
    }

    fn described(profile: &Profile, role: Role, department: Option<String>) -> Self {
        Self {
            id: None,
            line: None,
            name: profile.display_name.clone(),
            reading: format!("{} {}", profile.family_kana, profile.given_kana).trim().to_owned(),
            staff_number: profile.staff_number.clone(),
            position: profile.departments.first().and_then(|placement| placement.position.clone()),
            department,
            company: profile.company.clone(),
            role,
            badge: None,
        }
    }
}

/// Whose name `display_name` cannot be told from, but for `except`: those whom `caller` may see, and whether there is one
/// at all.
///
/// # Errors
/// What storage says.
pub async fn similar(
    reader: &mut Reader,
    caller: &Caller,
    hooks: &Hooks,
    like: Option<&Like>,
) -> std::result::Result<Vec<Similar>, Refusal> {
    let Some(Like { whose: Whose::Member(member), .. }) = like else { return Ok(Vec::new()) };
    if visible(reader, caller, hooks).await?.is_some_and(|known| !known.contains(member)) {
        return Ok(Vec::new());
    }
    Ok(of(reader, *member).await?.into_iter().collect())
}

async fn of(reader: &mut Reader, member: MemberId) -> Result<Option<Similar>> {
    let Some(record) = queries::record(reader, member).await? else { return Ok(None) };
    let tree = departments::queries::tree(reader).await?;
    Ok(Some(Similar::member(&record, &tree)))
}

/// Refuses a record that others already have something of; whose name it resembles stands in the fact `similar`, when the
/// caller may see them.
///
/// # Errors
/// `name.taken` or `name.taken_unseen` (R9), `login.taken`, `staff_number.taken`, `role.conflict` (R59).
pub async fn check(
    reader: &mut Reader,
    caller: &Caller,
    hooks: &Hooks,
    (member, profile, role): (Option<MemberId>, &Profile, Role),
) -> std::result::Result<(), Refusal> {
    let taken = queries::taken(reader, member).await?;
    let Err(mut refusal) = taken.check(profile, role) else { return Ok(()) };
    let Some(fault) = refusal.fields.iter_mut().find(|fault| *fault.code == NAME_TAKEN) else {
        return Err(refusal);
    };
    let similar = similar(reader, caller, hooks, taken.like(&profile.display_name)).await?;
    if similar.is_empty() {
        fault.code = &NAME_TAKEN_UNSEEN;
        fault.facts.clear();
        (refusal.code, refusal.facts) = (&NAME_TAKEN_UNSEEN, fault.facts.clone());
        return Err(refusal);
    }
    Err(refusal.fact("similar", similar))
}
