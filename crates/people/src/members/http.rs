//! `/members`.

use axum::Json;
use axum::extract::State;
use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Instant, MemberId, Permission, Refusal, Role};
use kairan_http::{Answer, Asked, At, Body, Created, present};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, Addition, Edit};
use super::names;
use super::queries::{self, Record, Standing, visible};
use super::roles::may_manage;
use super::rules::{Draft, Kind, MemberState, Placement};
use crate::oversight::queries::gives_codes;
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list_members, create_member))
        .routes(routes!(show_member, change_member))
        .routes(routes!(lock_member))
        .routes(routes!(unlock_member))
}

/// Most members answered at once, and how many when nobody says.
const PAGE: i64 = 500;

/// A member as everyone who may see them does. No phone number, no e-mail address (R11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Member {
    /// Who.
    #[schema(value_type = String, format = Uuid)]
    pub id: MemberId,
    /// 姓.
    pub family_name: String,
    /// 名.
    pub given_name: String,
    /// せい.
    pub family_kana: String,
    /// めい.
    pub given_kana: String,
    /// The name the organisation vouches for (R10).
    pub display_name: String,
    /// 社員番号.
    #[schema(required = true)]
    pub staff_number: Option<String>,
    /// 区分.
    #[schema(value_type = names::Kind)]
    pub kind: Kind,
    /// 役割.
    #[schema(value_type = names::Role)]
    pub role: Role,
    /// A partner's firm.
    #[schema(required = true)]
    pub company: Option<String>,
    /// Where they work; the first is the main one.
    #[schema(value_type = Vec<names::Placement>)]
    pub departments: Vec<Placement>,
    /// Where they stand.
    #[schema(value_type = names::MemberState)]
    pub state: MemberState,
    /// Since when they are here.
    #[schema(value_type = Option<i64>, required = true)]
    pub joined_at: Option<Instant>,
}

impl From<Record> for Member {
    fn from(record: Record) -> Self {
        let profile = record.profile;
        Self {
            id: record.id,
            family_name: profile.family_name,
            given_name: profile.given_name,
            family_kana: profile.family_kana,
            given_kana: profile.given_kana,
            display_name: profile.display_name,
            staff_number: profile.staff_number,
            kind: profile.kind,
            role: record.role,
            company: profile.company,
            departments: profile.departments,
            state: record.state,
            joined_at: record.joined_at,
        }
    }
}

/// A member as those who manage members see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberDetail {
    /// What everyone sees.
    #[serde(flatten)]
    pub member: Member,
    /// ログインID.
    #[schema(required = true)]
    pub login: Option<String>,
    /// For the organisation's records.
    #[schema(required = true)]
    pub email: Option<String>,
    /// Until when their open invitation opens.
    #[schema(value_type = Option<i64>, required = true)]
    pub invited_until: Option<Instant>,
    /// When a session of theirs was last used, to the minute.
    #[schema(value_type = Option<i64>, required = true)]
    pub last_seen: Option<Instant>,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// A code that ends them and was not used.
    #[schema(required = true)]
    pub factor_reset: Option<FactorReset>,
    /// That they may not sign in for now.
    #[schema(required = true)]
    pub locked: Option<MemberLock>,
}

/// A code that ends somebody's second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactorReset {
    /// When it was made.
    #[schema(value_type = i64)]
    pub at: Instant,
    /// Until when it opens.
    #[schema(value_type = i64)]
    pub expires_at: Instant,
}

/// That somebody may not sign in for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberLock {
    /// Since when.
    #[schema(value_type = i64)]
    pub at: Instant,
    /// By whom; null when it was done on the server's command line.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    pub by: Option<MemberId>,
}

impl MemberDetail {
    /// From a record and what goes with it.
    #[must_use]
    pub fn new(record: Record, standing: Standing) -> Self {
        Self {
            login: record.profile.login.clone(),
            email: record.profile.email.clone(),
            invited_until: standing.invited_until,
            last_seen: standing.last_seen,
            second_factor: standing.second_factor,
            factor_reset: standing.factor_reset.map(|(at, expires_at)| FactorReset { at, expires_at }),
            locked: standing.locked.map(|(at, by)| MemberLock { at, by }),
            member: record.into(),
        }
    }
}

/// A member as the asking person may see them, and what that person may do about them beyond the record.
#[derive(Serialize, ToSchema)]
struct MemberView {
    #[serde(flatten)]
    member: MemberSeen,
    /// Whether whoever asks may make a code for a new device of theirs.
    may_give_code: bool,
}

/// A member as the asking person may see them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum MemberSeen {
    Detail(Box<MemberDetail>),
    Plain(Box<Member>),
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageAsked {
    /// Those after this member.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<MemberId>,
    /// How many, 500 at most.
    #[param(nullable = false)]
    limit: Option<i64>,
}

/// One page of the directory.
#[derive(Serialize, ToSchema)]
struct MemberPage {
    members: Vec<Member>,
    /// Ask with `after` = this for the next page; null on the last.
    #[schema(value_type = Option<String>, required = true)]
    next: Option<MemberId>,
}

/// Lists members in the order of their ids. A partner sees those they share a room with (R70).
#[utoipa::path(get, path = "/members", tag = "members", params(PageAsked), responses((status = 200, body = MemberPage)), security(("session" = [])))]
async fn list_members(
    State(people): State<People>,
    caller: Caller,
    Asked(asked): Asked<PageAsked>,
) -> Answer<Json<MemberPage>> {
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let hooks = people.hooks.clone();
    let read = async move |reader: &mut Reader| -> Result<Vec<Record>, Refusal> {
        // One more than asked for tells whether there is a next page.
        match visible(reader, &caller, &hooks).await? {
            None => Ok(queries::page(reader, asked.after, limit + 1).await?),
            Some(mut known) => {
                known.retain(|member| asked.after.is_none_or(|after| *member > after));
                let mut records = queries::records(reader, &known).await?;
                records.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
                Ok(records)
            }
        }
    };
    let mut records = people.store.read(read).await?;
    let more = i64::try_from(records.len()).is_ok_and(|many| many > limit);
    if more {
        records.pop();
    }
    let next = if more { records.last().map(|record| record.id) } else { None };
    Ok(Json(MemberPage { members: records.into_iter().map(Member::from).collect(), next }))
}

/// Shows one member. Whoever may manage them sees more.
#[utoipa::path(get, path = "/members/{id}", tag = "members", params(("id" = String, Path)), responses((status = 200, body = MemberView)), security(("session" = [])))]
async fn show_member(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
) -> Answer<Json<MemberView>> {
    let hooks = people.hooks.clone();
    let read = async move |reader: &mut Reader| -> Result<MemberView, Refusal> {
        let unknown = || Refusal::new(&NOT_FOUND);
        if visible(reader, &caller, &hooks).await?.is_some_and(|known| !known.contains(&member)) {
            return Err(unknown());
        }
        let record = queries::record(reader, member).await?.ok_or_else(unknown)?;
        let may_give_code = gives_codes(reader, &caller, &record).await?;
        if !caller.role.may(Permission::ManageMembers) {
            let member = MemberSeen::Plain(Box::new(record.into()));
            return Ok(MemberView { member, may_give_code });
        }
        let mut detail = MemberDetail::new(record, queries::standing(reader, member).await?);
        if !may_manage(caller.role, detail.member.role) && caller.member != member {
            detail.last_seen = None;
        }
        Ok(MemberView { member: MemberSeen::Detail(Box::new(detail)), may_give_code })
    };
    Ok(Json(people.store.read(read).await?))
}

/// A new member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    family_name: String,
    /// Empty for a bot.
    #[serde(default)]
    given_name: String,
    /// Hiragana or katakana; may be empty for a bot.
    #[serde(default)]
    family_kana: String,
    #[serde(default)]
    given_kana: String,
    /// Usually "family given".
    display_name: Option<String>,
    staff_number: Option<String>,
    login: Option<String>,
    email: Option<String>,
    /// Needed for a partner, and only for one.
    company: Option<String>,
    #[schema(value_type = names::Kind)]
    kind: Kind,
    /// Usually `partner` for a partner and `member` for everyone else.
    #[schema(value_type = Option<names::Role>)]
    role: Option<Role>,
    #[serde(default)]
    #[schema(value_type = Vec<names::Placement>)]
    departments: Vec<Placement>,
}

impl From<NewMember> for Addition {
    fn from(asked: NewMember) -> Self {
        let draft = Draft {
            family_name: asked.family_name,
            given_name: asked.given_name,
            family_kana: asked.family_kana,
            given_kana: asked.given_kana,
            display_name: asked.display_name,
            staff_number: asked.staff_number,
            login: asked.login,
            email: asked.email,
            company: asked.company,
            kind: Some(asked.kind),
            departments: asked.departments,
        };
        Self { draft, role: asked.role }
    }
}

/// Adds a member. They join with an invitation.
#[utoipa::path(post, path = "/members", tag = "members", request_body = NewMember, responses((status = 201, body = MemberDetail)), security(("session" = [])))]
async fn create_member(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<NewMember>,
) -> Answer<Created<MemberDetail>> {
    let (addition, hooks) = (Addition::from(asked), people.hooks.clone());
    let job = async move |tx: &mut Tx| commands::add_member(tx, &caller, &hooks, &addition).await;
    let record = people.store.write(Stream::Organisation, job).await?;
    Ok(Created(MemberDetail::new(record, Standing::default())))
}

/// What shall be different; a field not sent stays as it is, one sent as null becomes empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberChange {
    family_name: Option<String>,
    given_name: Option<String>,
    family_kana: Option<String>,
    given_kana: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    staff_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    login: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    company: Option<Option<String>>,
    #[schema(value_type = Option<names::Kind>)]
    kind: Option<Kind>,
    #[schema(value_type = Option<names::Role>)]
    role: Option<Role>,
    #[schema(value_type = Option<Vec<names::Placement>>)]
    departments: Option<Vec<Placement>>,
}

impl MemberChange {
    fn into_edit(self) -> Edit {
        fn set<T: Clone>(field: &mut T, wanted: Option<&T>) {
            if let Some(wanted) = wanted {
                *field = wanted.clone();
            }
        }
        Box::new(move |draft| {
            set(&mut draft.family_name, self.family_name.as_ref());
            set(&mut draft.given_name, self.given_name.as_ref());
            set(&mut draft.family_kana, self.family_kana.as_ref());
            set(&mut draft.given_kana, self.given_kana.as_ref());
            set(&mut draft.display_name, self.display_name.as_ref());
            set(&mut draft.staff_number, self.staff_number.as_ref());
            set(&mut draft.login, self.login.as_ref());
            set(&mut draft.email, self.email.as_ref());
            set(&mut draft.company, self.company.as_ref());
            set(&mut draft.departments, self.departments.as_ref());
            if self.kind.is_some() {
                draft.kind = self.kind;
            }
        })
    }
}

/// Changes a member's record or role. A change of role ends their sessions.
#[utoipa::path(patch, path = "/members/{id}", tag = "members", params(("id" = String, Path)), request_body = MemberChange, responses((status = 200, body = MemberDetail)), security(("session" = [])))]
async fn change_member(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
    Body(asked): Body<MemberChange>,
) -> Answer<Json<MemberDetail>> {
    let (role, hooks) = (asked.role, people.hooks.clone());
    let edit = asked.into_edit();
    let job = async move |tx: &mut Tx| -> Result<MemberDetail, Refusal> {
        let record = commands::change_member(tx, &caller, &hooks, member, &edit, role).await?;
        Ok(MemberDetail::new(record, queries::standing(tx, member).await?))
    };
    Ok(Json(people.store.write(Stream::Organisation, job).await?))
}

/// Locks a whole person: every session and socket of theirs ends at once, and they do not sign in any more (R20).
#[utoipa::path(post, path = "/members/{id}/lock", tag = "members", params(("id" = String, Path)), responses((status = 200, body = MemberDetail)), security(("session" = [])))]
async fn lock_member(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
) -> Answer<Json<MemberDetail>> {
    set_lock(&people, caller, member, true).await
}

/// Lets them sign in again.
#[utoipa::path(post, path = "/members/{id}/unlock", tag = "members", params(("id" = String, Path)), responses((status = 200, body = MemberDetail)), security(("session" = [])))]
async fn unlock_member(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
) -> Answer<Json<MemberDetail>> {
    set_lock(&people, caller, member, false).await
}

async fn set_lock(
    people: &People,
    caller: Caller,
    member: MemberId,
    locked: bool,
) -> Answer<Json<MemberDetail>> {
    let job = async move |tx: &mut Tx| -> Result<MemberDetail, Refusal> {
        let record = commands::set_lock(tx, &caller, member, locked).await?;
        Ok(MemberDetail::new(record, queries::standing(tx, member).await?))
    };
    Ok(Json(people.store.write(Stream::Organisation, job).await?))
}
