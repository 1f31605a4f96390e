//! Collecting what was said about each setting, from the weakest source to the strongest.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Fault;
use super::keys::{KEYS, Key, Kind};
use crate::environment::Environment;
use crate::words::{Words, words};

/// What the command line said: settings by key, and where the file is.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `(key, value)` for each flag that was given.
    pub settings: Vec<(&'static str, String)>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(key) => write!(f, "--{}", key.replace(['.', '_'], "-")),
        }
    }
}

/// A value before it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// One text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A whole number.
    Number(i64),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(list) => write!(f, "{list:?}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The value.
    pub raw: Raw,
    /// Its source.
    pub origin: Origin,
}

impl Given {
    /// A path, counted from the file that names it; from the working directory for flags and variables.
    #[must_use]
    pub fn path(&self, text: &str) -> PathBuf {
        match &self.origin {
            Origin::File(file) => file.parent().unwrap_or(Path::new("")).join(text),
            Origin::Default | Origin::Variable(_) | Origin::Flag(_) => PathBuf::from(text),
        }
    }
}

/// All settings by key.
pub type Settings = BTreeMap<&'static str, Given>;

/// Asks default, file, environment and flags, each overruling the one before.
pub fn gather(flags: &Flags, environment: &Environment) -> (Settings, Vec<Fault>) {
    let mut settings = Settings::new();
    let mut faults = Vec::new();
    for key in KEYS {
        if let Some(default) = key.default {
            let table: toml::Table =
                format!("v = {default}").parse().expect("the defaults are TOML; a test reads them");
            let raw = raw_of(key, &table["v"]).expect("the defaults have their kind; a test reads them");
            settings.insert(key.name, Given { raw, origin: Origin::Default });
        }
    }
    if let Some(file) = file_to_read(flags, environment, &mut faults) {
        read_file(&file, &mut settings, &mut faults);
    }
    read_environment(environment, &mut settings, &mut faults);
    for (name, text) in &flags.settings {
        let key = Key::named(name).expect("flags are declared with the keys they set; a test gives each");
        take_text(key, text, Origin::Flag(name), &mut settings, &mut faults);
    }
    (settings, faults)
}

/// `--config`, `KAIRAN_CONFIG`, or `kairan.toml` beside the data folder when there is one.
fn file_to_read(flags: &Flags, environment: &Environment, faults: &mut Vec<Fault>) -> Option<PathBuf> {
    let named = flags.file.clone().or_else(|| environment.get("KAIRAN_CONFIG").map(PathBuf::from));
    if let Some(path) = named {
        if path.is_file() {
            return Some(path);
        }
        faults.push(Fault {
            key: path.display().to_string(),
            words: words!(
                "設定ファイルがありません。場所を確かめるか、kairan config --example の出力を保存してください。",
                "there is no such configuration file. Check the path, or save the output of kairan config --example there."
            ),
            origin: Origin::Default,
        });
        return None;
    }
    let flag = flags.settings.iter().find(|(key, _)| *key == "data").map(|(_, value)| value.as_str());
    let data = Path::new(flag.or_else(|| environment.get("KAIRAN_DATA")).unwrap_or("data"));
    let beside = data.parent().unwrap_or(Path::new("")).join("kairan.toml");
    beside.is_file().then_some(beside)
}

fn read_file(file: &Path, settings: &mut Settings, faults: &mut Vec<Fault>) {
    let origin = Origin::File(file.to_path_buf());
    let key = file.display().to_string();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            let words = words!(
                "読めません({error})。権限と文字コード(UTF-8)を確かめてください。",
                "cannot be read ({error}). Check its permissions and that it is UTF-8."
            );
            faults.push(Fault { key, words, origin: Origin::Default });
            return;
        }
    };
    match text.parse::<toml::Table>() {
        Ok(table) => read_table("", &table, &origin, settings, faults),
        Err(error) => {
            // Only the place and the reason: the line itself may hold a password.
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let reason = error.message();
            let words =
                words!("{line}行目がTOMLとして読めません({reason})。", "line {line} is not TOML ({reason}).");
            faults.push(Fault { key, words, origin: Origin::Default });
        }
    }
}

fn read_table(
    prefix: &str,
    table: &toml::Table,
    origin: &Origin,
    settings: &mut Settings,
    faults: &mut Vec<Fault>,
) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Some(key) = Key::named(&name) {
            match raw_of(key, value) {
                Some(raw) => {
                    settings.insert(key.name, Given { raw, origin: origin.clone() });
                }
                None => faults.push(wrong_kind(key, origin.clone())),
            }
        } else if let toml::Value::Table(inner) = value
            && KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")))
        {
            read_table(&name, inner, origin, settings, faults);
        } else {
            faults.push(Fault { words: unknown(&name), key: name, origin: origin.clone() });
        }
    }
}

/// Variables of ours that are not settings. The names of test databases are left to the tests.
const OTHER_VARIABLES: &[&str] = &["KAIRAN_CONFIG", "KAIRAN_PASSWORD"];

fn read_environment(environment: &Environment, settings: &mut Settings, faults: &mut Vec<Fault>) {
    for key in KEYS {
        let variable = key.variable();
        if let Some(text) = environment.get(&variable) {
            take_text(key, text, Origin::Variable(variable), settings, faults);
        }
    }
    // Others may put KAIRAN_… variables there too (Kubernetes does for a service of that name), so an unknown one is
    // refused only when it looks like one of ours mistyped.
    for name in
        environment.names().filter(|name| name.starts_with("KAIRAN_") && !OTHER_VARIABLES.contains(name))
    {
        let variables = || KEYS.iter().map(Key::variable);
        if variables().any(|variable| variable == name) {
            continue;
        }
        if let Some(near) = variables().find(|variable| distance(variable, name) <= 2) {
            let words = words!(
                "知らない環境変数です。{near} のことですか。",
                "is not a known variable. Did you mean {near}?"
            );
            faults.push(Fault { key: name.to_owned(), words, origin: Origin::Default });
        }
    }
}

fn take_text(
    key: &'static Key,
    text: &str,
    origin: Origin,
    settings: &mut Settings,
    faults: &mut Vec<Fault>,
) {
    let raw = match key.kind {
        Kind::Text | Kind::Secret => Some(Raw::Text(text.to_owned())),
        Kind::List => Some(Raw::List(
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
        )),
        Kind::Number => text.trim().parse().ok().map(Raw::Number),
    };
    match raw {
        Some(raw) => {
            settings.insert(key.name, Given { raw, origin });
        }
        None => faults.push(wrong_kind(key, origin)),
    }
}

fn raw_of(key: &Key, value: &toml::Value) -> Option<Raw> {
    match (key.kind, value) {
        (Kind::Text | Kind::Secret, toml::Value::String(text)) => Some(Raw::Text(text.clone())),
        (Kind::Number, toml::Value::Integer(number)) => Some(Raw::Number(*number)),
        (Kind::List, toml::Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Raw::List)
        }
        _ => None,
    }
}

fn wrong_kind(key: &Key, origin: Origin) -> Fault {
    let example = key.example;
    let words = match key.kind {
        Kind::Text | Kind::Secret => {
            words!("文字列で書いてください。例: {example}", "must be a text. For example: {example}")
        }
        Kind::List => words!(
            "文字列の並びで書いてください。例: {example}",
            "must be a list of texts. For example: {example}"
        ),
        Kind::Number => {
            words!("整数で書いてください。例: {example}", "must be a whole number. For example: {example}")
        }
    };
    Fault { key: key.name.to_owned(), words, origin }
}

fn unknown(name: &str) -> Words {
    let last = name.rsplit('.').next().unwrap_or(name);
    let sections = KEYS.iter().map(|key| key.place().0).filter(|section| !section.is_empty());
    let near = KEYS
        .iter()
        // A key written in the wrong section is as likely as a mistyped one.
        .map(|key| (distance(key.name, name).min(distance(key.place().1, last) + 1), key.name))
        .chain(sections.map(|section| (distance(section, name), section)))
        .min()
        .filter(|(distance, _)| *distance <= 1.max(name.chars().count() / 3))
        .map(|(_, near)| near);
    match near {
        Some(near) => {
            words!("知らない設定です。{near} のことですか。", "is not a known setting. Did you mean {near}?")
        }
        None => words!(
            "知らない設定です。kairan config --example に一覧があります。",
            "is not a known setting. kairan config --example lists them all."
        ),
    }
}

/// Levenshtein's edit distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
