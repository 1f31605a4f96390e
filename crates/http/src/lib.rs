//! What every route shares: how a request is read, and how a no is said.
//!
//! It stays true that nothing a client sends reaches a feature unread: a body is bounded, UTF-8, of the right shape and
//! without fields nobody knows; an id that is not one answers exactly as one that does not exist; a change asked for by
//! another site's page is refused before any handler runs (R22).

pub mod answer;
pub mod body;
pub mod client;
pub mod guard;
pub mod openapi;
pub mod path;
pub mod problem;
pub mod sheet;

pub use answer::{Created, NoContent};
pub use body::{Body, Octets, Upload, present};
pub use client::{ClientInfo, TrustedProxies};
pub use guard::{Origins, RequestId};
pub use path::{Asked, At};
pub use problem::{Answer, Problem};

kairan_core::codes! {
    BODY_TYPE = 415 "body.type", "送られた内容の種類が違います。{expected} で送ってください。", "The body has another content type. Send {expected}.";
    BODY_TOO_LARGE = 413 "body.too_large", "送られた内容が大きすぎます。{limit:size}までにしてください。", "The body is too large. Send at most {limit:size}.";
    BODY_STALLED = 408 "body.stalled", "送られた内容が途中で届かなくなりました。通信を確かめて、もう一度送ってください。", "The body stopped arriving halfway. Check the line and send it again.";
    ORIGIN_REFUSED = 403 "origin.refused", "ほかのサイトからの操作なので、受け付けませんでした。Kairanの画面を開いて、そこで操作してください。", "This came from another site, so it was not done. Open Kairan itself and do it there.";
    METHOD_REFUSED = 405 "method.refused", "この場所では、その操作は使えません。APIの説明を確かめてください。", "This address does not take that method. See the API document.";
    QUERY_SHAPE = 422 "query.shape", "URLの条件を読み取れませんでした。名前と形を確かめてください。", "The query could not be read. Check its names and values.";
}
