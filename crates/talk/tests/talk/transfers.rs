//! Files that take long on their way in or out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::{StreamExt as _, stream};
use kairan_core::FileId;
use kairan_people::testing::{ORIGIN, Person};
use kairan_talk::files::Receiving;
use serde_json::Value;
use tokio::sync::Notify;

use crate::files::PART;
use crate::support::{Organisation, in_organisations, in_organisations_receiving};

/// Bytes sent between two looks whether they still may be (R25).
const LOOK_AGAIN: usize = 16 << 20;

impl Organisation {
    /// A link's bytes as they come.
    async fn stream(&self, person: &Person, link: &str) -> BodyDataStream {
        let request = Request::get(format!("/api/v1{link}")).header("cookie", &person.cookie);
        let response = self.answer(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), 200);
        response.into_body().into_data_stream()
    }
}

/// Reads on to the end: how many bytes came, and whether it ended well.
async fn rest(stream: &mut BodyDataStream) -> (usize, bool) {
    let mut bytes = 0;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => bytes += piece.len(),
            Err(_) => return (bytes, false),
        }
    }
    (bytes, true)
}

/// R25: a download that is under way ends where its reader lost the file, and ends as a failure, not as a short file.
#[tokio::test]
async fn a_long_download_stops_when_its_reader_may_not_go_on() {
    in_organisations(async |o| {
        let (removed, leaving, stays) =
            (o.member("去年 去").await, o.member("出口 出").await, o.member("居残 居").await);
        let room = o.room(&o.owner, &[&removed, &leaving, &stays]).await;
        let bytes: Vec<u8> = (0..2 * LOOK_AGAIN + 2 * PART + 7).map(|at| (at % 251) as u8 | 0x80).collect();
        let file = o.upload(&o.owner, room, "録画.dat", &bytes).await;
        let message = o.send(&o.owner, room, &[file]).await;
        let mut streams = Vec::new();
        for person in [&removed, &leaving, &stays] {
            let link = o.link(person, file, "download").await;
            let mut stream = o.stream(person, &link).await;
            let first = stream.next().await.expect("a first piece").expect("it comes");
            streams.push((stream, first.len()));
        }
        let mut again = o.stream(&stays, &o.link(&stays, file, "download").await).await;
        again.next().await.expect("a first piece").expect("it comes");

        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", removed.id)).await.expect(204);
        o.delete(&leaving, "/session").await.expect(204);
        let mut ends = Vec::new();
        for (stream, first) in &mut streams {
            let (bytes, well) = rest(stream).await;
            ends.push((*first + bytes, well));
        }
        assert_eq!(ends, [(LOOK_AGAIN, false), (LOOK_AGAIN, false), (bytes.len(), true)]);

        // What is taken back ends for everybody.
        let message = message["id"].as_str().expect("an id");
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{message}")).await.expect(204);
        assert!(!rest(&mut again).await.1);
    })
    .await;
}

/// A body whose first byte waits to be let go.
#[derive(Default)]
struct Held {
    reached: Notify,
    open: Notify,
}

impl Held {
    fn body(self: &Arc<Self>, bytes: Vec<u8>) -> Body {
        let held = self.clone();
        Body::from_stream(stream::once(async move {
            held.reached.notify_one();
            held.open.notified().await;
            Ok::<_, std::io::Error>(bytes)
        }))
    }
}

fn part(person: &Person, file: FileId, n: usize, body: Body) -> Request<Body> {
    Request::put(format!("/api/v1/uploads/{file}/parts/{n}"))
        .header("origin", ORIGIN)
        .header("cookie", &person.cookie)
        .header("content-type", "application/octet-stream")
        .body(body)
        .expect("a request")
}

/// R39, R48: parts on their way in hold bounded memory; whoever has no turn comes again later and loses nothing.
#[tokio::test]
async fn only_so_many_parts_are_received_at_once() {
    in_organisations_receiving(
        || Receiving::new(2, 1, Duration::ZERO),
        async |o| {
            let o = Arc::new(o);
            let people = [o.owner.clone(), o.member("乙川 次郎").await, o.member("丙山 三奈").await];
            let room = o.room(&o.owner, &[&people[1], &people[2]]).await;
            let mut files = Vec::new();
            for person in &people {
                let (file, opened) = o.open(person, room, "帳簿.dat", PART + 1).await;
                opened.expect(201);
                files.push(file);
            }
            let mut under_way = Vec::new();
            for n in 0..2 {
                let (o, held) = (o.clone(), Arc::new(Held::default()));
                let request = part(&people[n], files[n], 1, held.body(vec![0x81]));
                under_way.push((held.clone(), tokio::spawn(async move { o.raw(request).await })));
                held.reached.notified().await;
            }
            let full = o.part(&people[0], files[0], 0, &vec![0x80; PART]).await;
            full.refused(429, "upload.too_many_at_once");
            let busy = o.part(&people[2], files[2], 1, &[0x81]).await;
            busy.refused(503, "upload.busy");
            for refused in [full, busy] {
                assert_eq!(
                    (&refused.headers["retry-after"], &refused.body["facts"]["retry_after_ms"]),
                    (&axum::http::HeaderValue::from_static("5"), &Value::from(5_000))
                );
            }
            for (held, answer) in under_way {
                held.open.notify_one();
                answer.await.expect("no panic").expect(204);
            }
            o.part(&people[0], files[0], 0, &vec![0x80; PART]).await.expect(204);
            o.part(&people[2], files[2], 1, &[0x81]).await.expect(204);
            for (n, received) in [(0, "[0,1]"), (1, "[1]"), (2, "[1]")] {
                let progress = o.get(&people[n], &format!("/uploads/{}", files[n])).await.expect(200);
                assert_eq!(progress["received"].to_string(), received);
            }
        },
    )
    .await;
}
