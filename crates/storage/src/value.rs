//! The value kinds both engines share, and rows of them.

use kairan_core::ids::Id;
use kairan_core::{Instant, Seq};

use crate::error::{Error, Result};

/// A parameter or a column.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// BOOLEAN (an integer 0 or 1 in `SQLite`).
    Bool(bool),
    /// TEXT.
    Text(String),
    /// BYTEA.
    Bytes(Vec<u8>),
}

/// Parameters in the order of `$1`, `$2` …
pub type Params = Vec<Value>;

/// Parameters from anything that converts into a [`Value`].
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "integer",
            Self::Real(_) => "real",
            Self::Bool(_) => "boolean",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}
impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}
impl From<Instant> for Value {
    fn from(value: Instant) -> Self {
        Self::Int(value.ms())
    }
}
impl From<Seq> for Value {
    fn from(value: Seq) -> Self {
        Self::Int(value.0)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// The kind's name, for errors.
    const EXPECTED: &'static str;
    /// Reads it; `None` when the value is of another kind.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($type:ty, $expected:literal, $($pattern:pat => $result:expr),+) => {
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;
            fn from_value(value: &Value) -> Option<Self> {
                match value { $($pattern => $result,)+ _ => None }
            }
        }
    };
}
from_value!(i64, "integer", Value::Int(v) => Some(*v), Value::Bool(v) => Some(i64::from(*v)));
from_value!(f64, "real", Value::Real(v) => Some(*v));
from_value!(bool, "boolean", Value::Bool(v) => Some(*v), Value::Int(v) => Some(*v != 0));
from_value!(String, "text", Value::Text(v) => Some(v.clone()));
from_value!(Vec<u8>, "bytes", Value::Bytes(v) => Some(v.clone()));
from_value!(Instant, "instant", Value::Int(v) => Some(Instant(*v)));
from_value!(Seq, "sequence number", Value::Int(v) => Some(Seq(*v)));
impl<const N: usize> FromValue for [u8; N] {
    const EXPECTED: &'static str = "bytes of a fixed length";
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { bytes.as_slice().try_into().ok() } else { None }
    }
}
impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_value(value: &Value) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::from_value(value).map(Some) }
    }
}

macro_rules! id_values {
    ($($id:ident),+) => {$(
        impl From<kairan_core::$id> for Value {
            fn from(value: kairan_core::$id) -> Self { Self::Bytes(value.bytes()) }
        }
        impl FromValue for kairan_core::$id {
            const EXPECTED: &'static str = stringify!($id);
            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Bytes(bytes) = value { Self::try_from(bytes.as_slice()).ok() } else { None }
            }
        }
    )+};
}
id_values!(
    MemberId,
    DepartmentId,
    RoomId,
    MessageId,
    FileId,
    ReminderId,
    SessionId,
    DeviceId,
    AlarmId,
    FactorId,
    InvitationId,
    ContentId,
    SecretId
);

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The column as `T`.
    ///
    /// # Errors
    /// [`Error::Column`] when it holds another kind of value.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = self.0.get(column).unwrap_or(&Value::Null);
        T::from_value(value).ok_or_else(|| Error::Column {
            column,
            expected: T::EXPECTED,
            found: value.kind(),
        })
    }

    /// The columns as they are.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.0
    }
}
