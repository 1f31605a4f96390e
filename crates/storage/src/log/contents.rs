//! The contents that events commit to: an event's body names one as an object with `commitment` and beside it the id,
//! as `content` or `id`.
//!
//! It stays true that content which was erased is no fault: its event stands, the proof with it.

use std::collections::HashMap;

use kairan_core::ContentId;
use serde_json::Value as Json;

use crate::database::Reader;
use crate::error::Result;
use crate::tx::commitment;
use crate::value::{Row, Value};

/// What an event says about a content.
pub struct Claim {
    /// Where it lies.
    pub content: ContentId,
    commitment: String,
}

/// What there is to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The content that was committed to.
    Same,
    /// Something else.
    Changed,
    /// Nothing any more.
    Erased,
}

/// The claims of an event's body.
pub fn claims(body: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    if body.contains("\"commitment\"")
        && let Ok(body) = serde_json::from_str(body)
    {
        collect(&body, &mut found);
    }
    found
}

fn collect(json: &Json, found: &mut Vec<Claim>) {
    match json {
        Json::Object(fields) => {
            let id = fields.get("content").or_else(|| fields.get("id")).and_then(Json::as_str);
            let commitment = fields.get("commitment").and_then(Json::as_str);
            if let (Some(content), Some(commitment)) = (id.and_then(|id| id.parse().ok()), commitment) {
                found.push(Claim { content, commitment: commitment.to_owned() });
            }
            fields.values().for_each(|value| collect(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// The contents of a page of events.
#[derive(Default)]
pub struct Contents(HashMap<ContentId, Vec<Value>>);

/// Contents asked for at once.
const ASKED: usize = 16;

impl Contents {
    /// Loads what the bodies in this column of the rows name.
    pub async fn load(reader: &mut Reader, rows: &[Row], body: usize) -> Result<Self> {
        let mut wanted = Vec::new();
        for row in rows {
            if let Some(Value::Text(body)) = row.values().get(body) {
                wanted.extend(claims(body).into_iter().map(|claim| claim.content));
            }
        }
        let sql = "SELECT id, salt, body FROM contents \
                   WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        let mut loaded = HashMap::with_capacity(wanted.len());
        for ids in wanted.chunks(ASKED) {
            // The last one again and again fills the places that are left.
            let asked = (0..ASKED).map(|at| Value::from(ids[at.min(ids.len() - 1)])).collect();
            for row in reader.query(sql, asked).await? {
                loaded.insert(row.get(0)?, row.values()[1..].to_vec());
            }
        }
        Ok(Self(loaded))
    }

    /// Holds a claim against what there is.
    pub fn check(&self, claim: &Claim) -> Found {
        match self.0.get(&claim.content).map(Vec::as_slice) {
            None | Some([Value::Null, Value::Null]) => Found::Erased,
            Some([Value::Bytes(salt), Value::Bytes(body)]) if commitment(salt, body) == claim.commitment => {
                Found::Same
            }
            Some(_) => Found::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_its_contents_wherever_they_stand() {
        let id = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";
        let named = |body: String| {
            claims(&body).into_iter().map(|claim| claim.content.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(named(format!(r#"{{"message":"{id}","content":"{id}","commitment":"ab"}}"#)), [id]);
        assert_eq!(
            named(format!(
                r#"{{"text":{{"id":"{id}","commitment":"ab"}},"files":[{{"content":"{id}","commitment":"cd"}}]}}"#
            )),
            [id, id]
        );
        assert!(named(r#"{"message":"x","commitment":null}"#.into()).is_empty());
        assert!(named("not JSON, though it says \"commitment\"".into()).is_empty());
    }
}
