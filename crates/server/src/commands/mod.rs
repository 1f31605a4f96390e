//! What `kairan` can be told to do.
//!
//! It stays true that a command says what it found in the terminal's language, and that its exit code says it again for
//! scripts.

mod admin;
mod backup;
mod doctor;
mod invite;
mod manifest;
mod password;
mod rebuild;
mod reindex;
mod restore;
mod serve;
mod setup;
mod table;
mod verify;

use std::path::Path;

use kairan_core::{Refusal, Surroundings};
use kairan_storage::blobs::{Blobs, SealingKey};
use kairan_storage::{Database, Store};

use crate::assemble;
use crate::cli::{Cli, Command, Exit};
use crate::config::{self, Config, Log, LogFormat};
use crate::environment::Environment;
use crate::folder::{Folder, FolderError};
use crate::setup_code::SetupCodeError;
use crate::words::{Language, Words, words};

/// What every command has.
pub struct Context {
    config: Config,
    folder: Folder,
    language: Language,
    surroundings: Surroundings,
}

/// Why a command could not finish.
#[derive(Debug)]
pub struct Failed {
    words: Words,
    exit: Exit,
}

impl Failed {
    fn wrong(words: Words) -> Self {
        Self { words, exit: Exit::Wrong }
    }
    fn usage(words: Words) -> Self {
        Self { words, exit: Exit::Usage }
    }
    fn file(path: &Path, cause: &std::io::Error) -> Self {
        let path = path.display();
        Self::wrong(words!("{path}: {cause}", "{path}: {cause}"))
    }
}

impl From<kairan_storage::Error> for Failed {
    fn from(error: kairan_storage::Error) -> Self {
        Self::wrong(words!("データベースを使えません: {error}", "the database cannot be used: {error}"))
    }
}

impl From<FolderError> for Failed {
    fn from(error: FolderError) -> Self {
        let path = match &error {
            FolderError::Held(path) => path.display(),
            FolderError::File { .. } => return Self::wrong(words!("{error}", "{error}")),
        };
        Self::wrong(words!(
            "{path}: サーバーが動いています。止めてから、もう一度実行してください。",
            "{error}"
        ))
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code.name;
        let (mut ja, mut en) = refusal.words();
        ja += &format!(" [{code}]");
        en += &format!(" [{code}]");
        for fault in &refusal.fields {
            let (fault_ja, fault_en) = fault.words();
            ja += &format!("\n  {}: {fault_ja} [{}]", fault.field, fault.code.name);
            en += &format!("\n  {}: {fault_en} [{}]", fault.field, fault.code.name);
        }
        if let Some(cause) = &refusal.cause {
            ja += &format!("\n  {cause}");
            en += &format!("\n  {cause}");
        }
        Self::wrong(Words { ja, en })
    }
}

impl From<SetupCodeError> for Failed {
    fn from(error: SetupCodeError) -> Self {
        match error {
            SetupCodeError::Folder(error) => error.into(),
            SetupCodeError::Storage(error) => error.into(),
        }
    }
}

/// Does what was typed.
pub async fn run(cli: Cli, environment: &Environment, surroundings: Surroundings) -> Exit {
    let language = Language::of(environment);
    let flags = cli.flags();
    if let Command::Config { example } = cli.command {
        if example {
            print!("{}", config::example());
            return Exit::Well;
        }
        print!("{}", config::in_force(&flags, environment));
    }
    let config = match config::load(&flags, environment) {
        Ok(config) => config,
        Err(faults) => {
            for fault in faults {
                eprintln!("{}", fault.line(language));
            }
            return Exit::Usage;
        }
    };
    start_logging(&cli.command, &config);
    let context = Context { folder: Folder::at(&config.data), config, language, surroundings };
    let outcome = match cli.command {
        Command::Config { .. } => Ok(Exit::Well),
        Command::RenderPicture => Ok(crate::render::run_in_this_process()),
        Command::DrawPage => Ok(crate::render::draw_in_this_process()),
        Command::Serve { .. } => serve::run(context).await,
        Command::Doctor => Ok(doctor::run(&context).await),
        Command::Verify { witness, key } => verify::run(&context, &witness, key.as_deref()).await,
        Command::Rebuild { check } => rebuild::run(&context, check).await,
        Command::Reindex => reindex::run(&context).await,
        Command::Backup { to } => backup::run(&context, &to).await,
        Command::Restore { from } => restore::run(&context, &from).await,
        Command::Setup(asked) => setup::run(&context, &asked).await,
        Command::Invite { who } => invite::run(&context, &who).await,
        Command::Admin { act } => admin::run(&context, act).await,
    };
    outcome.unwrap_or_else(|failed| {
        eprintln!("kairan: {}", failed.words.in_language(language));
        failed.exit
    })
}

/// The server logs as configured; a command says what it has to say itself, and only troubles come through beside it.
fn start_logging(command: &Command, config: &Config) {
    match command {
        Command::Serve { .. } => crate::logging::start(&config.log),
        _ => {
            let level = tracing_subscriber::filter::Targets::new().with_default(tracing::Level::WARN);
            crate::logging::start(&Log { format: LogFormat::Text, level });
        }
    }
}

impl Context {
    /// Prints a line on standard output.
    fn say(&self, words: &Words) {
        println!("{}", words.in_language(self.language));
    }

    /// The database, which must be there already.
    fn existing_database(&self) -> Result<Database, Failed> {
        if !self.folder.has_database(&self.config.database) {
            let path = self.folder.database_file().display().to_string();
            return Err(Failed::usage(words!(
                "{path} がありません。--data でデータのフォルダーを指してください。",
                "{path} does not exist. Name the data folder with --data."
            )));
        }
        Ok(self.folder.database(&self.config.database)?)
    }

    /// The database, its schema as this version wants it.
    async fn current_database(&self) -> Result<Database, Failed> {
        let database = self.existing_database()?;
        let pending = database.inspect(&assemble::migrations()).await?.pending;
        if pending.is_empty() {
            return Ok(database);
        }
        let names = pending.join(", ");
        Err(Failed::wrong(words!(
            "まだ適用されていない変更があります({names})。一度 kairan serve を起動してください。",
            "migrations are waiting ({names}). Start kairan serve once."
        )))
    }

    /// A store on the database, its schema up to date.
    async fn store(&self) -> Result<Store, Failed> {
        self.folder.make()?;
        let database = self.folder.database(&self.config.database)?;
        let (migrations, projections) = (assemble::migrations(), assemble::projections());
        let lanes = self.config.lanes;
        Ok(Store::open(database, self.surroundings.clone(), &migrations, projections, lanes).await?)
    }

    /// The sealing key of this data, made at the first start.
    async fn sealing_key(&self, store: &Store) -> Result<SealingKey, Failed> {
        let key = SealingKey::of(self.folder.path(), store).await;
        key.map_err(|error| Failed::wrong(words!("封印鍵: {error}", "sealing key: {error}")))
    }

    /// Where files' bytes lie, leaving the reserve of the data folder's disk.
    fn blobs(&self) -> Result<Blobs, Failed> {
        let blobs = match &self.config.blobs {
            config::Blobs::Local => Blobs::local(&self.folder.files(), &self.surroundings)
                .map(|blobs| blobs.leaving(self.folder.path(), self.config.limits.disk_reserve_bytes)),
            config::Blobs::S3(bucket) => Blobs::s3(bucket, &self.surroundings),
        };
        blobs.map_err(|error| Failed::wrong(words!("ファイルの置き場: {error}", "store of files: {error}")))
    }
}
