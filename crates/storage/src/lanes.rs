//! Lanes: jobs that write wait in a line, run together in one transaction, and are answered after one durable commit.
//!
//! An acknowledged write is durable; a refused one left nothing (invariant 6): every job stands in a savepoint of its
//! own, so one that fails takes only itself down. `SQLite` has one lane; `PostgreSQL` several, chosen by stream.

use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use kairan_core::{Refusal, Surroundings};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::bus::{Bus, News};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::journal::Stream;
use crate::projection::Projection;
use crate::tx::Tx;

/// Most jobs of one transaction.
const BATCH: usize = 256;
/// Most jobs waiting on one lane; beyond it writers wait their turn to line up.
const LINE: usize = 4_096;

/// What a job may fail with: its own refusal, with storage's error inside when that was the reason.
pub trait JobError: From<Error> + Send + 'static {
    /// Storage's error, when it was the reason.
    fn storage(&self) -> Option<&Error>;
}

impl JobError for Error {
    fn storage(&self) -> Option<&Error> {
        Some(self)
    }
}

impl JobError for Refusal {
    fn storage(&self) -> Option<&Error> {
        self.cause.as_ref()?.downcast_ref()
    }
}

/// A job on a lane, its types forgotten.
trait Job: Send {
    fn stream(&self) -> Stream;
    /// `true` when it succeeded and is to be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> LocalBoxFuture<'t, bool>;
    /// `committed`: what became of the transaction it was kept in, or `None` when it was undone on its own account.
    fn answer(self: Box<Self>, committed: Option<Result<(), Error>>);
}

struct TypedJob<F, T, E> {
    stream: Stream,
    job: Arc<F>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for TypedJob<F, T, E>
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: JobError,
{
    fn stream(&self) -> Stream {
        self.stream
    }
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> LocalBoxFuture<'t, bool> {
        Box::pin(async move {
            let outcome = (self.job)(tx).await;
            let kept = outcome.is_ok();
            self.outcome = Some(outcome);
            kept
        })
    }
    fn answer(self: Box<Self>, committed: Option<Result<(), Error>>) {
        let outcome = match (self.outcome, committed) {
            (Some(Ok(value)), Some(Ok(()))) => Ok(value),
            (_, Some(Err(error))) => Err(error.into()),
            (Some(Err(refusal)), _) => Err(refusal),
            (Some(Ok(_)) | None, _) => Err(Error::Stopped.into()), // it panicked, or its savepoint could not be kept
        };
        // The asker may have gone; the work stands all the same.
        let _ = self.answer.send(outcome);
    }
}

/// How busy the lanes are, for `/metrics`.
#[derive(Debug, Default)]
pub struct LaneCounts {
    /// Transactions committed.
    pub batches: AtomicU64,
    /// Jobs in them.
    pub jobs: AtomicU64,
    /// Events appended.
    pub events: AtomicU64,
}

/// The lanes of one node.
pub struct Lanes {
    lines: Vec<mpsc::Sender<Box<dyn Job>>>,
    /// Counters since the start.
    pub counts: Arc<LaneCounts>,
}

/// What every lane of a node shares.
#[derive(Clone)]
pub(crate) struct LaneParts {
    pub database: Database,
    pub surroundings: Surroundings,
    pub projections: Arc<[Box<dyn Projection>]>,
    pub bus: Bus,
}

impl Lanes {
    /// Starts `count` lanes, each on a thread of its own; must be called inside the runtime.
    pub(crate) async fn start(parts: &LaneParts, count: usize) -> Result<Self> {
        let counts = Arc::new(LaneCounts::default());
        let mut lines = Vec::with_capacity(count);
        for index in 0..count {
            let (line, jobs) = mpsc::channel(LINE);
            let tx = Tx::new(
                parts.database.writer().await?,
                parts.surroundings.clone(),
                parts.projections.clone(),
            );
            let lane = Lane { tx, parts: parts.clone(), counts: counts.clone(), runtime: Handle::current() };
            std::thread::Builder::new().name(format!("lane-{index}")).spawn(move || lane.work(jobs))?;
            lines.push(line);
        }
        Ok(Self { lines, counts })
    }

    /// Puts a job on its stream's lane and waits for its answer.
    pub(crate) async fn run<F, T, E>(&self, stream: Stream, job: Arc<F>) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: JobError,
    {
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let line = &self.lines[usize::try_from(hasher.finish() % self.lines.len() as u64).unwrap_or(0)];
        let (answer, outcome) = oneshot::channel();
        line.send(Box::new(TypedJob { stream, job, outcome: None, answer }))
            .await
            .map_err(|_| Error::Stopped)?;
        outcome.await.map_err(|_| Error::Stopped)?
    }
}

/// What became of one job of a batch.
enum Kept {
    /// Kept; to be told after the commit.
    Yes(Vec<News>),
    /// Undone: it refused, or panicked.
    No,
    /// Undone: the database refused one of its pipelined writes.
    Late(Error),
}

struct Lane {
    tx: Tx,
    parts: LaneParts,
    counts: Arc<LaneCounts>,
    runtime: Handle,
}

impl Lane {
    fn work(mut self, mut line: mpsc::Receiver<Box<dyn Job>>) {
        let shared = self.tx.is_shared();
        let runtime = self.runtime.clone();
        while let Some(first) = line.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH {
                let Ok(job) = line.try_recv() else { break };
                batch.push(job);
            }
            if shared {
                runtime.block_on(self.batch(batch));
            } else if self.batch(batch).now_or_never().is_none() {
                // A job may only wait for its own transaction; on SQLite that never pends.
                tracing::error!("a write job waited for something other than its transaction");
            }
        }
    }

    async fn batch(&mut self, batch: Vec<Box<dyn Job>>) {
        if let Err(error) = self.tx.begin(batch.iter().map(|job| job.stream())).await {
            self.renew().await;
            return answer_all(batch, &error);
        }
        let mut kept = Vec::with_capacity(batch.len());
        let mut news = Vec::new();
        let mut waiting = batch.into_iter();
        while let Some(mut job) = waiting.next() {
            match self.run_one(&mut *job).await {
                Ok(Kept::Yes(told)) => {
                    news.extend(told);
                    kept.push(job);
                }
                Ok(Kept::No) => job.answer(None),
                Ok(Kept::Late(error)) => job.answer(Some(Err(error))),
                Err(error) => {
                    // The transaction itself is gone, and with it every job of this batch.
                    kept.push(job);
                    kept.extend(waiting);
                    self.renew().await;
                    return answer_all(kept, &error);
                }
            }
        }
        if let Err(error) = self.tx.commit().await {
            self.renew().await;
            return answer_all(kept, &error);
        }
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.jobs.fetch_add(kept.len() as u64, Ordering::Relaxed);
        for item in news {
            if matches!(item, News::Event(_)) {
                self.counts.events.fetch_add(1, Ordering::Relaxed);
            }
            self.parts.bus.tell(item);
        }
        for job in kept {
            job.answer(Some(Ok(())));
        }
    }

    /// Runs one job in a savepoint; an error means that the transaction itself is lost.
    async fn run_one(&mut self, job: &mut dyn Job) -> Result<Kept> {
        self.tx.begin_job().await?;
        let succeeded = AssertUnwindSafe(job.run(&mut self.tx)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("a write job panicked; it was undone");
            false
        });
        let mut late = None;
        if succeeded {
            match self.tx.keep_job().await {
                Ok(news) => return Ok(Kept::Yes(news)),
                // A pipelined write failed after the job had ended.
                Err(error) => late = Some(error),
            }
        }
        self.tx.undo_job().await?;
        Ok(late.map_or(Kept::No, Kept::Late))
    }

    /// Rolls back and, where the connection may have been lost, takes a new one.
    async fn renew(&mut self) {
        self.tx.abandon().await;
        if self.tx.is_shared()
            && let Ok(reader) = self.parts.database.writer().await
        {
            self.tx = Tx::new(reader, self.parts.surroundings.clone(), self.parts.projections.clone());
        }
    }
}

/// Answers every job of a lost transaction. The first hears the reason; the others hear that doing it again is right.
fn answer_all(jobs: Vec<Box<dyn Job>>, error: &Error) {
    tracing::warn!(%error, jobs = jobs.len(), "a transaction was lost");
    for job in jobs {
        job.answer(Some(Err(Error::Conflict)));
    }
}
