//! The composition root: the one place that knows every floor and wires them together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::BoxFuture;
use kairan_core::Code;
use kairan_http::{Origins, openapi};
use kairan_people::lease::Leases;
use kairan_people::{People, Settings};
use kairan_storage::blobs::{Blobs, SealingKey};
use kairan_storage::{Migration, News, Projection, Store};
use kairan_talk::Talk;
use kairan_talk::files::preview::Renderer;
use kairan_talk::files::scan::Scanner;
use kairan_talk::files::{self, Files};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::openapi::{Info, OpenApi, Server};
use utoipa_axum::router::OpenApiRouter;

use crate::config::Config;
use crate::gateway::{self, Gateway};
use crate::listen::Stop;
use crate::metrics::Metrics;
use crate::push::PushKey;

/// What the floors are given.
pub struct Parts {
    /// The settings in force.
    pub config: Config,
    /// The started database.
    pub store: Store,
    /// The people floor, from [`people`].
    pub people: People,
    /// Where files' bytes lie.
    pub blobs: Blobs,
    /// Wraps files' keys and derives others (tickets, leases).
    pub sealing: SealingKey,
    /// Makes thumbnails.
    pub renderer: Arc<dyn Renderer>,
    /// Looks for viruses, where that is on.
    pub scanner: Option<Arc<dyn Scanner>>,
    /// Counters.
    pub metrics: Metrics,
    /// Tells jobs to end.
    pub stop: Stop,
}

/// Tells everyone who is connected that the server goes down (close code 4409), and returns when they were told.
pub type Goodbye = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// What the server serves.
pub struct Assembled {
    /// The routes below `/api/v1`, with their state, without the guard.
    pub api: Router,
    /// Called first when the server stops.
    pub goodbye: Goodbye,
}

/// The schema's steps after storage's own, in order.
#[must_use]
pub fn migrations() -> Vec<Migration> {
    [kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS].concat()
}

/// Everything that turns events into tables.
#[must_use]
pub fn projections() -> Vec<Box<dyn Projection>> {
    let mut projections = kairan_people::projections();
    projections.extend(kairan_talk::projections());
    projections
}

/// Every code the API refuses with.
#[must_use]
pub fn codes() -> Vec<&'static Code> {
    let mut codes = kairan_people::codes();
    for list in
        [kairan_core::refusal::CODES, kairan_http::CODES, gateway::CODES].iter().chain(kairan_talk::CODES)
    {
        codes.extend(*list);
    }
    codes
}

/// The people floor, wired; the command line uses it without a server, and without its key for push services.
#[must_use]
pub fn people(
    store: &Store,
    config: &Config,
    setup_code: Option<String>,
    push_key: Option<&PushKey>,
) -> People {
    let settings = Settings {
        public_origin: config.public_url.origin.clone(),
        setup_code: setup_code.map(SecretString::from),
        version: env!("CARGO_PKG_VERSION"),
        sends_mail: config.mail.is_some(),
        push_services: config.push_services.clone(),
        push_key: push_key.map(PushKey::public),
    };
    People::new(store.clone(), settings, kairan_talk::hooks())
}

/// The session cookie over TLS, which the document names; without TLS it is `kairan`.
const COOKIE: &str = "__Host-kairan";

/// Where the API begins; [`crate::site::Site`] nests it there.
const PREFIX: &str = "/api/v1";

/// Pause between two looks for sessions whose time is over.
const SESSIONS: Duration = Duration::from_secs(60);

/// Does what fell due while nobody was here; to be called before anybody can ask for anything (R71's rule). A fault of the
/// database does not keep the server from starting: what is due stays due.
pub async fn catch_up(store: &Store) {
    if let Err(error) = kairan_talk::due::run(store).await {
        tracing::warn!(%error, "what fell due could not be done; it will be tried again");
    }
}

/// Pause between two rounds of the files' jobs.
const FILES: Duration = Duration::from_secs(60);
/// Every so many rounds the whole store is searched for what belongs to nothing: once a day …
const STRAYS: u32 = 24 * 60;
/// … the first time when the server has settled.
const FIRST_STRAYS: u32 = 10;

/// Wires the floors.
#[must_use]
pub fn assemble(parts: Parts) -> Assembled {
    let Parts { config, store, people, blobs, sealing, renderer, scanner, metrics, stop } = parts;
    tokio::spawn(close_sessions(people.clone(), stop.clone()));
    tokio::spawn(keep_due(store.clone(), stop.clone()));
    tokio::spawn(tidy_up(store.clone(), stop.clone()));
    let origins = Origins::new([config.public_url.origin.clone()]);
    let gateway = Gateway::start(people.clone(), store.clone(), origins, metrics.clone());
    let files = Files::new(blobs, sealing.clone(), renderer, scanner);
    metrics.follow_files(files.counts.clone());
    let talk = Talk { store, people: people.clone(), files };
    tokio::spawn(keep_files(talk.clone(), stop));
    let leaving = gateway.clone();
    let (routes, document) = kairan_people::router()
        .with_state::<()>(people.clone())
        .merge(kairan_people::lease::router().with_state(Leases { people, sealing }))
        .merge(kairan_talk::router().with_state(talk))
        .merge(Gateway::router().with_state(gateway))
        .split_for_parts();
    let document = Arc::new(described(document));
    let api = routes.route("/openapi.json", get(async move || Json((*document).clone())));
    Assembled { api, goodbye: Box::new(move || leaving.goodbye()) }
}

/// The API document, without a running server.
#[must_use]
pub fn api_document() -> OpenApi {
    let routes = OpenApiRouter::<()>::new();
    let mut document = routes.into_openapi();
    for floor in [
        kairan_people::router().into_openapi(),
        kairan_people::lease::router().into_openapi(),
        kairan_talk::router().into_openapi(),
        Gateway::router().into_openapi(),
    ] {
        document.merge(floor);
    }
    described(document)
}

/// What holds for every route: where it lives, how one is known, how a no looks and which there are.
fn described(mut document: OpenApi) -> OpenApi {
    document.info = Info::new("Kairan", "1");
    document.info.description = Some("The business messenger an organisation owns.".into());
    // Whole paths and no server address: what the document names is what the log and the metrics name.
    document.servers = Some(vec![Server::new("/")]);
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (format!("{PREFIX}{path}"), item)).collect();
    openapi::complete(&mut document, COOKIE);
    let listed: BTreeMap<&str, _> = codes()
        .into_iter()
        .map(|code| (code.name, json!({"status": code.status, "ja": code.ja, "en": code.en})))
        .collect();
    document.extensions.get_or_insert_default().insert("x-problem-codes".into(), json!(listed));
    document
}

async fn close_sessions(people: People, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(SESSIONS) => {}
        }
        if let Err(refusal) = people.close_sessions_over().await {
            tracing::warn!(code = refusal.code.name, "sessions whose time is over could not be closed");
        }
    }
}

/// Longest pause between two looks for what is due, should a word about something new be missed.
const DUE: Duration = Duration::from_secs(60);

/// Does what is due when it is due.
async fn keep_due(store: Store, stop: Stop) {
    let mut news = store.bus().listen();
    loop {
        let next = kairan_talk::due::run(&store).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is due could not be read");
            None
        });
        let pause = next.map_or(DUE, |next| {
            let ms = next.since(store.surroundings().now()).max(0);
            Duration::from_millis(ms.unsigned_abs()).min(DUE)
        });
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(pause) => {}
            () = changed(&mut news) => {}
        }
    }
}

/// Until there may be something new that falls due.
async fn changed(news: &mut Receiver<News>) {
    loop {
        match news.recv().await {
            Ok(News::Mine { what, .. }) if kairan_talk::due::concerns(what) => return,
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
            Ok(_) => {}
        }
    }
}

async fn keep_files(talk: Talk, stop: Stop) {
    for round in 0_u32.. {
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(FILES) => {}
        }
        files::jobs::round(&talk).await;
        if round % STRAYS == FIRST_STRAYS {
            match files::jobs::erase_strays(&talk).await {
                Ok(erased) => tracing::debug!(erased, "the store holds nothing that belongs to no file"),
                Err(refusal) => {
                    tracing::warn!(code = refusal.code.name, "the store could not be searched for strays");
                }
            }
        }
    }
}

/// Pause between two rounds of what wants doing now and then.
const TIDY: Duration = Duration::from_secs(60 * 60);

/// Does what wants doing now and then, beginning soon after the start.
async fn tidy_up(store: Store, stop: Stop) {
    loop {
        if let Err(refusal) = kairan_talk::drafts::commands::forget_drafts(&store).await {
            tracing::warn!(code = refusal.code.name, "drafts that have ended could not be forgotten");
        }
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(TIDY) => {}
        }
    }
}
