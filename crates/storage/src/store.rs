//! The store: one database, its lanes, its bus. What every feature holds to read and write.

use std::sync::Arc;

use futures_util::FutureExt;
use kairan_core::Surroundings;
use tokio::runtime::Handle;

use crate::bus::{Bus, News};
use crate::database::{Database, Reader};
use crate::error::{Error, Result};
use crate::journal::Stream;
use crate::lanes::{JobError, LaneCounts, LaneParts, Lanes};
use crate::migrate::{self, Migration};
use crate::projection::Projection;
use crate::search;
use crate::tx::Tx;

/// How often a job is run again when it met another transaction.
const TRIES: usize = 6;

/// A started database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    parts: LaneParts,
    lanes: Arc<Lanes>,
}

impl Store {
    /// Brings the schema up to date and starts the lanes (`SQLite` always has one).
    ///
    /// # Errors
    /// When the database cannot be reached or a migration does not apply.
    pub async fn open(
        database: Database,
        surroundings: Surroundings,
        migrations: &[Migration],
        projections: Vec<Box<dyn Projection>>,
        lanes: usize,
    ) -> Result<Self> {
        migrate::apply(&database, migrations, &surroundings).await?;
        search::prepare(&database).await?;
        let lanes = if database.engine() == "sqlite" { 1 } else { lanes.max(1) };
        let parts =
            LaneParts { database, surroundings, projections: projections.into(), bus: Bus::default() };
        let lanes = Lanes::start(&parts, lanes).await?;
        Ok(Self { parts, lanes: Arc::new(lanes) })
    }

    /// Runs a job on the stream's lane. When it returns `Ok`, everything it wrote is durable; otherwise it left nothing.
    ///
    /// The job may be run again when it met another transaction, so it must not change anything but through its [`Tx`],
    /// and must wait for nothing else.
    ///
    /// # Errors
    /// What the job refuses with.
    pub async fn write<T, E, F>(&self, stream: Stream, job: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: JobError,
    {
        let job = Arc::new(job);
        let mut tries = TRIES;
        loop {
            let outcome = self.lanes.run(stream, job.clone()).await;
            tries -= 1;
            match &outcome {
                Err(error)
                    if tries > 0
                        && error
                            .storage()
                            .is_some_and(|error| error.is_conflict() || error.is_unique_violation()) => {}
                _ => return outcome,
            }
        }
    }

    /// Reads in one snapshot, on a thread where waiting for the disk hurts nobody.
    ///
    /// # Errors
    /// What the job refuses with.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Reader) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let database = self.parts.database.clone();
        let runtime = Handle::current();
        let reading = move || {
            let shared = database.engine() == "postgres";
            let read = async move {
                let mut reader = database.reader().await?;
                reader.begin_snapshot().await?;
                let outcome = job(&mut reader).await;
                reader.batch("COMMIT").await?;
                database.give_back(reader);
                outcome
            };
            if shared {
                runtime.block_on(read)
            } else {
                read.now_or_never().unwrap_or_else(|| {
                    Err(Error::Damaged("a read waited for something other than SQLite".into()).into())
                })
            }
        };
        tokio::task::spawn_blocking(reading).await.map_err(|_| Error::Stopped)?
    }

    /// Tells what is not an event and needs no transaction.
    pub fn tell(&self, news: News) {
        self.parts.bus.tell(news);
    }

    /// The bus of committed events.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.parts.bus
    }

    /// Time and chance.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.parts.surroundings
    }

    /// The database underneath.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.parts.database
    }

    /// How busy the lanes have been.
    #[must_use]
    pub fn counts(&self) -> &LaneCounts {
        &self.lanes.counts
    }
}
