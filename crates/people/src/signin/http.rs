//! `/session`, `/passwords/check`, `/me` and one's own sessions.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kairan_core::{DeviceId, Instant, MemberId, Refusal, Role, SessionId};
use kairan_http::{Answer, At, Body, ClientInfo, NoContent};
use kairan_storage::{Reader, Stream, Tx};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::Entered;
use super::door::permissions;
use super::password::{judge, length, shortest};
use super::queries::{self, Myself};
use super::standing::Needs;
use super::{commands, rules};
use crate::caller::Anywhere;
use crate::devices::rules::{Ownership, State as DeviceState};
use crate::devices::{self, DeviceProof};
use crate::factors::rules::Way;
use crate::members::http::Member;
use crate::organisation::rules::short_name;
use crate::oversight::queries::ask;
use crate::policies::Limit;
use crate::policies::http::MyPolicy;
use crate::preferences::events::Preferences;
use crate::{Caller, Entering, People, Settings, factors};

/// Most names told of those whom one may ask.
const ASK: usize = 3;

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(check_password))
        .routes(routes!(open_session, show_session, close_session))
        .routes(routes!(show_standing))
        .routes(routes!(recover_session))
        .routes(routes!(change_password))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
}

/// What a signed-in client asks for first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// One's own record.
    pub member: Member,
    /// One's own login id.
    #[schema(required = true)]
    pub login: Option<String>,
    /// Where one is.
    pub organisation: OrganisationName,
    /// What one may do.
    pub permissions: Vec<&'static str>,
    /// How one likes it.
    pub preferences: Preferences,
    /// This session.
    #[schema(value_type = String, format = Uuid)]
    pub session: SessionId,
    /// What holds on this device.
    pub policy: MyPolicy,
}

/// The organisation's name, whole and short.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationName {
    /// Whole.
    pub name: String,
    /// For where space is short.
    pub short_name: String,
}

impl From<String> for OrganisationName {
    fn from(name: String) -> Self {
        Self { short_name: short_name(&name), name }
    }
}

impl From<Myself> for Me {
    fn from(myself: Myself) -> Self {
        Self {
            login: myself.record.profile.login.clone(),
            organisation: myself.organisation.into(),
            permissions: permissions(myself.record.role),
            preferences: myself.preferences,
            session: myself.session,
            policy: myself.policy.into(),
            member: myself.record.into(),
        }
    }
}

/// An answer that hands the session's token to the browser, and only to it (R22).
pub struct WithCookie<T> {
    cookie: HeaderValue,
    answer: T,
}

impl<T> WithCookie<T> {
    /// Hands over the token of a session that opened or was renewed.
    ///
    /// # Errors
    /// When the token is no header value, which a base64url text always is.
    pub fn new(settings: &Settings, entered: &Entered, answer: T) -> Result<Self, Refusal> {
        Self::with(settings, entered.token.expose(), entered.life / 1_000, answer)
    }

    /// Takes the cookie back.
    fn forgetting(settings: &Settings, answer: T) -> Result<Self, Refusal> {
        Self::with(settings, "", 0, answer)
    }

    fn with(settings: &Settings, value: &str, seconds: i64, answer: T) -> Result<Self, Refusal> {
        let secure = if settings.secure() { "; Secure" } else { "" };
        let name = settings.cookie();
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut cookie = HeaderValue::from_str(&text).map_err(Refusal::fault)?;
        cookie.set_sensitive(true);
        Ok(Self { cookie, answer })
    }
}

impl<T: IntoResponse> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        response.headers_mut().append(header::SET_COOKIE, self.cookie);
        response
    }
}

/// Where a session stands, for whoever has to go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    /// What is missing first; null when nothing is.
    #[schema(value_type = Option<Needs>, required = true)]
    pub needs: Option<Needs>,
    /// Who one is, as the organisation knows one.
    pub name: String,
    /// Where one is.
    pub organisation: OrganisationName,
    /// This session.
    #[schema(value_type = String, format = Uuid)]
    pub session: SessionId,
    /// What one is to the organisation.
    #[schema(value_type = crate::members::names::Role)]
    pub role: Role,
    /// The name of the rule by which one must have a second factor here; null when none says so.
    #[schema(required = true)]
    pub factor_rule: Option<String>,
    /// What one can show as a second factor.
    pub ways: Vec<Way>,
    /// This browser, when it is known.
    #[schema(required = true)]
    pub device: Option<StandingDevice>,
    /// What there is to accept for this device.
    #[schema(required = true)]
    pub terms: Option<StandingTerms>,
    /// Whether this browser is enrolled with a code only; not so after an invitation or set-up.
    pub code_needed: bool,
    /// Who can give a code for this browser.
    pub code_from: Vec<CodeFrom>,
    /// Who may end one's second factors when they are lost (R8): three names at most.
    pub ask: Vec<String>,
}

/// Whom one gets a device's code from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeFrom {
    /// Someone who manages members.
    Admin,
    /// The manager of one's department.
    Manager,
    /// Oneself, on a device that is enrolled already.
    OwnDevice,
}

/// The browser that asks, as enrolled.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingDevice {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeviceId,
    /// What its person calls it.
    pub name: String,
    /// Where it stands.
    pub state: DeviceState,
}

/// The terms for this device.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingTerms {
    /// Their present version.
    pub version: i64,
    /// Their text.
    pub text: String,
    /// Whose device it is.
    pub ownership: Ownership,
}

/// What a session's person is told of the browser they are in.
struct Here {
    device: Option<StandingDevice>,
    terms: Option<StandingTerms>,
    code_needed: bool,
    code_from: Vec<CodeFrom>,
}

impl Here {
    async fn of(
        reader: &mut Reader,
        session: &queries::Session,
        needs: Option<Needs>,
    ) -> Result<Self, kairan_storage::Error> {
        let device = match session.device {
            Some(device) => devices::queries::device(reader, device).await?,
            None => None,
        };
        let terms = match &device {
            Some(device) if needs == Some(Needs::Consent) => {
                let terms = devices::queries::terms(reader).await?;
                let ownership = device.ownership;
                Some(StandingTerms { version: terms.version, text: terms.text, ownership })
            }
            _ => None,
        };
        let code_needed = needs == Some(Needs::Device)
            && !devices::queries::needs_no_code(reader, session.role, session.invited).await?;
        let from = devices::queries::settings(reader).await?.code_from;
        let givers = [
            (true, CodeFrom::Admin),
            (from.manager, CodeFrom::Manager),
            (from.own_device, CodeFrom::OwnDevice),
        ];
        let code_from = givers.into_iter().filter(|(gives, _)| code_needed && *gives).map(|(_, who)| who);
        let device =
            device.map(|device| StandingDevice { id: device.id, name: device.name, state: device.state });
        Ok(Self { device, terms, code_needed, code_from: code_from.collect() })
    }
}

/// What a session that opened, or came a step further, is answered with.
pub(crate) enum Entrance {
    /// It is complete.
    In(Box<Me>),
    /// Something is needed.
    Waiting(Box<Standing>),
}

impl IntoResponse for Entrance {
    fn into_response(self) -> Response {
        match self {
            Self::In(me) => (StatusCode::CREATED, Json(*me)).into_response(),
            Self::Waiting(standing) => (StatusCode::ACCEPTED, Json(*standing)).into_response(),
        }
    }
}

impl People {
    /// Who one is when the session is complete, and what it needs when it is not.
    pub(crate) async fn entrance(&self, member: MemberId, session: SessionId) -> Result<Entrance, Refusal> {
        let standing = self.standing(member, session).await?;
        Ok(match standing.needs {
            None => Entrance::In(Box::new(self.myself(member, session).await?.into())),
            Some(_) => Entrance::Waiting(Box::new(standing)),
        })
    }

    /// Where a session stands, as its person is told.
    async fn standing(&self, member: MemberId, session: SessionId) -> Result<Standing, Refusal> {
        let (now, hooks) = (self.surroundings().now(), self.hooks.clone());
        let read = async move |reader: &mut Reader| -> Result<Standing, Refusal> {
            let missing = || Refusal::new(&rules::SESSION_MISSING);
            let open = queries::session_by_id(reader, member, session).await?.ok_or_else(missing)?;
            let needs = open.needs();
            let myself = queries::myself(reader, member, session).await?;
            let here = Here::of(reader, &open, needs).await?;
            Ok(Standing {
                needs,
                name: myself.record.profile.display_name,
                organisation: myself.organisation.into(),
                session,
                role: open.role,
                factor_rule: open.policy.rule(Limit::SecondFactor).map(str::to_owned),
                ways: factors::queries::ways(reader, member, open.paper, now).await?,
                device: here.device,
                terms: here.terms,
                code_needed: here.code_needed,
                code_from: here.code_from,
                ask: ask(reader, &hooks, member, ASK).await?,
            })
        };
        self.store.read(read).await
    }
}

/// Somebody entered, or came a step further: the cookie, and who they are or what is missing.
pub(crate) async fn entered(people: &People, entered: &Entered) -> Result<WithCookie<Entrance>, Refusal> {
    let entrance = people.entrance(entered.member, entered.session).await?;
    WithCookie::new(&people.settings, entered, entrance)
}

/// A password to judge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordCheck {
    #[schema(value_type = String)]
    password: SecretString,
    login: Option<String>,
    /// Whether it is for someone who has a second factor: then it may be shorter.
    #[serde(default)]
    second_factor: bool,
}

/// What is wrong with a password, if anything.
#[derive(Serialize, ToSchema)]
struct PasswordVerdict {
    acceptable: bool,
    /// Code points after NFC.
    length: usize,
    #[schema(required = true)]
    code: Option<&'static str>,
    #[schema(required = true)]
    detail: Option<String>,
    #[schema(required = true)]
    detail_en: Option<String>,
}

/// Judges a password before it is sent for good. Anybody may ask; nothing is kept.
#[utoipa::path(post, path = "/passwords/check", tag = "session", request_body = PasswordCheck, responses((status = 200, body = PasswordVerdict)))]
async fn check_password(
    State(people): State<People>,
    client: ClientInfo,
    Body(asked): Body<PasswordCheck>,
) -> Answer<Json<PasswordVerdict>> {
    people.judging(&client)?;
    let login = asked.login.unwrap_or_default();
    let verdict = judge(asked.password.expose_secret(), &[&login], shortest(asked.second_factor));
    let length = length(asked.password.expose_secret());
    Ok(Json(match verdict {
        Ok(()) => PasswordVerdict { acceptable: true, length, code: None, detail: None, detail_en: None },
        Err(weakness) => {
            let (detail, detail_en) = Refusal::new(weakness.code).fact("limit", weakness.limit).words();
            let code = Some(weakness.code.name);
            PasswordVerdict {
                acceptable: false,
                length,
                code,
                detail: Some(detail),
                detail_en: Some(detail_en),
            }
        }
    }))
}

/// Who wants in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// Login id or staff number.
    login: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// That this is a device of theirs; signed for the purpose `sign-in`.
    device: Option<DeviceProof>,
}

/// Signs in.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn, responses((status = 201, body = Me), (status = 202, body = Standing)))]
async fn open_session(
    State(people): State<People>,
    client: ClientInfo,
    headers: HeaderMap,
    Body(asked): Body<SignIn>,
) -> Answer<impl IntoResponse + use<>> {
    let before = people.entering(&headers).await.ok();
    let session = people.sign_in(&asked.login, asked.password, client, before, asked.device).await?;
    Ok(entered(&people, &session).await?)
}

/// Who one is.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Me)), security(("session" = [])))]
async fn show_session(State(people): State<People>, caller: Caller) -> Answer<Json<Me>> {
    Ok(Json(people.myself(caller.member, caller.session).await?.into()))
}

/// Where this session stands, complete or not.
#[utoipa::path(get, path = "/session/standing", tag = "session", responses((status = 200, body = Standing)), security(("session" = [])))]
async fn show_standing(State(people): State<People>, Anywhere(entering): Anywhere) -> Answer<Json<Standing>> {
    Ok(Json(people.standing(entering.member, entering.session).await?))
}

/// Signs out, also in the middle of signing in.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)), security(("session" = [])))]
async fn close_session(
    State(people): State<People>,
    Anywhere(entering): Anywhere,
) -> Answer<impl IntoResponse + use<>> {
    let (member, session) = (entering.member, entering.session);
    let stream = Stream::Member(member);
    let job = async move |tx: &mut Tx| commands::end_own_session(tx, member, session, session).await;
    people.store.write(stream, job).await?;
    Ok(WithCookie::forgetting(&people.settings, NoContent)?)
}

/// A recovery code instead of the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Recovery {
    /// Login id or staff number.
    login: String,
    #[schema(value_type = String)]
    code: SecretString,
    /// The new password.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Sets a new password with a recovery code, ends every other session and signs in.
#[utoipa::path(post, path = "/session/recover", tag = "session", request_body = Recovery, responses((status = 201, body = Me), (status = 202, body = Standing)))]
async fn recover_session(
    State(people): State<People>,
    client: ClientInfo,
    Body(asked): Body<Recovery>,
) -> Answer<impl IntoResponse + use<>> {
    let session = people.recover(&asked.login, asked.code.expose_secret(), asked.password, client).await?;
    Ok(entered(&people, &session).await?)
}

/// One password for another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    #[schema(value_type = String)]
    current: SecretString,
    #[schema(value_type = String)]
    password: SecretString,
}

/// Changes one's own password and ends every other session; this one gets a new token. Also where that is all the session
/// still needs.
#[utoipa::path(put, path = "/me/password", tag = "me", request_body = PasswordChange, responses((status = 204)), security(("session" = [])))]
async fn change_password(
    State(people): State<People>,
    entering: Entering,
    client: ClientInfo,
    Body(asked): Body<PasswordChange>,
) -> Answer<impl IntoResponse + use<>> {
    let caller = entering.changing_password(client.address)?;
    let renewed = people.change_password(caller, asked.current, asked.password, client).await?;
    Ok(WithCookie::new(&people.settings, &renewed, NoContent)?)
}

/// Proof that it is really oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordProof {
    #[schema(value_type = String)]
    password: SecretString,
}

/// Codes to keep on paper.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Shown once; each opens once.
    recovery_codes: Vec<String>,
}

/// Makes new recovery codes; those before are void.
#[utoipa::path(post, path = "/me/recovery-codes", tag = "me", request_body = PasswordProof, responses((status = 200, body = RecoveryCodes)), security(("session" = [])))]
async fn renew_recovery_codes(
    State(people): State<People>,
    caller: Caller,
    client: ClientInfo,
    Body(asked): Body<PasswordProof>,
) -> Answer<Json<RecoveryCodes>> {
    let recovery_codes = people.renew_recovery_codes(caller, asked.password, client).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// One of one's own sessions.
#[derive(Serialize, ToSchema)]
struct SessionEntry {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    #[schema(value_type = i64)]
    opened_at: Instant,
    /// To the minute.
    #[schema(value_type = i64)]
    last_seen: Instant,
    address: String,
    agent: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// Lists one's own open sessions, newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "me", responses((status = 200, body = Vec<SessionEntry>)), security(("session" = [])))]
async fn list_sessions(State(people): State<People>, caller: Caller) -> Answer<Json<Vec<SessionEntry>>> {
    let member = caller.member;
    let read = async move |reader: &mut Reader| queries::sessions_of(reader, member).await;
    let open = people.store.read::<_, kairan_storage::Error, _>(read).await.map_err(Refusal::from)?;
    let now = people.surroundings().now();
    let lasting =
        open.into_iter().filter(|open| !rules::over(open.expires_at, open.last_seen, open.idle, now));
    let entry = |open: queries::OpenSession| SessionEntry {
        current: open.id == caller.session,
        id: open.id,
        opened_at: open.opened_at,
        last_seen: open.last_seen,
        address: open.address,
        agent: open.agent,
    };
    Ok(Json(lasting.map(entry).collect()))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "me", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn end_session(
    State(people): State<People>,
    caller: Caller,
    At(session): At<SessionId>,
) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job =
        async move |tx: &mut Tx| commands::end_own_session(tx, caller.member, caller.session, session).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}
