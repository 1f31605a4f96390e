//! The command line: what may be typed, and what the exit code means.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use kairan_core::{DeviceId, Role};

use crate::config::Flags;

/// How a command ended. The codes are part of the interface: scripts and timers decide by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing wrong was found.
    Well,
    /// 1: the command ran and found something wrong, or could not finish.
    Wrong,
    /// 2: it did not start: the command line or the configuration is not right.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Well => 0,
            Exit::Wrong => 1,
            Exit::Usage => 2,
        })
    }
}

/// 回覧 Kairan: the messenger an organisation owns.
#[derive(Debug, Parser)]
#[command(
    name = "kairan",
    version,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 well · 1 something is wrong (said on standard error) · 2 command line or configuration not right.\nSettings: command line > KAIRAN_… environment > kairan.toml > default. `kairan config --example` explains them all."
)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Settings that every command takes.
#[derive(Debug, Args)]
struct Settings {
    /// Configuration file [default: kairan.toml beside the data folder, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Database: sqlite, or postgres://… [default: sqlite]
    #[arg(long, global = true, value_name = "ADDRESS")]
    database: Option<String>,
    /// Log: error, warn, info, debug, trace [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Log as text or json [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve {
        /// Address and port to listen on [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
        /// The address people type into the browser [default: http://localhost:8080]
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
    /// Set up the organisation and its owner without a browser; the password is asked for, or read from standard input
    Setup(Setup),
    /// Look at settings, disk, database and journal, and say what to do about what is found
    Doctor,
    /// Prove that no entry of the journal was changed, removed, moved or cut off
    Verify {
        /// A file of signed heads kept outside this machine (heads.jsonl); may be given several times
        #[arg(long, value_name = "FILE")]
        witness: Vec<PathBuf>,
        /// The organisation's public key, when not the one in the data folder
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Make all tables anew from the journal (with the server stopped)
    Rebuild {
        /// Change nothing: replay beside the database and compare
        #[arg(long)]
        check: bool,
    },
    /// Make the search index anew from the journal; a running server does it in the background
    Reindex,
    /// Copy everything worth keeping into a new folder, while the server runs
    Backup {
        /// The folder to make
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Bring a backup back into an empty data folder, and prove that it is the same
    Restore {
        /// The backup's folder
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Make an invitation and print its link and QR code (for an owner who is locked out)
    Invite {
        /// Login id or staff number
        #[arg(value_name = "LOGIN|STAFF-NUMBER")]
        who: String,
    },
    /// What the screens of an administrator do, for the day nobody can reach them
    Admin {
        /// What is done
        #[command(subcommand)]
        act: Admin,
    },
    /// Make one picture small: standard input to standard output (the server starts it)
    #[command(hide = true)]
    RenderPicture,
    /// Draw a page of a file: standard input to standard output (the server starts it)
    #[command(hide = true)]
    DrawPage,
    /// Print the settings in force, each with where it came from
    Config {
        /// Print a commented example file instead
        #[arg(long)]
        example: bool,
    },
}

/// What an administrator's screens do. What changes something is in the journal as done on the command line.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// List everyone
    Members {
        /// How it is printed
        #[command(flatten)]
        format: Format,
    },
    /// List devices, with the ids that device-lock and device-wipe take
    Devices {
        /// Only this person's
        #[arg(value_name = "WHO")]
        who: Option<String>,
        /// How it is printed
        #[command(flatten)]
        format: Format,
    },
    /// List open sessions
    Sessions {
        /// Only this person's
        #[arg(value_name = "WHO")]
        who: Option<String>,
        /// How it is printed
        #[command(flatten)]
        format: Format,
    },
    /// Lock a person: every session of theirs ends, and they do not sign in any more
    Lock(Who),
    /// Let a locked person sign in again
    Unlock(Who),
    /// End every session of a person; they may sign in again
    SignOut(Who),
    /// Give a person another role; their sessions end
    Grant {
        /// Who
        #[command(flatten)]
        who: Who,
        /// owner, admin, auditor, hr, manager, member or partner
        #[arg(value_name = "ROLE", value_parser = role)]
        role: Role,
    },
    /// Print an invitation: a link with which a person joins, or chooses a new password
    Invite(Who),
    /// Print a code that stands for a lost second factor, once
    ResetFactor(Who),
    /// Print a code that brings a person's browser or phone in, once
    DeviceCode {
        /// Who
        #[command(flatten)]
        who: Who,
        /// The device is the organisation's, lent to the person
        #[arg(long)]
        lent: bool,
    },
    /// Lock a device: its sessions end, and it opens nothing any more
    DeviceLock(Which),
    /// Let a locked device be used again
    DeviceUnlock(Which),
    /// Tell a device to wipe what it keeps: now, or when it comes back
    DeviceWipe(Which),
    /// Take all device policies away (for an organisation whose own rules shut everyone out)
    PoliciesOff,
}

/// A person.
#[derive(Debug, Args)]
pub struct Who {
    /// Login id, staff number, or the id that `admin members` shows
    #[arg(value_name = "WHO")]
    pub who: String,
}

/// A device.
#[derive(Debug, Args)]
pub struct Which {
    /// The id that `admin devices` shows
    #[arg(value_name = "ID")]
    pub device: DeviceId,
}

/// How a list is printed; for people unless said otherwise.
#[derive(Debug, Clone, Copy, Args)]
pub struct Format {
    /// As CSV that spreadsheets open (UTF-8)
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// As JSON: stable names, times in ms UTC
    #[arg(long)]
    pub json: bool,
}

fn role(name: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::name).join(", ");
    Role::named(name).ok_or_else(|| format!("roles are {}", known()))
}

/// Who and what is set up.
#[derive(Debug, Args)]
pub struct Setup {
    /// The organisation's name (組織名)
    #[arg(long, value_name = "NAME")]
    pub organisation: String,
    /// The owner's legal name, family name first: "己本 一葉"
    #[arg(long, value_name = "NAME")]
    pub owner: String,
    /// The same in kana: "おのもと かずは"
    #[arg(long, value_name = "KANA")]
    pub kana: String,
    /// The owner's login id
    #[arg(long, value_name = "ID")]
    pub login: String,
}

impl Cli {
    /// What was typed, as settings.
    #[must_use]
    pub fn flags(&self) -> Flags {
        let Settings { config, data, database, log_level, log_format } = &self.settings;
        let (listen, public_url) = match &self.command {
            Command::Serve { listen, public_url } => (listen, public_url),
            _ => (&None, &None),
        };
        let settings = [
            ("data", data),
            ("database", database),
            ("log.level", log_level),
            ("log.format", log_format),
            ("listen", listen),
            ("public_url", public_url),
        ];
        Flags {
            file: config.clone(),
            settings: settings.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::Key;

    #[test]
    fn the_command_line_is_sound_and_every_flag_sets_a_known_key() {
        Cli::command().debug_assert();
        let typed = "kairan serve --data d --database sqlite --log-level warn --log-format json --listen a --public-url b";
        let flags = Cli::parse_from(typed.split(' ')).flags();
        assert_eq!(flags.settings.len(), 6);
        assert!(flags.settings.iter().all(|(key, _)| Key::named(key).is_some()));
    }
}
