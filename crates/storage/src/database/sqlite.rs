//! The `SQLite` arm: bundled, WAL, `synchronous=FULL` (R79). Everything here answers at once; nothing pends.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};

use crate::error::{Error, Result};
use crate::value::{Row, Value};

/// The oldest `SQLite` that serves: earlier ones can corrupt a WAL database in a rare reset race (R79).
pub const OLDEST: (i32, &str) = (3_051_003, "3.51.3");

/// Where the file is, and the idle reading connections.
pub struct Sqlite {
    path: PathBuf,
    idle: Mutex<Vec<SqliteConnection>>,
}

/// Most reading connections kept open when idle.
const IDLE_READERS: usize = 8;

impl Sqlite {
    /// # Errors
    /// When the linked `SQLite` is too old or the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        if rusqlite::version_number() < OLDEST.0 {
            return Err(Error::Unusable(format!(
                "SQLite {} is linked, {} or newer is needed",
                rusqlite::version(),
                OLDEST.1
            )));
        }
        let this = Self { path: path.to_owned(), idle: Mutex::new(Vec::new()) };
        this.connect(true)?;
        Ok(this)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn connect(&self, write: bool) -> Result<SqliteConnection> {
        let mode = if write {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        let connection = Connection::open_with_flags(&self.path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "cache_size", -32_768)?; // KiB
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        if !write {
            connection.pragma_update(None, "query_only", "ON")?;
        }
        connection.set_prepared_statement_cache_capacity(256);
        Ok(SqliteConnection { connection, translated: HashMap::new() })
    }

    pub fn reader(&self) -> Result<SqliteConnection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.connect(false), Ok)
    }

    pub fn give_back(&self, connection: SqliteConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS && connection.connection.is_autocommit() {
            idle.push(connection);
        }
    }
}

/// One connection, with its statements translated once.
pub struct SqliteConnection {
    pub(crate) connection: Connection,
    translated: HashMap<&'static str, String>,
}

impl SqliteConnection {
    pub fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.connection.execute_batch(sql)?)
    }

    pub fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let translated = self.translated.entry(sql).or_insert_with(|| numbered(sql));
        let mut statement = self.connection.prepare_cached(translated)?;
        Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
    }

    pub fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let translated = self.translated.entry(sql).or_insert_with(|| numbered(sql));
        collect(&mut *self.connection.prepare_cached(translated)?, params)
    }

    pub fn query_once(&self, sql: &str) -> Result<Vec<Row>> {
        collect(&mut self.connection.prepare(sql)?, &[])
    }
}

fn collect(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> Result<Vec<Row>> {
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(v) => Value::Int(v),
                ValueRef::Real(v) => Value::Real(v),
                ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
                ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
            });
        }
        found.push(Row(values));
    }
    Ok(found)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(v) => ValueRef::Integer(*v),
            Self::Real(v) => ValueRef::Real(*v),
            Self::Bool(v) => ValueRef::Integer(i64::from(*v)),
            Self::Text(v) => ValueRef::Text(v.as_bytes()),
            Self::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}

/// `$1` is a *name* in `SQLite`, numbered by first appearance; `?1` is the first parameter in both senses.
fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        quoted ^= c == '\'';
        out.push(if c == '$' && !quoted && chars.peek().is_some_and(char::is_ascii_digit) { '?' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn parameters_keep_their_numbers() {
        assert_eq!(super::numbered("SELECT $2, '$1', $1"), "SELECT ?2, '$1', ?1");
    }
}
