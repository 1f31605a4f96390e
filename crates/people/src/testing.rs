//! A small world for tests: an organisation whose owner is signed in, people who joined by invitation, and requests made
//! in this process through the same guard as the server's.

mod browser;
mod passkey;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::{Instant, MemberId, Role, SessionId};
use kairan_http::guard::Guard;
use kairan_http::{Origins, TrustedProxies};
use kairan_storage::testing::{Schema, TestStore};
use serde_json::{Value, json};
use tower::ServiceExt;

pub use browser::Browser;
pub use passkey::Passkey;

use crate::devices::Purpose;
use crate::members::rules::Kind;
use crate::reach::rules::Service;
use crate::signin::Hasher;
use crate::signin::standing::demands_factor;
use crate::{Caller, Hooks, People, Settings};

/// Where the world's people open Kairan.
pub const ORIGIN: &str = "http://localhost:8080";
/// A password that everyone in the world has.
pub const PASSWORD: &str = "かんばんのある八百屋のとなりの猫";

/// The schema of this crate alone.
#[must_use]
pub fn schema() -> Schema {
    Schema { migrations: &[crate::MIGRATIONS], projections: crate::projections }
}

/// The world.
#[derive(Clone)]
pub struct World {
    /// The store and its clock.
    pub base: TestStore,
    /// The people floor.
    pub people: People,
    app: Router,
    /// The owner, signed in.
    pub owner: Person,
    numbers: Arc<Mutex<HashMap<&'static str, usize>>>,
    /// The cookie that stands for another since it was renewed.
    renewed: Arc<Mutex<HashMap<String, String>>>,
}

/// Somebody with a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who; all zeros for someone who never joined.
    pub id: MemberId,
    /// Their session.
    pub session: SessionId,
    /// What they sign in with.
    pub login: String,
    /// Their cookie header.
    pub cookie: String,
    /// Their role when they joined.
    pub role: Role,
    /// Their kind.
    pub kind: Kind,
    /// The browser they are at.
    pub browser: Browser,
}

impl Person {
    /// As commands know them, long after they proved who they are.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller {
            member: self.id,
            role: self.role,
            kind: self.kind,
            session: self.session,
            proved_at: Instant(0),
            device: Some(self.browser.device),
            whence: crate::Whence::default(),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body, `Null` when it is not JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
    /// The body as it is.
    pub bytes: Vec<u8>,
    /// `name=value` of the cookie set, if one was.
    pub cookie: Option<String>,
    /// Every header.
    pub headers: axum::http::HeaderMap,
}

impl Reply {
    /// Asserts the status and returns the body.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "often only the status matters")]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// Asserts that it is a problem of this status and code.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
    }
}

impl World {
    /// An organisation just founded, with the people floor alone.
    ///
    /// # Panics
    /// When it cannot be founded.
    pub async fn new(base: &TestStore) -> Self {
        Self::with(base, Hooks::default(), |_| Router::new()).await
    }

    /// An organisation just founded; `more` adds the routes of higher floors, to be found under `/api/v1` too.
    ///
    /// # Panics
    /// When it cannot be founded.
    pub async fn with(base: &TestStore, hooks: Hooks, more: impl FnOnce(&People) -> Router) -> Self {
        let (people, app) = Self::empty(base, hooks, None, more);
        Self::found(base, people, app).await
    }

    /// An organisation just founded through `app`, however that is put together; its API is below `/api/v1`.
    ///
    /// # Panics
    /// When it cannot be founded.
    pub async fn found(base: &TestStore, people: People, app: Router) -> Self {
        let setup = json!({
            "organisation": "株式会社みほんマート", "family_name": "見本", "given_name": "大工", "family_kana": "みほん",
            "given_kana": "だいく", "login": "daiku", "password": PASSWORD,
        });
        let reply = send(&app, Method::POST, "/setup", None, Some(&setup)).await;
        let browser = Browser::new(&people);
        let reply = browser.complete(&app, &people, reply, "daiku", None).await;
        let owner = person(&reply, "daiku", browser);
        Self { base: base.clone(), people, app, owner, numbers: Arc::default(), renewed: Arc::default() }
    }

    /// The same people on a store opened anew, served by another application: what they find after a restart.
    #[must_use]
    pub fn served_by(&self, base: TestStore, people: People, app: Router) -> Self {
        Self { base, people, app, ..self.clone() }
    }

    /// A server that nobody has set up yet.
    pub fn empty(
        base: &TestStore,
        hooks: Hooks,
        setup_code: Option<&str>,
        more: impl FnOnce(&People) -> Router,
    ) -> (People, Router) {
        let settings = Settings {
            public_origin: ORIGIN.to_owned(),
            setup_code: setup_code.map(Into::into),
            version: "0.0.0-test",
            sends_mail: true,
            push_services: ["push.example.jp", "*.push.example.jp"]
                .iter()
                .filter_map(|name| Service::read(name))
                .collect(),
            push_key: Some("a test's key".into()),
        };
        let mut people = People::new(base.store.clone(), settings, hooks);
        people.hasher = Hasher::weak(people.surroundings());
        let (own, _) = crate::router().split_for_parts();
        let api = own.with_state(people.clone()).merge(more(&people));
        let guard = Guard {
            origins: Origins::new([ORIGIN.to_owned()]),
            proxies: TrustedProxies(vec![std::net::IpAddr::from([127, 0, 0, 1]).into()]),
            surroundings: people.surroundings().clone(),
        };
        let app = Router::new().nest("/api/v1", guard.around(api));
        (people, app)
    }

    /// The whole application.
    pub fn app(&self) -> Router {
        self.app.clone()
    }

    /// An employee of this name (`family given`) who has joined.
    ///
    /// # Panics
    /// When they cannot.
    pub async fn member(&self, name: &str) -> Person {
        self.join(name, Kind::Employee, Role::Member).await
    }

    /// Somebody of another firm who has joined.
    ///
    /// # Panics
    /// When they cannot.
    pub async fn partner(&self, name: &str) -> Person {
        self.join(name, Kind::Partner, Role::Partner).await
    }

    /// Somebody with this role who has joined.
    ///
    /// # Panics
    /// When they cannot.
    pub async fn with_role(&self, name: &str, role: Role) -> Person {
        self.join(name, Kind::Employee, role).await
    }

    async fn join(&self, name: &str, kind: Kind, role: Role) -> Person {
        let number = {
            let mut numbers = self.numbers.lock().expect("no one panics while holding it");
            let number = numbers.entry("logins").or_default();
            *number += 1;
            *number
        };
        let login = format!("person{number:03}");
        let (family, given) = name.split_once(' ').unwrap_or((name, "名"));
        let mut body = json!({
            "family_name": family, "given_name": given, "family_kana": "かな", "given_kana": "かな", "login": login,
            "kind": kind, "role": role,
        });
        if kind == Kind::Partner {
            body["company"] = json!("取引先商事");
        }
        if demands_factor(role) {
            self.prove(&self.owner).await;
        }
        let added = self.post(&self.owner, "/members", &body).await.expect(201);
        self.accept_invitation(added["id"].as_str().expect("an id"), &login).await
    }

    /// Invites a member already added and joins as them.
    ///
    /// # Panics
    /// When they cannot.
    pub async fn accept_invitation(&self, member: &str, login: &str) -> Person {
        let invited =
            self.post(&self.owner, "/invitations", &json!({ "members": [member] })).await.expect(201);
        let url = invited[0]["url"].as_str().expect("a link");
        let token = url.split_once('#').expect("a fragment").1;
        let accept = json!({ "token": token, "password": PASSWORD });
        let reply = send(&self.app, Method::POST, "/invitations/accept", None, Some(&accept)).await;
        self.entered(reply, login, Browser::new(&self.people), None).await
    }

    /// Takes every step that an opened session still needs.
    ///
    /// # Panics
    /// When one is refused.
    pub async fn entered(&self, reply: Reply, login: &str, browser: Browser, code: Option<&str>) -> Person {
        let reply = browser.complete(&self.app, &self.people, reply, login, code).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        person(&reply, login, browser)
    }

    /// Proves once more that it is really they (R23).
    ///
    /// # Panics
    /// When refused.
    pub async fn prove(&self, person: &Person) {
        self.post(person, "/session/proof", &json!({ "password": PASSWORD })).await.expect(204);
    }

    /// Signs in again on the same device, as after clearing the cookies: another session.
    ///
    /// # Panics
    /// When refused.
    pub async fn sign_in(&self, person: &Person) -> Person {
        let reply = self.anyone(Method::POST, "/session", &self.credentials(person)).await;
        self.entered(reply, &person.login, person.browser.clone(), None).await
    }

    /// What a person's own device says to sign in.
    #[must_use]
    pub fn credentials(&self, person: &Person) -> Value {
        let device = self.signed(person, Purpose::SignIn);
        json!({ "login": person.login, "password": PASSWORD, "device": device })
    }

    /// A person's device shows that it is itself.
    #[must_use]
    pub fn signed(&self, person: &Person, purpose: Purpose) -> Value {
        person.browser.proof(&self.people, purpose)
    }

    /// Signs in on a further device, with a code that the person makes on the one they have.
    ///
    /// # Panics
    /// When refused.
    pub async fn at_another_device(&self, person: &Person) -> Person {
        let made = self.post(person, "/me/device-code", &Value::Null).await.expect(201);
        let body = json!({ "login": person.login, "password": PASSWORD });
        let reply = self.anyone(Method::POST, "/session", &body).await;
        let browser = Browser::new(&self.people);
        self.entered(reply, &person.login, browser, made["code"].as_str()).await
    }

    /// Signs in on a further device that waits for an administrator, which the organisation asks for.
    ///
    /// # Panics
    /// When refused, or when it is let in at once.
    pub async fn at_a_waiting_device(&self, person: &Person) -> Person {
        let made = self.post(person, "/me/device-code", &Value::Null).await.expect(201);
        let body = json!({ "login": person.login, "password": PASSWORD });
        let reply = self.anyone(Method::POST, "/session", &body).await;
        let browser = Browser::new(&self.people);
        let code = made["code"].as_str();
        let reply = browser.complete(&self.app, &self.people, reply, &person.login, code).await;
        assert_eq!(reply.body["needs"], "approval", "{}", reply.text);
        let session = reply.body["session"].as_str().and_then(|id| id.parse().ok()).expect("a session's id");
        let cookie = reply.cookie.expect("a cookie");
        Person { session, cookie, browser, ..person.clone() }
    }

    /// The cookie a person's browser sends by now.
    ///
    /// # Panics
    /// When another test panicked.
    #[must_use]
    pub fn cookie(&self, person: &Person) -> String {
        let renewed = self.renewed.lock().expect("no one panics while holding it");
        let mut cookie = &person.cookie;
        while let Some(later) = renewed.get(cookie) {
            cookie = later;
        }
        cookie.clone()
    }

    /// Asks for another token, as a browser does before its own runs out.
    pub async fn renew(&self, person: &Person) -> Reply {
        let mut asked = self.signed(person, Purpose::Renew);
        asked["session"] = json!(person.session);
        let reply = self.anyone(Method::POST, "/session/renew", &asked).await;
        if let Some(cookie) = &reply.cookie {
            let before = self.cookie(person);
            let mut renewed = self.renewed.lock().expect("no one panics while holding it");
            renewed.insert(before, cookie.clone());
        }
        reply
    }

    /// A request as a browser makes it: a token that has run out is renewed, and the request made again.
    async fn ask(&self, person: &Person, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let reply = send_with(&self.app, method.clone(), path, Some(&self.cookie(person)), body).await;
        if reply.body["code"] != "session.stale" {
            return reply;
        }
        let renewed = self.renew(person).await;
        if renewed.status != StatusCode::NO_CONTENT {
            return renewed;
        }
        send_with(&self.app, method, path, Some(&self.cookie(person)), body).await
    }

    /// GET, as somebody.
    pub async fn get(&self, person: &Person, path: &str) -> Reply {
        self.ask(person, Method::GET, path, None).await
    }
    /// POST, as somebody.
    pub async fn post(&self, person: &Person, path: &str, body: &Value) -> Reply {
        self.ask(person, Method::POST, path, Some(body)).await
    }
    /// PUT, as somebody.
    pub async fn put(&self, person: &Person, path: &str, body: &Value) -> Reply {
        self.ask(person, Method::PUT, path, Some(body)).await
    }
    /// PATCH, as somebody.
    pub async fn patch(&self, person: &Person, path: &str, body: &Value) -> Reply {
        self.ask(person, Method::PATCH, path, Some(body)).await
    }
    /// DELETE, as somebody.
    pub async fn delete(&self, person: &Person, path: &str) -> Reply {
        self.ask(person, Method::DELETE, path, None).await
    }
    /// PUT of bytes, as somebody.
    ///
    /// # Panics
    /// When the path is not one.
    pub async fn put_bytes(&self, person: &Person, path: &str, bytes: Vec<u8>) -> Reply {
        let request = Request::put(format!("/api/v1{path}"))
            .header(header::ORIGIN, ORIGIN)
            .header(header::COOKIE, self.cookie(person))
            .header(header::CONTENT_TYPE, "application/octet-stream");
        self.raw(request.body(Body::from(bytes)).expect("a path is a path")).await
    }
    /// A request of somebody who is not signed in.
    pub async fn anyone(&self, method: Method, path: &str, body: &Value) -> Reply {
        let body = (method != Method::GET).then_some(body);
        send(&self.app, method, path, None, body).await
    }
    /// Any request at all, for the path below `/api/v1` already in it.
    ///
    /// # Panics
    /// Never: the router does not fail.
    pub async fn raw(&self, request: Request<Body>) -> Reply {
        reply(self.answer(request).await).await
    }
    /// The same, its body not read yet.
    ///
    /// # Panics
    /// Never: the router does not fail.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.expect("infallible")
    }
}

/// A JSON request as a browser sends it, for `app` with the API under `/api/v1`.
///
/// # Panics
/// When the path is not one.
pub async fn send(
    app: &Router,
    method: Method,
    path: &str,
    person: Option<&Person>,
    body: Option<&Value>,
) -> Reply {
    send_with(app, method, path, person.map(|person| person.cookie.as_str()), body).await
}

/// The same with a cookie header alone, as in the middle of signing in.
///
/// # Panics
/// When the path is not one.
pub async fn send_with(
    app: &Router,
    method: Method,
    path: &str,
    cookie: Option<&str>,
    body: Option<&Value>,
) -> Reply {
    let mut request =
        Request::builder().method(method).uri(format!("/api/v1{path}")).header(header::ORIGIN, ORIGIN);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let request = request.body(body).expect("a path is a path");
    reply(app.clone().oneshot(request).await.expect("infallible")).await
}

async fn reply(response: Response<Body>) -> Reply {
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.expect("a body in memory");
    let cookie = head.headers.get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
    Reply {
        status: head.status,
        cookie: cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        bytes: bytes.into(),
        headers: head.headers,
    }
}

/// The bytes of base64url.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn person(entered: &Reply, login: &str, browser: Browser) -> Person {
    let me = if entered.body["me"].is_object() { &entered.body["me"] } else { &entered.body };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Person {
        id: text(&me["member"]["id"]).parse().expect("a member's id"),
        session: text(&me["session"]).parse().expect("a session's id"),
        login: login.to_owned(),
        cookie: entered.cookie.clone().expect("a cookie"),
        role: Role::named(&text(&me["member"]["role"])).expect("a role"),
        kind: Kind::named(&text(&me["member"]["kind"])).expect("a kind"),
        browser,
    }
}
