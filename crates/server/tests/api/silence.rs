//! Invariant 7: no secret, no text and no name of a person ever reaches the log, at whatever level it is read.
//!
//! The log of this whole test program is listened to; what it says is thrown away unless one of the words is in it that
//! only this scenario uses.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Method, Request};
use kairan_core::MessageId;
use kairan_people::testing::{ORIGIN, PASSWORD};
use kairan_server::config::{Flags, load};
use kairan_server::environment::Environment;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::socket::{Cursors, Socket, ticket};
use crate::world::{Server, on_both_engines};

/// What secrets, texts, names and addresses of this scenario have in them, each.
const MARKS: [&str; 4] = ["Zq7-geheim", "秘密の文", "黙田", "203.0.113.77"];

/// Lines that should not have been written.
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Secrets that the server made during the scenario.
static MADE: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        if MARKS.iter().any(|mark| line.contains(mark))
            || made.iter().any(|secret| line.contains(secret.as_str()))
        {
            heard.push(line.into_owned());
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() {
    let flags = Flags {
        file: None,
        settings: vec![("log.format", "json".to_owned()), ("log.level", "trace".to_owned())],
    };
    let config = load(&flags, &Environment::default()).expect("a good configuration");
    tracing::subscriber::set_global_default(kairan_server::logging::subscriber(&config.log, || Ear))
        .expect("nothing else of this program listens");
}

#[tokio::test]
async fn the_log_holds_no_secret_no_text_and_no_name() {
    listen();
    on_both_engines(async |server| {
        join_and_sign_in(&server).await;
        talk(&server).await;
    })
    .await;
    tracing::info!("Zq7-geheim: what is said on purpose is heard");
    let heard = HEARD.lock().expect("no one panics while holding it");
    let [on_purpose] = &heard[..] else { panic!("{heard:#?}") };
    assert!(on_purpose.contains("on purpose"));
}

/// Remembers a secret that the server made.
fn keep(secret: &str) {
    MADE.lock().expect("no one panics while holding it").push(secret.to_owned());
}

async fn join_and_sign_in(server: &Server) {
    let new = json!({"family_name": "黙田", "given_name": "守", "family_kana": "もくだ", "given_kana": "まもる", "kind": "employee",
        "login": "zq7-geheim-login", "email": "Zq7-geheim@example.jp", "staff_number": "Zq7-geheim-1"});
    let member = server.post(&server.owner, "/members", &new).await.expect(201)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let invited = server.post(&server.owner, "/invitations", &json!({"members": [member]})).await.expect(201);
    let token = invited[0]["url"].as_str().expect("a link").split_once('#').expect("a fragment").1.to_owned();
    keep(&token);
    let password = "Zq7-geheim 合言葉は長いほどよい";
    for (path, body) in [
        ("/invitations/look", json!({"token": token})),
        ("/invitations/accept", json!({"token": token, "password": password})),
        ("/invitations/accept", json!({"token": token, "password": password})),
        ("/passwords/check", json!({"password": password, "login": "zq7-geheim-login"})),
        ("/session", json!({"login": "zq7-geheim-login", "password": "Zq7-geheim wrong"})),
        ("/session", json!({"login": "Zq7-geheim-nobody", "password": password})),
        ("/session", json!({"login": "Zq7-geheim", "password": password, "Zq7-geheim": 1})),
        ("/session", json!({"login": ["Zq7-geheim"], "password": {"Zq7-geheim": password}})),
        (
            "/session/recover",
            json!({"login": "zq7-geheim-login", "code": "Zq7-geheim", "password": password}),
        ),
        ("/setup", json!({"Zq7-geheim": "秘密の文"})),
    ] {
        server.anyone(Method::POST, path, &body).await;
    }
}

async fn talk(server: &Server) {
    let person = server.member("黙田 語").await;
    keep(person.cookie.split_once('=').expect("a cookie").1);
    let codes = server.post(&person, "/me/recovery-codes", &json!({"password": PASSWORD})).await.expect(200);
    codes["recovery_codes"]
        .as_array()
        .expect("codes")
        .iter()
        .for_each(|code| keep(code.as_str().expect("text")));
    server
        .put(
            &person,
            "/me/password",
            &json!({"current": "Zq7-geheim", "password": "Zq7-geheim 新しい合言葉です"}),
        )
        .await
        .refused(403, "password.wrong");

    let room = server
        .room_of(
            &server.owner,
            &[&person],
            json!({"kind": "group", "history": "all", "description": "秘密の文"}),
        )
        .await;
    server
        .patch(&server.owner, &format!("/rooms/{room}"), &json!({"name": "秘密の文", "Zq7-geheim": 1}))
        .await;
    let message = server.say(&person, room, "秘密の文 Zq7-geheim").await;
    server
        .patch(&person, &format!("/rooms/{room}/messages/{message}"), &json!({"text": "直した秘密の文"}))
        .await
        .expect(200);
    server
        .put(
            &person,
            &format!("/rooms/{room}/messages/{}", server.id::<MessageId>()),
            &json!({"text": format!("秘密の文{}", "あ".repeat(9_000))}),
        )
        .await;
    for (kind, body) in [
        ("application/json", &b"{\"text\":\"Zq7-geheim\xff"[..]),
        ("text/Zq7-geheim", b"Zq7-geheim"),
        ("text/csv", "姓,名\n黙田,秘密の文\n".as_bytes()),
    ] {
        for path in [&format!("/rooms/{room}/messages/{message}"), "/members/import/preview", "/session"] {
            let request = Request::post(format!("/api/v1{path}?token=Zq7-geheim"))
                .header("origin", ORIGIN)
                .header("cookie", &person.cookie)
                .header("content-type", kind)
                .header("user-agent", "Zq7-geheim")
                .header("x-forwarded-for", "203.0.113.77")
                .header("referer", "http://localhost:8080/join#Zq7-geheim");
            server.raw(request.body(Body::from(body.to_vec())).expect("a request")).await;
        }
    }
    // A file's name: taken, refused, infected with nothing, opened, asked for as what it is not.
    let file = server.send_file(&person, room, "秘密の文 Zq7-geheim.txt", "秘密の文".as_bytes()).await;
    server.upload(&person, room, "黙田.txt", b"text").await;
    let refused: kairan_core::FileId = server.id();
    let new = json!({"room": room, "name": "../Zq7-geheim.txt", "size": 4, "media": "Zq7-geheim"});
    server.put(&person, &format!("/uploads/{refused}"), &new).await.refused(422, "file.name_path");
    let mismatch = json!({"room": room, "name": "秘密の文.pdf", "size": 4});
    server.put(&person, &format!("/uploads/{refused}"), &mismatch).await.expect(201);
    server.put_bytes(&person, &format!("/uploads/{refused}/parts/0"), b"Zq7-".to_vec()).await.expect(204);
    server
        .post(&person, &format!("/uploads/{refused}/finish"), &json!(null))
        .await
        .refused(415, "file.type_mismatch");
    let link =
        server.post(&person, &format!("/files/{file}/open"), &json!({"how": "view"})).await.expect(200);
    let link = link["url"].as_str().expect("a link").to_owned();
    keep(link.split_once("ticket=").expect("a ticket").1);
    server.get(&person, &link).await.expect(200);
    let page = server.metrics.page();
    assert!(!MARKS.iter().any(|mark| page.contains(mark)), "{page}");
    assert!(page.contains("kairan_file_received_bytes_total"), "{page}");
    for path in [
        "/rooms/Zq7-geheim",
        "/members?after=Zq7-geheim",
        "/Zq7-geheim?Zq7-geheim=1",
        "/rooms/%E9%BB%99%E7%94%B0",
    ] {
        server.get(&person, path).await;
    }
    let one = ticket(server, &person).await;
    keep(&one);
    let mut socket = Socket::open(server, &person).await;
    server.say(&server.owner, room, "秘密の文").await;
    socket.until(|frame| frame["body"]["text"] == "秘密の文").await;
    socket.send_raw(Message::Text("{\"t\":\"Zq7-geheim\"}".into())).await;
    assert_eq!(socket.end().await, Some(1007));
    Socket::back(server, &person, &Cursors::from([(room.to_string(), 1)])).await;
    server.delete(&person, "/session").await.expect(204);
}
