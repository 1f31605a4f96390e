//! `kairan serve`: from a checked configuration to a running server, and down again in order.
//!
//! It stays true that nothing listens before the schema is current, the log's key is in hand and what fell due is done, and that a stop tells
//! connected people first, finishes what is under way, and signs what was written.

use std::sync::Arc;
use std::time::Duration;

use kairan_core::time::SECOND;
use kairan_storage::log::{LogKey, Sequencer, Settings, VerifyError, Watch};
use kairan_storage::{Error, Migration, Others, Reader, Store, migrate};
use kairan_talk::files::scan::Scanner;
use kairan_talk::search::Indexer;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use super::{Context, Failed};
use crate::assemble::{self, Assembled, Parts};
use crate::clamd::{Clamd, Patience};
use crate::cli::Exit;
use crate::client::Client;
use crate::listen::{Door, Encryption, Stop};
use crate::mail::Summaries;
use crate::metrics::Metrics;
use crate::push::{Dispatcher, PushKey, WebPush};
use crate::render::OwnProcess;
use crate::setup_code;
use crate::site::{Readiness, Site};
use crate::words::{Language, words};

/// How long connected clients may take to be told.
const GOODBYE: Duration = Duration::from_secs(5);
/// Pause between two looks of the watch: a change behind the server's back is found within 60 seconds (R62).
const WATCH: Duration = Duration::from_secs(30);
/// Older entries walked at each look: every entry of a log of 100,000 within 30 seconds, of a million within five
/// minutes; about a second of one core (measured: 100,000 entries watched a second).
const WATCH_BUDGET: u64 = 100_000;

pub async fn run(context: Context) -> Result<Exit, Failed> {
    context.folder.make()?;
    let _held = context.folder.hold()?;
    let tls = context.config.tls.as_ref();
    let encryption = tls
        .map(Encryption::start)
        .transpose()
        .map_err(|error| Failed::usage(words!("tls: {error}", "tls: {error}")))?;
    let store = context.store().await?;
    let key = LogKey::open_or_create(context.folder.path(), &context.surroundings);
    let key =
        Arc::new(key.map_err(|error| Failed::wrong(words!("署名鍵: {error}", "signing key: {error}")))?);
    let (sealing, blobs) = (context.sealing_key(&store).await?, context.blobs()?);
    // Before anything listens, so that whoever reads a picture after this hears all that is written after it.
    let others = Others::start(store.clone()).await?;
    assemble::catch_up(&store).await;
    let push_key = PushKey::open_or_create(&context.folder, &context.surroundings)
        .map_err(|error| Failed::wrong(words!("通知の鍵: {error}", "push key: {error}")))?;
    let listener = bind(&context).await?;
    let stop = Stop::default();
    let signals = Signals::listen()?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    metrics.follow(store.clone());
    let mut jobs = start_jobs(&context, &store, &key, &metrics, &stop);
    jobs.extend(start_senders(&context, &store, &push_key, &metrics, &stop));
    let others_stop = stop.clone();
    jobs.push(tokio::spawn(async move { others.run(others_stop.asked()).await }));
    let setup_code =
        setup_code::prepare(&context.config, &context.folder, &store, &context.surroundings).await?;
    let Assembled { api, goodbye } = assemble::assemble(Parts {
        config: context.config.clone(),
        store: store.clone(),
        people: assemble::people(&store, &context.config, setup_code.clone(), Some(&push_key)),
        blobs,
        sealing,
        renderer: Arc::new(OwnProcess::of_this_program()),
        scanner: scanner(&context),
        metrics: metrics.clone(),
        stop: stop.clone(),
    });
    let site = Site {
        api,
        client: Client::built(),
        metrics: metrics.clone(),
        readiness: readiness(&store, &stop),
        surroundings: context.surroundings.clone(),
    };
    let door = Door {
        listener,
        encryption: encryption.clone(),
        app: site.router(&context.config),
        connections: context.config.limits.connections,
        metrics,
    };
    announce(&context, &door, setup_code.as_deref())?;
    let serving = tokio::spawn(door.serve(stop.clone()));
    signals.wait(encryption.as_ref()).await;
    tracing::info!("stopping");
    if tokio::time::timeout(GOODBYE, goodbye()).await.is_err() {
        tracing::warn!("not every client could be told that the server stops");
    }
    stop.now();
    for job in std::iter::once(serving).chain(jobs) {
        // A job that panicked has said so; the others must still end in order.
        let _panicked = job.await;
    }
    tracing::info!("stopped");
    Ok(Exit::Well)
}

/// The virus scanner, where one is named (R49).
fn scanner(context: &Context) -> Option<Arc<dyn Scanner>> {
    let address = context.config.files.clamd.clone()?;
    Some(Arc::new(Clamd::at(address, Patience::default())))
}

async fn bind(context: &Context) -> Result<TcpListener, Failed> {
    let listen = context.config.listen;
    TcpListener::bind(listen).await.map_err(|error| {
        Failed::usage(words!(
            "listen: {listen} で待ち受けられません({error})。使っているプログラムを止めるか、別のポートにしてください。",
            "listen: cannot listen on {listen} ({error}). Stop the program that uses it, or choose another port."
        ))
    })
}

/// Places and signs what is written, makes it findable, and looks whether somebody changes the past.
fn start_jobs(
    context: &Context,
    store: &Store,
    key: &Arc<LogKey>,
    metrics: &Metrics,
    stop: &Stop,
) -> Vec<JoinHandle<()>> {
    let journal = &context.config.journal;
    let settings = Settings {
        head_every_ms: i64::try_from(journal.head_seconds).unwrap_or(60) * SECOND,
        witness_directory: journal.witness_directory.clone(),
    };
    let sequencer = Sequencer::new(store.clone(), key.clone(), &settings);
    let watch = Watch::new(store.clone(), key.public().clone(), WATCH_BUDGET);
    let indexer = Indexer::new(store.clone());
    metrics.follow_search(indexer.lag());
    let (sequencer_stop, indexer_stop, watch_stop) = (stop.clone(), stop.clone(), stop.clone());
    vec![
        tokio::spawn(async move { sequencer.run(sequencer_stop.asked()).await }),
        tokio::spawn(async move { indexer.run(indexer_stop.asked()).await }),
        tokio::spawn(keep_watch(watch, watch_stop)),
    ]
}

/// Tells those who are not looking: by push, and by mail where a mail server is configured. Both are silent until the
/// organisation wants them (R76).
fn start_senders(
    context: &Context,
    store: &Store,
    key: &PushKey,
    metrics: &Metrics,
    stop: &Stop,
) -> Vec<JoinHandle<()>> {
    let config = &context.config;
    let origin = config.public_url.origin.clone();
    let surroundings = context.surroundings.clone();
    let carrier = WebPush::new(key.clone(), config.push_services.clone(), origin.clone(), surroundings);
    let dispatcher = Dispatcher::new(store.clone(), Arc::new(carrier), metrics.clone());
    let push_stop = stop.clone();
    let mut jobs = vec![tokio::spawn(async move { dispatcher.run(push_stop.asked()).await })];
    if let Some(summaries) =
        config.mail.as_ref().and_then(|mail| Summaries::new(store.clone(), mail, origin, metrics.clone()))
    {
        let mail_stop = stop.clone();
        jobs.push(tokio::spawn(async move { summaries.run(mail_stop.asked()).await }));
    }
    jobs
}

async fn keep_watch(mut watch: Watch, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(WATCH) => {}
        }
        match watch.step().await {
            Ok(watched) => {
                tracing::debug!(size = watched.size, walked = watched.walked, "the journal is as it was");
            }
            Err(VerifyError::Fault(fault)) => {
                tracing::error!(place = %fault.place, fault = %fault.fault, "the journal was changed behind the server's back: run kairan verify");
            }
            Err(VerifyError::Storage(error)) => tracing::warn!(%error, "the journal could not be watched"),
        }
    }
}

fn readiness(store: &Store, stop: &Stop) -> Readiness {
    let (store, stop) = (store.clone(), stop.clone());
    let migrations: Arc<[Migration]> = assemble::migrations().into();
    Arc::new(move || {
        let (store, stop, migrations) = (store.clone(), stop.clone(), migrations.clone());
        Box::pin(async move {
            if stop.was_asked() {
                return Err("the server is stopping");
            }
            let job = async move |reader: &mut Reader| migrate::pending(reader, &migrations).await;
            match store.read::<_, Error, _>(job).await {
                Ok(pending) if pending.is_empty() => Ok(()),
                Ok(_) => Err("migrations are pending"),
                Err(_) => Err("the database does not answer"),
            }
        })
    })
}

/// Tells whoever started it where it is. The set-up code goes to the terminal and nowhere else: not into the log.
fn announce(context: &Context, door: &Door, setup_code: Option<&str>) -> Result<(), Failed> {
    let address = door
        .listener
        .local_addr()
        .map_err(|error| Failed::wrong(words!("listen: {error}", "listen: {error}")))?;
    let url = &context.config.public_url.origin;
    tracing::info!(%address, url, version = env!("CARGO_PKG_VERSION"), "listening");
    if let Some(code) = setup_code {
        let en = format!("Kairan: open {url} to set up. Set-up code: {code}");
        eprintln!(
            "{}",
            context
                .language
                .choose(&format!("回覧: {url} を開いて準備してください。準備のコード: {code}"), &en)
        );
        if context.language == Language::Japanese {
            // Whoever reads the service's log may have another locale than the one it runs in.
            eprintln!("{en}");
        }
    }
    Ok(())
}

/// What the system tells the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failed> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failed::wrong(words!("シグナル: {error}", "signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Until the server is to stop. SIGHUP reads the certificate again.
    async fn wait(mut self, encryption: Option<&Encryption>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => {
                    if let Some(encryption) = encryption {
                        encryption.reload();
                    }
                }
            }
        }
    }
}
