//! How Kairan says no: a stable code for programs, words for people in both languages, facts that fill the words.
//!
//! A feature declares its codes once with [`codes!`](crate::codes); everything that can refuse returns a [`Refusal`].
//! The order of the words is fixed by the design guide: what happened, why, what to do or whom to ask.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::size;

/// One way of saying no.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, `feature.reason`. Clients may depend on it.
    pub name: &'static str,
    /// HTTP status (RFC 9110).
    pub status: u16,
    /// Words for people, Japanese; `{fact}` is replaced by that fact, `{fact:size}` by so many bytes as people say them.
    pub ja: &'static str,
    /// The same in English.
    pub en: &'static str,
}

/// Declares codes as constants and lists them in `CODES`.
#[macro_export]
macro_rules! codes {
    ($($constant:ident = $status:literal $name:literal, $ja:literal, $en:literal;)+) => {
        $(#[doc = concat!("`", $name, "`: ", $en)]
        pub static $constant: $crate::Code = $crate::Code { name: $name, status: $status, ja: $ja, en: $en };)+
        /// Every code declared here, for the API document and the test that they are unique.
        pub static CODES: &[&$crate::Code] = &[$(&$constant),+];
    };
}

codes! {
    NOT_FOUND = 404 "not_found", "これは、もうないか、あなたには開けないものです。", "This is gone, or not yours to open.";
    FORBIDDEN = 403 "permission.denied", "この操作は、あなたの役割ではできません。必要なときは、管理者に頼んでください。", "Your role does not allow this. Ask an administrator if you need it.";
    SERVER_FAULT = 500 "server.fault", "サーバーの中でつまずきました。入力は失われていません。少し待って、もう一度試してください。", "Something failed inside the server. Nothing you entered is lost. Wait a moment and try again.";
    STORAGE_BUSY = 503 "storage.busy", "いまは込み合っていて書き込めませんでした。少し待って、もう一度試してください。", "The server was too busy to write this. Wait a moment and try again.";
    STORAGE_FULL = 507 "storage.full", "サーバーの置き場所が残り少ないため、ファイルを受け取れません。文は送れます。管理者に、ディスクの空きを増やすよう頼んでください。", "The server's disk is nearly full, so no file can be taken. Text can still be sent. Ask an administrator to make room on the disk.";
    BODY_UNREADABLE = 400 "body.unreadable", "送られた内容を読み取れませんでした。JSONの形を確かめてください。", "The body could not be read. Check that it is well-formed JSON.";
    BODY_SHAPE = 422 "body.shape", "送られた内容の形が違います。{hint}", "The body does not have the expected shape. {hint}";
    BODY_UNKNOWN_FIELD = 422 "body.unknown_field", "知らない項目があります。{hint}", "There is a field this request does not know. {hint}";
    FIELDS = 422 "fields.invalid", "直してほしい項目があります。", "Some fields need correction.";
    ID_SHAPE = 404 "not_found.id", "これは、もうないか、あなたには開けないものです。", "This is gone, or not yours to open.";
    FIELD_REQUIRED = 422 "field.required", "入力してください。", "Enter a value.";
    FIELD_TOO_LONG = 422 "field.too_long", "{limit}文字までにしてください。", "Use at most {limit} characters.";
    FIELD_CHARACTERS = 400 "field.characters", "見えない文字や、向きを変える文字が入っています。消してください。", "Contains invisible or direction-changing characters. Remove them.";
}

/// What is wrong with one field of what was sent.
#[derive(Debug, Clone)]
pub struct FieldFault {
    /// The field's name as in the request.
    pub field: String,
    /// What is wrong.
    pub code: &'static Code,
    /// Facts for the words.
    pub facts: Map<String, Value>,
}

impl FieldFault {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, code: &'static Code) -> Self {
        Self { field: field.into(), code, facts: Map::new() }
    }
    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        self.facts.insert(name.to_owned(), fact(value));
        self
    }
    /// The words, Japanese and English.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        (fill(self.code.ja, &self.facts), fill(self.code.en, &self.facts))
    }
}

/// A no, with its reasons.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub code: &'static Code,
    /// Facts for the words and for programs. Never a secret, message text or file name.
    pub facts: Map<String, Value>,
    /// Faults of single fields.
    pub fields: Vec<FieldFault>,
    /// What went wrong underneath; for the log, never for the client.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Refusal {
    /// A no for this reason.
    #[must_use]
    pub fn new(code: &'static Code) -> Self {
        Self { code, facts: Map::new(), fields: Vec::new(), cause: None }
    }
    /// A failure of our own: 500, the cause goes to the log.
    pub fn fault(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(&SERVER_FAULT) }
    }
    /// A no because of these fields; the status is the first field's (400 or 422).
    #[must_use]
    pub fn fields(fields: Vec<FieldFault>) -> Self {
        Self { fields, ..Self::new(&FIELDS) }
    }
    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        self.facts.insert(name.to_owned(), fact(value));
        self
    }
    /// The words, Japanese and English.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        (fill(self.code.ja, &self.facts), fill(self.code.en, &self.facts))
    }
    /// The HTTP status: the code's own, except that [`FIELDS`], a mere list of field faults, takes the first field's.
    #[must_use]
    pub fn status(&self) -> u16 {
        let listed = self.fields.first().filter(|_| self.code == &FIELDS);
        listed.map_or(self.code.status, |first| first.code.status)
    }
}

impl From<&'static Code> for Refusal {
    fn from(code: &'static Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name)?;
        for fault in &self.fields {
            write!(f, " {}={}", fault.field, fault.code.name)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

fn fact(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn fill(words: &str, facts: &Map<String, Value>) -> String {
    let mut filled = words.to_owned();
    for (name, value) in facts {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        filled = filled.replace(&format!("{{{name}}}"), &text);
        if let Some(bytes) = value.as_u64() {
            filled = filled.replace(&format!("{{{name}:size}}"), &size::words(bytes));
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_fill_the_words() {
        let refusal = Refusal::new(&FIELD_TOO_LONG).fact("limit", 40);
        assert_eq!(
            refusal.words(),
            ("40文字までにしてください。".into(), "Use at most 40 characters.".into())
        );
    }

    #[test]
    fn sizes_are_words_for_people_and_numbers_for_programs() {
        static FULL: Code = Code {
            name: "test.full",
            status: 413,
            ja: "{limit:size}まで（{limit}）",
            en: "{limit:size}, {used:size}",
        };
        let refusal = Refusal::new(&FULL).fact("limit", 1_i64 << 30).fact("used", 0);
        assert_eq!(refusal.words(), ("1 GBまで（1073741824）".into(), "1 GB, 0 B".into()));
        assert_eq!(refusal.facts["limit"], 1 << 30);
    }

    #[test]
    fn a_field_fault_decides_the_status() {
        let refusal = Refusal::fields(vec![FieldFault::new("display_name", &FIELD_CHARACTERS)]);
        assert_eq!(
            (refusal.status(), refusal.to_string().as_str()),
            (400, "fields.invalid display_name=field.characters")
        );
    }
}
