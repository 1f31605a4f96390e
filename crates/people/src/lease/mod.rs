//! Leases: the key under which a client keeps what it keeps on a device, on loan from a live session.
//!
//! It stays true that only a live session gets its key, that two sessions never have the same one, and that the server
//! keeps none: it derives the key again each time it is asked. A client that is not let in any more has no key to what lies
//! on its device once it has forgotten the one on loan, which it does when the lease ends (R13).

use axum::Json;
use axum::extract::{FromRef, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kairan_core::ids::Id;
use kairan_core::{Instant, Refusal};
use kairan_http::Answer;
use kairan_storage::blobs::SealingKey;
use kairan_storage::{Error, Reader};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::devices::rules::lease_life;
use crate::{Caller, People};

/// What the lease's route holds.
#[derive(Clone)]
pub struct Leases {
    /// Who is calling.
    pub people: People,
    /// What keys are derived from.
    pub sealing: SealingKey,
}

impl FromRef<Leases> for People {
    fn from_ref(leases: &Leases) -> Self {
        leases.people.clone()
    }
}

/// The route.
pub fn router() -> OpenApiRouter<Leases> {
    OpenApiRouter::new().routes(routes!(lease_key))
}

/// A key on loan. Not `Debug`: a key does not print itself.
#[derive(Serialize, ToSchema)]
struct Lease {
    /// 32 bytes, base64 (RFC 4648 §4); the same for the whole session.
    key: String,
    /// ms UTC; afterwards the client forgets the key and asks again.
    #[schema(value_type = i64)]
    expires_at: Instant,
}

/// Lends the session the key to what its client keeps on the device.
#[utoipa::path(post, path = "/session/lease", tag = "session", responses((status = 200, body = Lease)), security(("session" = [])))]
async fn lease_key(State(leases): State<Leases>, caller: Caller) -> Answer<Json<Lease>> {
    let (people, asking) = (leases.people.clone(), caller.clone());
    let read = async move |reader: &mut Reader| people.policy(reader, &asking).await;
    let policy = leases.people.store.read::<_, Error, _>(read).await.map_err(Refusal::from)?;
    let key = leases.sealing.derive("lease", &caller.session.bytes());
    let expires_at = leases.people.surroundings().now().plus_ms(lease_life(policy.lease_hours));
    Ok(Json(Lease { key: STANDARD.encode(key), expires_at }))
}
