//! `/invitations`: the token travels in bodies and in the fragment of a link, never in a URL that reaches the server.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use kairan_core::{FieldFault, Instant, MemberId, Permission, Refusal};
use kairan_http::{Answer, At, Body, ClientInfo, Created, NoContent, Problem};
use kairan_storage::{Reader, Stream, Tx};
use qrcode::{Color, EcLevel, QrCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, Inviter, chosen_login, needs_login, opened};
use super::rules::SIGNUP_CLOSED;
use crate::members::rules::MemberState;
use crate::signin::commands::Opening;
use crate::signin::door::{acceptable, personal};
use crate::signin::events::How;
use crate::signin::http::{Me, Standing, entered};
use crate::{Caller, People, Token, departments, factors, organisation};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(create_invitations))
        .routes(routes!(delete_invitation))
        .routes(routes!(look_at_invitation))
        .routes(routes!(accept_invitation))
        .routes(routes!(sign_up))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Invite {
    #[schema(value_type = Vec<String>)]
    members: Vec<MemberId>,
}

/// A link for one person, shown to whoever invites; nobody can show it again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// For whom.
    #[schema(value_type = String, format = Uuid)]
    pub member: MemberId,
    /// The link.
    pub url: String,
    /// Until when it opens.
    #[schema(value_type = i64)]
    pub expires_at: Instant,
    /// The link as a QR code.
    pub qr: Qr,
}

/// A QR code (ISO/IEC 18004, level M) as its modules.
#[derive(Debug, Serialize, ToSchema)]
pub struct Qr {
    /// Modules on a side, without the quiet zone (which must be 4 wide).
    pub size: usize,
    /// Row by row, `1` is dark.
    pub modules: String,
}

/// Invites members, each with a link of their own; earlier links of theirs stop opening.
#[utoipa::path(post, path = "/invitations", tag = "invitations", request_body = Invite, responses((status = 201, body = Vec<Invitation>)), security(("session" = [])))]
async fn create_invitations(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<Invite>,
) -> Answer<Created<Vec<Invitation>>> {
    caller.may(Permission::ManageMembers)?;
    Ok(Created(invite(&people, Inviter::Caller(caller), &asked.members).await?))
}

async fn invite(people: &People, inviter: Inviter, members: &[MemberId]) -> Result<Vec<Invitation>, Refusal> {
    let token = |member: &MemberId| (*member, Token::new(people.surroundings()));
    let invited = members.iter().map(token).collect::<Vec<_>>();
    let written = invited.clone();
    let job = async move |tx: &mut Tx| commands::invite(tx, &inviter, &written).await;
    let expires_at = people.store.write(Stream::Organisation, job).await?;
    let origin = people.settings.public_origin.clone();
    let draw = move || {
        invited.into_iter().map(|(member, token)| sheet(&origin, member, &token, expires_at)).collect()
    };
    // Drawing hundreds of QR codes takes a while.
    tokio::task::spawn_blocking(draw).await.map_err(Refusal::fault)?
}

impl Qr {
    /// An address as a QR code.
    ///
    /// # Errors
    /// When the text is longer than any code holds, which an address is not.
    pub fn of(url: &str) -> Result<Self, Refusal> {
        let code = QrCode::with_error_correction_level(url, EcLevel::M)
            .map_err(|error| Refusal::fault(error.to_string()))?;
        let dark = |color| if color == Color::Dark { '1' } else { '0' };
        Ok(Self { size: code.width(), modules: code.to_colors().into_iter().map(dark).collect() })
    }
}

fn sheet(origin: &str, member: MemberId, token: &Token, expires_at: Instant) -> Result<Invitation, Refusal> {
    let url = format!("{origin}/join#{}", token.expose());
    let qr = Qr::of(&url)?;
    Ok(Invitation { member, url, expires_at, qr })
}

/// Invites someone from the server's own command line, by login id, staff number or id: how an owner who lost everything gets
/// back in.
///
/// # Errors
/// `not_found`, `invitation.bot`, `invitation.left`.
pub async fn invite_from_command_line(people: &People, who: &str) -> Result<Invitation, Refusal> {
    let member = crate::console::person(people, who).await?.id;
    let mut made = invite(people, Inviter::CommandLine, &[member]).await?;
    made.pop().ok_or_else(|| Refusal::fault("one member was invited, and no invitation made"))
}

/// Nobody signs up by themselves: the answer is a no that says whom to ask (R1).
#[utoipa::path(post, path = "/signup", tag = "invitations", responses((status = 403, body = kairan_http::problem::ProblemBody)))]
async fn sign_up() -> Problem {
    Refusal::new(&SIGNUP_CLOSED).into()
}

/// Withdraws a member's open invitation.
#[utoipa::path(delete, path = "/members/{id}/invitation", tag = "invitations", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn delete_invitation(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
) -> Answer<NoContent> {
    let job = async move |tx: &mut Tx| commands::withdraw(tx, &caller, member).await;
    people.store.write(Stream::Organisation, job).await?;
    Ok(NoContent)
}

/// The token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Held {
    #[schema(value_type = String)]
    token: SecretString,
}

/// What an invitation says to whoever holds it.
#[derive(Serialize, ToSchema)]
struct InvitationLook {
    organisation: String,
    member: Invitee,
    #[schema(required = true)]
    login: Option<String>,
    #[schema(required = true)]
    staff_number: Option<String>,
    /// Whether a login id must be chosen, because there is neither that nor a staff number.
    needs_login: bool,
    /// Whether its person has joined before, and only chooses a new password (R8).
    resets: bool,
    #[schema(value_type = i64)]
    expires_at: Instant,
}

/// Whom it is for.
#[derive(Serialize, ToSchema)]
struct Invitee {
    display_name: String,
    family_name: String,
    given_name: String,
    /// Paths, `本部/総務課`.
    departments: Vec<String>,
}

/// Looks at an invitation without using it.
#[utoipa::path(post, path = "/invitations/look", tag = "invitations", request_body = Held, responses((status = 200, body = InvitationLook)))]
async fn look_at_invitation(
    State(people): State<People>,
    Body(held): Body<Held>,
) -> Answer<Json<InvitationLook>> {
    let (token, now) = (Token::presented(held.token.expose_secret()), people.surroundings().now());
    let read = async move |reader: &mut Reader| -> Result<InvitationLook, Refusal> {
        let (invitation, record) = opened(reader, &token, now).await?;
        let tree = departments::queries::tree(reader).await?;
        let needs_login = needs_login(&record);
        let departments =
            record.profile.departments.iter().map(|placement| tree.path(placement.department)).collect();
        let (profile, resets) = (record.profile, record.state == MemberState::Active);
        Ok(InvitationLook {
            organisation: organisation::queries::name(reader).await?.unwrap_or_default(),
            member: Invitee {
                display_name: profile.display_name,
                family_name: profile.family_name,
                given_name: profile.given_name,
                departments,
            },
            login: profile.login,
            staff_number: profile.staff_number,
            needs_login,
            resets,
            expires_at: invitation.expires_at,
        })
    };
    Ok(Json(people.store.read(read).await?))
}

/// Joining.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    #[schema(value_type = String)]
    token: SecretString,
    #[schema(value_type = String)]
    password: SecretString,
    /// Needed when the invitation says so.
    login: Option<String>,
}

/// Joins with an invitation: sets the password and signs in.
#[utoipa::path(post, path = "/invitations/accept", tag = "invitations", request_body = Acceptance, responses((status = 201, body = Me), (status = 202, body = Standing)))]
async fn accept_invitation(
    State(people): State<People>,
    client: ClientInfo,
    Body(asked): Body<Acceptance>,
) -> Answer<impl IntoResponse + use<>> {
    let token = Token::presented(asked.token.expose_secret());
    check(&people, &token, &asked).await?;
    let chosen = people.choose(asked.password).await?;
    let opening = Opening::new(people.surroundings(), How::Invitation, client);
    let (login, hooks) = (asked.login, people.hooks.clone());
    let job = async move |tx: &mut Tx| {
        commands::accept(tx, &hooks, &token, login.as_deref(), &chosen, &opening).await
    };
    let session = people.store.write(Stream::Organisation, job).await?;
    Ok(entered(&people, &session).await?)
}

/// Everything that can be refused before the costly hash, faults of both fields at once.
async fn check(people: &People, token: &Token, asked: &Acceptance) -> Result<(), Refusal> {
    let (token, now, login, password) =
        (token.clone(), people.surroundings().now(), asked.login.clone(), asked.password.clone());
    let read = async move |reader: &mut Reader| -> Result<_, Refusal> {
        let (_, record) = opened(reader, &token, now).await?;
        let mut faults: Vec<FieldFault> = Vec::new();
        match chosen_login(reader, &record, login.as_deref()).await {
            Ok(_) => {}
            Err(refusal) if refusal.fields.is_empty() => return Err(refusal),
            Err(refusal) => faults.extend(refusal.fields),
        }
        let name = organisation::queries::name(reader).await?.unwrap_or_default();
        let beside = factors::queries::has_factor(reader, record.id).await?;
        let mut words = personal(&record.profile, &name);
        words.extend(login.as_deref());
        faults.extend(
            acceptable(&password, &words, beside).err().into_iter().flat_map(|refusal| refusal.fields),
        );
        if faults.is_empty() { Ok(()) } else { Err(Refusal::fields(faults)) }
    };
    people.store.read(read).await
}
