//! What hostile, clumsy or outdated clients send to the assembled server, each with the exact problem code, and that it
//! left nothing behind.

use std::iter;

use axum::body::Body;
use axum::http::Request;
use kairan_core::{FileId, MessageId, RoomId};
use kairan_people::testing::{ORIGIN, PASSWORD, Person};
use serde_json::{Value, json};

use crate::operations::PREFIX;
use crate::raw::exchange;
use crate::world::{Server, on_both_engines};

/// One request and what it is answered.
struct Case<'a> {
    method: &'a str,
    path: String,
    /// `None`: the header is left out.
    origin: Option<&'a str>,
    kind: Option<&'a str>,
    fetch_site: Option<&'a str>,
    body: Vec<u8>,
    answer: (u16, &'a str),
}

impl<'a> Case<'a> {
    fn new(
        method: &'a str,
        path: impl Into<String>,
        body: impl Into<Vec<u8>>,
        answer: (u16, &'a str),
    ) -> Self {
        let kind = Some("application/json");
        Self {
            method,
            path: path.into(),
            origin: Some(ORIGIN),
            kind,
            fetch_site: None,
            body: body.into(),
            answer,
        }
    }
    fn from(self, origin: Option<&'a str>, fetch_site: Option<&'a str>) -> Self {
        Self { origin, fetch_site, ..self }
    }
    fn of_kind(self, kind: Option<&'a str>) -> Self {
        Self { kind, ..self }
    }

    async fn check(self, server: &Server, person: &Person) {
        let Self { method, path, origin, kind, fetch_site, body, answer } = self;
        let mut request =
            Request::builder().method(method).uri(format!("{PREFIX}{path}")).header("cookie", &person.cookie);
        let named = [("origin", origin), ("content-type", kind), ("sec-fetch-site", fetch_site)];
        for (name, value) in named.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request = request.header(name, value);
        }
        let sent = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let reply = server.raw(request.body(Body::from(body)).expect("a request")).await;
        let got = (reply.status.as_u16(), reply.body["code"].as_str().unwrap_or_default());
        assert_eq!(got, answer, "{method} {path} {sent}: {}", reply.text);
        assert_eq!(reply.headers["content-type"], "application/problem+json", "{method} {path}");
    }
}

#[tokio::test]
async fn each_bad_body_has_its_code() {
    on_both_engines(async |server| {
        let room = server.room(&server.owner, &[]).await;
        let (new, base) = (server.id::<MessageId>(), format!("/rooms/{room}"));
        let message = format!("{base}/messages/{new}");
        let put = |body: &[u8], answer| Case::new("PUT", &message, body, answer);
        let file: FileId = server.id();
        let upload = format!("/uploads/{file}");
        let upload_of = |rest: &str| format!("{{\"room\":\"{room}\",{rest}}}");
        let cases = vec![
            put(b"", (400, "body.unreadable")),
            put(b"{", (400, "body.unreadable")),
            put(b"{\"text\":\"a\"", (400, "body.unreadable")),
            put(b"{\"text\":\"a\"}{}", (400, "body.unreadable")),
            put(b"{'text':'a'}", (400, "body.unreadable")),
            put(b"{\"text\":\"\xff\"}", (400, "body.unreadable")),
            put(b"{\"text\":\"\xed\xa0\x80\"}", (400, "body.unreadable")), // a surrogate in UTF-8
            put(b"{\"text\":\"\\ud800\"}", (400, "body.unreadable")),      // half a pair, escaped
            put(b"\xef\xbb\xbf{\"text\":\"a\"}", (400, "body.unreadable")), // a byte order mark (RFC 8259 §8.1)
            put(&nested(20_000), (422, "body.shape")),
            put(b"null", (422, "body.shape")),
            put(b"[]", (422, "body.shape")),
            put(b"\"text\"", (422, "body.shape")),
            put(b"{}", (422, "body.shape")),
            put(br#"{"text":7}"#, (422, "body.shape")),
            put(br#"{"text":null}"#, (422, "body.shape")),
            put(br#"{"text":["a"]}"#, (422, "body.shape")),
            put(br#"{"text":"a","text":"b"}"#, (422, "body.shape")),
            put(br#"{"text":"a","label":"urgent"}"#, (422, "body.shape")),
            put(br#"{"text":"a","reply_to":"x"}"#, (422, "body.shape")),
            put(br#"{"text":"a","author":"me"}"#, (422, "body.unknown_field")),
            put(br#"{"text":"a","Text":"b"}"#, (422, "body.unknown_field")),
            put(br#"{"text":""}"#, (422, "text.empty")),
            put(br#"{"text":"  \n "}"#, (422, "text.empty")),
            put(br#"{"text":"a\u0000b"}"#, (422, "text.character")),
            put(json!({"text": "あ".repeat(8_001)}).to_string().as_bytes(), (422, "text.too_long")), // R34
            put(
                json!({"text": format!("e{}", "\u{301}\u{302}".repeat(6))}).to_string().as_bytes(),
                (422, "text.too_many_marks"),
            ),
            put(b"{\"text\":\"a\"}", (415, "body.type")).of_kind(None),
            put(b"{\"text\":\"a\"}", (415, "body.type")).of_kind(Some("text/plain")),
            put(b"text=a", (415, "body.type")).of_kind(Some("application/x-www-form-urlencoded")),
            Case::new("PUT", format!("{base}/read"), br#"{"upto":"1"}"#, (422, "body.shape")),
            Case::new("PUT", format!("{base}/read"), br#"{"upto":1.5}"#, (422, "body.shape")),
            Case::new("PUT", format!("{base}/read"), br#"{"upto":9223372036854775808}"#, (422, "body.shape")),
            Case::new("PUT", format!("{base}/mine"), br#"{"notify":"some"}"#, (422, "body.shape")),
            Case::new("PUT", format!("{base}/mine"), br#"{"quiet_until":"noon"}"#, (422, "body.shape")),
            Case::new("PUT", format!("{base}/mine"), br#"{"muted":true}"#, (422, "body.unknown_field")),
            Case::new("PUT", "/me/notifications", br#"{"mail":"yes"}"#, (422, "body.shape")),
            Case::new(
                "PUT",
                "/me/notifications",
                br#"{"quiet_until":9223372036854775807}"#,
                (422, "quiet.too_long"),
            ),
            Case::new(
                "PUT",
                "/me/push",
                br#"{"endpoint":"https://fcm.googleapis.com/x"}"#,
                (422, "body.shape"),
            ),
            Case::new(
                "PUT",
                "/me/push",
                br#"{"endpoint":"http://169.254.169.254/","p256dh":"a","auth":"b"}"#,
                (422, "push.service_unknown"),
            ),
            Case::new("PATCH", &base, br#"{"kind":"direct"}"#, (422, "body.unknown_field")),
            Case::new("PATCH", &base, br#"{"history":"none"}"#, (422, "body.shape")),
            Case::new("PATCH", &base, br#"{"icon":"AB"}"#, (422, "fields.invalid")),
            Case::new("PATCH", &base, br#"{"name":"  "}"#, (422, "fields.invalid")),
            Case::new("POST", "/members/import/preview", b"name,kana\n", (415, "body.type")),
            Case::new("PUT", &upload, br#"{"name":"a","size":1}"#, (422, "body.shape")),
            Case::new("PUT", &upload, upload_of(r#""name":"a","size":"1""#), (422, "body.shape")),
            Case::new("PUT", &upload, upload_of(r#""name":"a","size":-1"#), (422, "file.empty")),
            Case::new(
                "PUT",
                &upload,
                upload_of(r#""name":"a","size":1,"kind":"image""#),
                (422, "body.unknown_field"),
            ),
            Case::new(
                "PUT",
                &upload,
                upload_of(r#""name":"a\u0000","size":1"#),
                (422, "file.name_characters"),
            ),
            Case::new(
                "PUT",
                &upload,
                upload_of(r#""name":"a","size":9223372036854775807"#),
                (413, "file.too_large"),
            ),
            Case::new("PUT", format!("{upload}/parts/0"), b"x", (415, "body.type")),
            Case::new("PUT", format!("{upload}/parts/0"), b"x", (404, "not_found"))
                .of_kind(Some("application/octet-stream")),
            Case::new("PUT", format!("{upload}/parts/-1"), b"x", (404, "not_found"))
                .of_kind(Some("application/octet-stream")),
            Case::new("POST", format!("/files/{file}/open"), br#"{"how":"run"}"#, (422, "body.shape")),
            Case::new("POST", format!("/files/{file}/open"), br#"{"how":"view"}"#, (404, "not_found")),
            Case::new(
                "PUT",
                "/me/preferences",
                br#"{"language":"fr","theme":null,"enter_sends":true}"#,
                (422, "body.shape"),
            ),
        ];
        let mut cases = cases;
        cases.extend(bad_things_of_ones_own(&server, &base));
        for case in cases {
            case.check(&server, &server.owner).await;
        }
        let head = server.get(&server.owner, &base).await.expect(200)["head"].clone();
        assert_eq!(head, 1, "none of it is in the journal");
    })
    .await;
}

/// Drafts, reminders and scheduled messages that are none.
fn bad_things_of_ones_own(server: &Server, room: &str) -> Vec<Case<'static>> {
    let draft = format!("{room}/draft");
    let (reminder, schedule) = (
        format!("/reminders/{}", server.id::<MessageId>()),
        format!("/schedules/{}", server.id::<MessageId>()),
    );
    let named = room.trim_start_matches("/rooms/");
    let later = |body: Value| body.to_string();
    let shape = (422, "body.shape");
    vec![
        Case::new("PUT", &draft, r#"{"text":"a"}"#, shape),
        Case::new(
            "PUT",
            &draft,
            r#"{"text":"a","picked":[["a"]],"label":null,"reply_to":null,"at":0}"#,
            shape,
        ),
        Case::new(
            "PUT",
            &draft,
            r#"{"text":"a","picked":[],"label":null,"reply_to":null,"at":"now"}"#,
            shape,
        ),
        Case::new(
            "PUT",
            &draft,
            r#"{"text":"a","picked":[],"label":null,"reply_to":null,"at":0,"by":1}"#,
            (422, "body.unknown_field"),
        ),
        Case::new("DELETE", format!("{draft}?at=x"), "", (422, "query.shape")),
        Case::new("PUT", &reminder, "{}", shape),
        Case::new(
            "PUT",
            &reminder,
            later(json!({"message": server.id::<MessageId>(), "at": 0})),
            (404, "not_found"),
        ),
        Case::new("PUT", "/reminders/x", r#"{"message":"x","at":0}"#, (404, "not_found")),
        Case::new("PUT", &schedule, r#"{"text":"a","at":0}"#, shape),
        Case::new("PUT", &schedule, later(json!({"room": named, "text": "a", "at": 1.5})), shape),
        Case::new(
            "PUT",
            &schedule,
            later(json!({"room": named, "text": "a", "at": i64::MIN})),
            (422, "schedule.too_soon"),
        ),
        Case::new(
            "PUT",
            &schedule,
            later(json!({"room": named, "text": "a", "at": i64::MAX})),
            (422, "schedule.too_late"),
        ),
        Case::new(
            "PUT",
            &schedule,
            later(json!({"room": named, "text": "あ".repeat(8_001), "at": 0})),
            (422, "text.too_long"),
        ),
        Case::new("PATCH", &schedule, r#"{"text":"a"}"#, (404, "not_found")),
        Case::new("PATCH", &schedule, r#"{"room":"a"}"#, (422, "body.unknown_field")),
        Case::new("POST", format!("{schedule}/send"), "", (404, "not_found")),
        Case::new("PUT", format!("/bookmarks/{}", server.id::<MessageId>()), "", (404, "not_found")),
        Case::new("GET", "/bookmarks?limit=x", "", (422, "query.shape")).of_kind(None).from(None, None),
        Case::new("GET", "/unanswered?older_than=x", "", (422, "query.shape")).of_kind(None).from(None, None),
    ]
}

fn nested(depth: usize) -> Vec<u8> {
    format!("{{\"text\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
}

#[tokio::test]
async fn each_bad_address_has_its_code() {
    on_both_engines(async |server| {
        let room = server.room(&server.owner, &[]).await;
        let other = server.room(&server.owner, &[]).await;
        let message = server.say(&server.owner, other, "よその部屋").await;
        let get = |path: String, answer| Case::new("GET", path, "", answer).of_kind(None).from(None, None);
        let missing = (404, "not_found");
        let mut cases = vec![
            get("/rooms/x".into(), missing),
            get("/rooms/00000000-0000-0000-0000-00000000000".into(), missing),
            get(format!("/rooms/{}", room.to_string().to_uppercase()), missing),
            get(format!("/rooms/{}", room.to_string().replace('-', "")), missing),
            get(format!("/rooms/%7B{room}%7D"), missing),
            get(format!("/rooms/{room}%00"), missing),
            get(format!("/rooms/{room}/"), missing),
            get("/rooms/%FF".into(), missing),
            get("/rooms//messages".into(), missing),
            get("/messages/1".into(), missing),
            get(format!("/rooms/{room}/messages/{message}"), missing),
            get(format!("/rooms/{room}/messages/{message}/readers"), missing),
            Case::new("PATCH", format!("/rooms/{room}/messages/{message}"), br#"{"text":"a"}"#, missing),
            Case::new("DELETE", format!("/rooms/{room}/messages/{message}"), "", missing),
            Case::new(
                "PUT",
                format!("/rooms/{room}/messages/{message}"),
                br#"{"text":"a"}"#,
                (409, "message.id_taken"),
            ),
            Case::new(
                "PUT",
                format!("/rooms/{room}/messages/{}", server.id::<MessageId>()),
                json!({"text": "a", "reply_to": message}).to_string(),
                (422, "reply.not_found"),
            ),
            Case::new("PUT", format!("/rooms/{room}/messages/{message}/pin"), "", missing),
            Case::new(
                "PUT",
                format!("/rooms/{other}/messages/{message}/answered"),
                "",
                (409, "message.not_answerable"),
            ),
            Case::new(
                "PUT",
                format!("/rooms/{other}/messages/{message}/reactions/abc"),
                "",
                (422, "reaction.shape"),
            ),
            Case::new("PUT", format!("/rooms/{other}/messages/{message}/reactions/%FF"), "", missing),
            Case::new("POST", format!("/rooms/{room}"), "{}", (405, "method.refused")),
            Case::new("TRACE", "/rooms", "", (405, "method.refused")),
            get("/nothing".into(), missing),
            // R1
            Case::new("POST", "/signup", "{}", (403, "signup.closed")),
        ];
        let bad = (422, "query.shape");
        for query in [
            "limit=ten",
            "limit=",
            "limit=1&limit=2",
            "before=1&after=2",
            "befor=1",
            "after=1.5",
            "after=99999999999999999999",
            "after=%FF",
        ] {
            cases.push(get(format!("/rooms/{room}/messages?{query}"), bad));
        }
        for query in ["", "?after=x", "?after=0&limit=x", "?before=1"] {
            cases.push(get(format!("/rooms/{room}/events{query}"), bad));
        }
        cases.push(get("/members?after=x".into(), bad));
        for query in [
            "",
            "?q=a&q=b",
            "?q=a&sort=oldest",
            "?q=a&limit=x",
            "?q=a&zone=JST",
            "?q=a&room=x",
            "?q=a&author=me",
            "?query=a",
        ] {
            cases.push(get(format!("/search{query}"), bad));
        }
        cases.push(get("/search?q=%20%E3%80%80".into(), (422, "search.empty")));
        cases.push(get(format!("/search?q={}", "a".repeat(301)), (422, "search.too_long")));
        cases.push(get("/search?q=a&cursor=1".into(), (422, "search.cursor")));
        cases.push(get(format!("/search?q=a&room={}", server.id::<RoomId>()), missing));
        for case in cases {
            case.check(&server, &server.owner).await;
        }
        // The ends of the number line are places too; nothing is there.
        for place in [i64::MIN, -1, 0, i64::MAX] {
            for part in ["before", "after", "around"] {
                for limit in [i64::MIN, 0, 201, i64::MAX] {
                    server
                        .get(&server.owner, &format!("/rooms/{room}/messages?{part}={place}&limit={limit}"))
                        .await
                        .expect(200);
                }
            }
            server.get(&server.owner, &format!("/rooms/{room}/events?after={place}")).await.expect(200);
            server
                .put(&server.owner, &format!("/rooms/{room}/read"), &json!({"upto": place}))
                .await
                .expect(200);
        }
    })
    .await;
}

/// R22, and that it is the browser's word which counts, not what is missing from it.
#[tokio::test]
async fn a_change_asked_for_by_another_site_is_refused() {
    on_both_engines(async |server| {
        let room = server.room(&server.owner, &[]).await;
        let refused = (403, "origin.refused");
        let origins = [
            (Some("https://evil.example"), None),
            (Some("null"), None),
            (Some(""), None),
            (Some("http://localhost"), None),
            (Some("http://localhost:8081"), None),
            (Some("https://localhost:8080"), None),
            (Some("http://LOCALHOST:8080"), None),
            (Some("http://localhost:8080.evil.example"), None),
            (Some("https://evil.example"), Some("same-origin")),
            (None, None),
            (None, Some("cross-site")),
            (None, Some("same-site")),
        ];
        for (origin, site) in origins {
            for (method, path, body) in [
                ("POST", "/gateway/ticket".to_owned(), ""),
                ("DELETE", "/session".to_owned(), ""),
                ("PUT", format!("/rooms/{room}/messages/{}", server.id::<MessageId>()), r#"{"text":"a"}"#),
                ("PATCH", format!("/rooms/{room}"), r#"{"name":"乗っ取り"}"#),
                ("POST", "/members/import".to_owned(), "姓\n"),
            ] {
                Case::new(method, path, body, refused).from(origin, site).check(&server, &server.owner).await;
            }
        }
        // Reading needs no proof of where it comes from: another site cannot read the answer.
        let request = Request::get(format!("{PREFIX}/session"))
            .header("cookie", &server.owner.cookie)
            .header("origin", "https://evil.example");
        let reply = server.raw(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(reply.headers.get("access-control-allow-origin"), None);
        reply.expect(200);
        let name = server.get(&server.owner, &format!("/rooms/{room}")).await.expect(200)["name"].clone();
        assert_eq!(name, "駅前店 連絡");
    })
    .await;
}

/// R39: by what it says of itself before any of it is read, and by its size while it is read.
#[tokio::test]
async fn a_body_too_large_is_refused_before_it_is_there() {
    on_both_engines(async |server| {
        let room = server.room(&server.owner, &[]).await;
        let cookie = &server.owner.cookie;
        let head = |method: &str, path: &str, kind: &str, more: &str| {
            format!("{method} {PREFIX}{path} HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: {ORIGIN}\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\nConnection: close\r\n{more}\r\n\r\n")
        };
        let message = format!("/rooms/{room}/messages/{}", server.id::<MessageId>());
        // The piece of a chunked body: its length in hexadecimal, the bytes, CR LF (RFC 9112 §7.1).
        let chunk = |byte: u8| iter::once(format!("{:x}\r\n", 32 * 1024).into_bytes()).chain([vec![byte; 32 * 1024], b"\r\n".to_vec()]).flatten().collect::<Vec<u8>>();
        let endless = |byte: u8| iter::repeat_with(move || chunk(byte)).take(400);
        let cases = [
            // Nothing of the body is ever sent: the answer comes on the head alone.
            (head("PUT", &message, "application/json", "Content-Length: 262145"), false, 256 * 1024),
            (head("PUT", &message, "application/json", "Content-Length: 9223372036854775807"), false, 4 * 1024 * 1024),
            (head("POST", "/session", "application/json", "Content-Length: 100000000"), false, 4 * 1024 * 1024),
            (head("POST", "/members/import", "text/csv", "Content-Length: 4194305"), false, 4 * 1024 * 1024),
            (head("PUT", &message, "application/json", "Transfer-Encoding: chunked"), true, 256 * 1024),
            (head("POST", "/members/import", "text/csv", "Transfer-Encoding: chunked"), true, 4 * 1024 * 1024),
        ];
        for (head, flows, limit) in cases {
            let first = head.lines().next().unwrap_or_default().to_owned();
            let answer = if flows { exchange(&server, &head, endless(b' ')).await } else { exchange(&server, &head, iter::empty()).await };
            assert_eq!((answer.status, &answer.body["code"], &answer.body["facts"]["limit"]), (413, &"body.too_large".into(), &limit.into()), "{first}: {answer:?}");
            // What the system's own buffers hold comes on top of the limit; the rest is never taken.
            assert!(answer.taken < limit + 8 * 1024 * 1024, "{first}: {}", answer.taken);
        }
        server.get(&server.owner, "/session").await.expect(200);
    })
    .await;
}

/// R2: what an invitation is worth in each state.
#[tokio::test]
async fn an_invitation_opens_once_in_time_and_while_it_stands() {
    on_both_engines(async |server| {
        let invite = async |login: &str| {
            let body = json!({"family_name": "招待", "given_name": login, "family_kana": "しょう", "given_kana": "たい", "kind": "employee", "login": login});
            let member = server.post(&server.owner, "/members", &body).await.expect(201)["id"].clone();
            let made = server.post(&server.owner, "/invitations", &json!({"members": [member]})).await.expect(201);
            let url = made[0]["url"].as_str().expect("a link").to_owned();
            (member.as_str().expect("an id").to_owned(), url.split_once('#').expect("a fragment").1.to_owned())
        };
        let refused = async |token: &str, status: u16, code: &str| {
            for (path, body) in [
                ("/invitations/look", json!({"token": token})),
                ("/invitations/accept", json!({"token": token, "password": PASSWORD})),
            ] {
                server.anyone(axum::http::Method::POST, path, &body).await.refused(status, code);
            }
        };
        let (_, used) = invite("used").await;
        let accept = json!({"token": used, "password": PASSWORD});
        server.anyone(axum::http::Method::POST, "/invitations/accept", &accept).await.expect(202);
        refused(&used, 410, "invitation.used").await;

        let (member, revoked) = invite("revoked").await;
        server.delete(&server.owner, &format!("/members/{member}/invitation")).await.expect(204);
        refused(&revoked, 410, "invitation.revoked").await;

        let (member, replaced) = invite("replaced").await;
        server.post(&server.owner, "/invitations", &json!({"members": [member]})).await.expect(201);
        refused(&replaced, 410, "invitation.revoked").await;

        let (_, late) = invite("late").await;
        server.base.clock.advance(72 * 60 * 60 * 1_000);
        refused(&late, 410, "invitation.expired").await;

        for unknown in ["", "x", &late[1..], &format!("{late}A"), "あ", &"A".repeat(10_000)] {
            refused(unknown, 404, "invitation.unknown").await;
        }
    })
    .await;
}

/// A room of one's own cannot be made out of another's, whatever the body says.
#[tokio::test]
async fn ids_in_bodies_are_checked_like_those_in_paths() {
    on_both_engines(async |server| {
        let (insider, outsider) = (server.member("内野 子").await, server.partner("外野 人").await);
        let room = server.room(&server.owner, &[&outsider]).await;
        let post = |text: String| json!({ "text": text });
        let path = || format!("/rooms/{room}/messages/{}", server.id::<MessageId>());
        let nobody = server.id::<kairan_core::MemberId>();
        for whom in [insider.id, nobody] {
            server.put(&outsider, &path(), &post(format!("@{{{whom}}}"))).await.refused(422, "mention.not_in_room");
            server.put(&outsider, &format!("/direct/{whom}"), &json!({"room": server.id::<RoomId>()})).await.refused(404, "not_found");
        }
        let taken = server.id::<RoomId>();
        let group = |members: Value| json!({"kind": "group", "name": "部屋", "history": "all", "members": members});
        server.put(&server.owner, &format!("/rooms/{taken}"), &group(json!([nobody]))).await.refused(422, "fields.invalid");
        server.put(&server.owner, &format!("/rooms/{taken}"), &group(json!([insider.id]))).await.expect(201);
        server.put(&server.owner, &format!("/direct/{}", insider.id), &json!({"room": taken})).await.refused(409, "room.id_taken");
        server.put(&server.owner, &format!("/direct/{}", server.owner.id), &json!({"room": server.id::<RoomId>()})).await.refused(422, "room.direct_self");
        let department = json!({"kind": "department", "name": "部署", "history": "all", "department": server.id::<kairan_core::DepartmentId>()});
        server.put(&server.owner, &format!("/rooms/{}", server.id::<RoomId>()), &department).await.refused(422, "fields.invalid");
    })
    .await;
}
