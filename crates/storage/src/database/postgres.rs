//! The `PostgreSQL` arm: a pool, prepared statements, pipelined writes.

use std::collections::HashMap;
use std::error::Error as StdError;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, NoTls, Statement};

use crate::error::{Error, Result};
use crate::value::{Params, Row, Value};

/// A pool of connections to one database and schema.
pub struct Postgres {
    pool: Pool,
    config: tokio_postgres::Config,
}

/// Notices waiting to be heard; when nobody takes them, the connection waits.
const NOTICES: usize = 1_024;

/// A connection of its own on which servers tell each other something, in no transaction.
pub struct Wire {
    client: Client,
    heard: mpsc::Receiver<String>,
}

impl Wire {
    /// The next notice, one's own among them; nothing when the connection is gone.
    pub async fn hear(&mut self) -> Option<String> {
        self.heard.recv().await
    }

    /// Tells every server on this database, after which it has been told.
    pub async fn tell(&self, text: &str) -> Result<()> {
        self.client.execute("SELECT pg_notify('kairan', $1)", &[&text]).await?;
        Ok(())
    }
}

impl Postgres {
    /// `schema`: the search path, when not the default (scratch replays use their own).
    pub fn open(url: &str, size: usize, schema: Option<&str>) -> Result<Self> {
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|_| Error::Unusable("the database address is not a valid postgres:// URL".into()))?;
        config.application_name("kairan");
        if let Some(schema) = schema {
            config.options(format!("-c search_path={schema}"));
        }
        let manager = Manager::from_config(
            config.clone(),
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(size)
            .build()
            .map_err(|error| Error::Unusable(error.to_string()))?;
        Ok(Self { pool, config })
    }

    /// Ends with the answer, or with the connection.
    pub async fn wire(&self) -> Result<Wire> {
        let (client, mut connection) = self.config.connect(NoTls).await?;
        let (sender, heard) = mpsc::channel(NOTICES);
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(|context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notification(notice) = message
                    && sender.send(notice.payload().to_owned()).await.is_err()
                {
                    return;
                }
            }
        });
        client.batch_execute("LISTEN kairan").await?;
        Ok(Wire { client, heard })
    }

    pub async fn connect(&self) -> Result<PostgresConnection> {
        Ok(PostgresConnection { client: self.pool.get().await?, prepared: HashMap::new() })
    }
}

/// One connection out of the pool.
pub struct PostgresConnection {
    client: Object,
    prepared: HashMap<&'static str, Statement>,
}

impl PostgresConnection {
    pub async fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client.batch_execute(sql).await?)
    }

    async fn prepare(&mut self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        // deadpool keeps the statement with its connection, so another borrower finds it prepared.
        let statement = self.client.prepare_cached(sql).await?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }

    pub async fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql).await?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as _).collect();
        self.client.query(&statement, &params).await?.iter().map(row).collect()
    }

    pub async fn query_once(&self, sql: &str) -> Result<Vec<Row>> {
        self.client.query(sql, &[]).await?.iter().map(row).collect()
    }

    /// Sends all statements before waiting for the first answer; every result is checked.
    pub async fn pipeline(&mut self, writes: &[(&'static str, Params)]) -> Result<Vec<u64>> {
        let mut statements = Vec::with_capacity(writes.len());
        for (sql, _) in writes {
            statements.push(self.prepare(sql).await?);
        }
        let params: Vec<Vec<&(dyn ToSql + Sync)>> =
            writes.iter().map(|(_, params)| params.iter().map(|value| value as _).collect()).collect();
        let client = &self.client;
        let sent =
            statements.iter().zip(&params).map(|(statement, params)| client.execute(statement, params));
        Ok(try_join_all(sent).await?)
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(v) if *kind == Type::INT4 => i32::try_from(*v)?.to_sql(kind, out),
            Self::Int(v) if *kind == Type::INT2 => i16::try_from(*v)?.to_sql(kind, out),
            Self::Int(v) => v.to_sql(kind, out),
            Self::Real(v) => v.to_sql(kind, out),
            Self::Bool(v) => v.to_sql(kind, out),
            Self::Text(v) => v.to_sql(kind, out),
            Self::Bytes(v) => v.to_sql(kind, out),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Int),
            Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map_or(Value::Null, |v| Value::Int(v.into())),
            Type::INT2 => row.try_get::<_, Option<i16>>(index)?.map_or(Value::Null, |v| Value::Int(v.into())),
            Type::BOOL => row.try_get::<_, Option<bool>>(index)?.map_or(Value::Null, Value::Bool),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(index)?.map_or(Value::Null, Value::Real),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map_or(Value::Null, Value::Bytes),
            Type::TEXT | Type::VARCHAR | Type::NAME => {
                row.try_get::<_, Option<String>>(index)?.map_or(Value::Null, Value::Text)
            }
            ref other => {
                return Err(Error::Unusable(format!(
                    "column {} is {other}: cast it to one of the shared kinds",
                    column.name()
                )));
            }
        };
        values.push(value);
    }
    Ok(Row(values))
}
