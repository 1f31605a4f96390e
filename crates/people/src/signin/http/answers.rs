//! What a session is answered with: who its person is when it is complete, and what it needs when it is not.
//!
//! It stays true that a session that is not complete is told nothing but its own standing.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kairan_core::{DeviceId, MemberId, Refusal, Role, SessionId};
use kairan_storage::Reader;
use serde::Serialize;
use utoipa::ToSchema;

use crate::devices;
use crate::devices::rules::{Ownership, State as DeviceState};
use crate::factors::rules::Way;
use crate::members::http::Member;
use crate::organisation::rules::short_name;
use crate::oversight::queries::ask;
use crate::policies::Limit;
use crate::policies::http::MyPolicy;
use crate::preferences::events::Preferences;
use crate::signin::commands::Entered;
use crate::signin::door::permissions;
use crate::signin::queries::{self, Myself};
use crate::signin::rules;
use crate::signin::standing::Needs;
use crate::{People, Settings, factors};

/// Most names told of those whom one may ask.
const ASK: usize = 3;

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
    pub(super) fn forgetting(settings: &Settings, answer: T) -> Result<Self, Refusal> {
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
    pub(super) async fn standing(&self, member: MemberId, session: SessionId) -> Result<Standing, Refusal> {
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
