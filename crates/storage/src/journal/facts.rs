//! What can have happened, as types: each feature's `events.rs` declares one enum with [`facts!`](crate::facts).

use super::Event;

/// The facts of one feature: a kind and a JSON body, both ways.
pub trait Facts: Sized {
    /// `feature.happened`.
    fn kind(&self) -> &'static str;
    /// The body as JSON.
    ///
    /// # Errors
    /// When a field cannot be JSON.
    fn body(&self) -> serde_json::Result<String>;
    /// Reads a body; `None` when the kind is another feature's.
    fn read(kind: &str, body: &str) -> Option<serde_json::Result<Self>>;
    /// Reads an event's facts.
    fn of(event: &Event) -> Option<serde_json::Result<Self>> {
        Self::read(&event.kind, &event.body)
    }
}

/// Declares an enum of facts, each variant with its stable kind and its payload.
#[macro_export]
macro_rules! facts {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $kind:literal => $variant:ident($payload:ty)),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "the kind says it")]
        $vis enum $name { $($(#[$vdoc])* $variant($payload)),+ }

        impl $crate::Facts for $name {
            fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind),+ }
            }
            fn body(&self) -> serde_json::Result<String> {
                match self { $(Self::$variant(payload) => serde_json::to_string(payload)),+ }
            }
            fn read(kind: &str, body: &str) -> Option<serde_json::Result<Self>> {
                match kind { $($kind => Some(serde_json::from_str(body).map(Self::$variant)),)+ _ => None }
            }
        }
        $(impl From<$payload> for $name {
            fn from(payload: $payload) -> Self { Self::$variant(payload) }
        })+
    };
}
