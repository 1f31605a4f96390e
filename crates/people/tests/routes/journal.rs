//! What the journal holds of all this, and what it must never hold.

use axum::http::Method;
use kairan_core::Seq;
use kairan_people::testing::{PASSWORD, World, schema};
use kairan_storage::testing::both_engines;
use kairan_storage::{Event, Reader, Stream, events_after};
use serde_json::json;

pub(crate) async fn events(world: &World, stream: Stream) -> Vec<Event> {
    let read = async move |reader: &mut Reader| events_after(reader, stream, Seq::START, 1_000).await;
    world.base.store.read::<_, kairan_storage::Error, _>(read).await.expect("events")
}

/// R50
#[tokio::test]
async fn the_door_writes_down_who_came_and_who_was_refused() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        world
            .anyone(
                Method::POST,
                "/session",
                &json!({"login": hana.login, "password": "ちがうパスワードです"}),
            )
            .await
            .refused(401, "signin.refused");
        world
            .anyone(Method::POST, "/session", &json!({"login": "my secret typed here", "password": "x"}))
            .await
            .refused(401, "signin.refused");
        let again = world.sign_in(&hana).await;
        world.delete(&again, "/session").await;
        let own = events(&world, Stream::Member(hana.id)).await;
        let kinds = own.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>();
        assert_eq!(
            kinds,
            [
                "password.set",
                "session.opened",
                "device.added",
                "session.bound",
                "device.consented",
                "session.renewed",
                "signin.refused",
                "session.opened",
                "session.closed"
            ]
        );
        assert!(
            own[8].body.contains(&again.session.to_string()),
            "whoever holds a socket for it can tell (R20)"
        );
        let organisation = events(&world, Stream::Organisation).await;
        let kinds = organisation.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>();
        assert_eq!(
            kinds,
            [
                "organisation.founded",
                "member.added",
                "member.joined",
                "member.added",
                "invitation.made",
                "invitation.used",
                "member.joined",
                "signin.unknown"
            ]
        );
    })
    .await;
}

/// R2, R18, invariant 7: no event carries a secret, nor what somebody typed as one.
#[tokio::test]
async fn no_event_carries_a_secret() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let sheets =
            world.post(&world.owner, "/invitations", &json!({"members": [hana.id]})).await.expect(201);
        let link =
            sheets[0]["url"].as_str().expect("a link").split_once('#').expect("a fragment").1.to_owned();
        let codes = world.post(&hana, "/me/recovery-codes", &json!({"password": PASSWORD})).await.expect(200);
        world
            .anyone(Method::POST, "/session", &json!({"login": "typed-by-mistake", "password": "x"}))
            .await
            .refused(401, "signin.refused");
        let mut all = events(&world, Stream::Organisation).await;
        all.extend(events(&world, Stream::Member(hana.id)).await);
        all.extend(events(&world, Stream::Member(world.owner.id)).await);
        let token = |cookie: &str| cookie.split_once('=').expect("a pair").1.to_owned();
        let mut secrets = vec![
            PASSWORD.to_owned(),
            link,
            token(&hana.cookie),
            token(&world.owner.cookie),
            "typed-by-mistake".into(),
            "argon2".into(),
        ];
        secrets.extend(
            codes["recovery_codes"]
                .as_array()
                .expect("codes")
                .iter()
                .map(|code| code.as_str().expect("text").to_owned()),
        );
        for event in all {
            for secret in &secrets {
                assert!(!event.body.contains(secret), "{} holds {secret}", event.kind);
            }
        }
    })
    .await;
}
