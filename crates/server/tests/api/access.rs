//! R24: who may call what, walked from the API document; and what one may not see answers as what does not exist.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request};
use kairan_core::{DepartmentId, DeviceId, FileId, MemberId, MessageId, Role, RoomId, SessionId};
use kairan_people::testing::{ORIGIN, PASSWORD, Person, Reply};
use serde_json::json;

use crate::operations::{self, Named, Operation, PREFIX};
use crate::world::{Server, on_both_engines};

/// What works without a session: each has its own proof (a password, a token, a ticket) or says nothing secret.
const PUBLIC: [&str; 15] = [
    "accept_invitation",
    "challenge_passkey",
    "check_password",
    "confirm_device_wipe",
    "create_challenge",
    "enter_with_passkey",
    "get_gateway",
    "look_at_invitation",
    "open_session",
    "recover_session",
    "renew_session",
    "set_up",
    "show_device_standing",
    "show_welcome",
    "sign_up",
];

/// Addresses that are no operation of the API: the client, what stands before the API, pages for whoever runs the server,
/// and the document itself.
const PAGES: [&str; 7] = ["/", "/api", "/api/", "/api/v1/openapi.json", "/healthz", "/metrics", "/readyz"];

/// Ids that name nothing.
pub fn nothing(server: &Server) -> Named {
    Named {
        room: server.id::<RoomId>().to_string(),
        message: server.id::<MessageId>().to_string(),
        member: server.id::<MemberId>().to_string(),
        department: server.id::<DepartmentId>().to_string(),
        session: server.id::<SessionId>().to_string(),
        device: server.id::<DeviceId>().to_string(),
        own_device: server.id::<DeviceId>().to_string(),
        kept: server.id::<MessageId>().to_string(),
        file: server.id::<FileId>().to_string(),
        number: 0,
    }
}

#[tokio::test]
async fn without_a_session_only_the_public_operations_answer() {
    let all = operations::all();
    let public: BTreeSet<&str> =
        all.iter().filter(|one| !one.behind_session).map(|one| one.name.as_str()).collect();
    assert_eq!(public, BTreeSet::from(PUBLIC), "what the document says is public");
    on_both_engines(async |server| {
        for operation in operations::all() {
            let reply = operation.call(&server, None, &nothing(&server)).await;
            let refused = reply.status == 401 && reply.body["code"] == "session.missing";
            assert_eq!(
                refused, operation.behind_session,
                "{} {}: {}",
                operation.method, operation.path, reply.text
            );
        }
    })
    .await;
}

/// What a session that is not complete may do: complete itself, or end. Enrolling comes only to those who have nothing to
/// show: who has a factor shows it first.
pub const ENTERING: [&str; 3] = ["close_session", "show_factor", "show_standing"];
const ENROLLING: [&str; 5] =
    ["add_passkey", "challenge_new_passkey", "confirm_totp", "list_factors", "offer_totp"];

/// R4, R24: and nothing else, the socket's ticket included.
#[tokio::test]
async fn an_incomplete_session_can_only_be_completed_or_ended() {
    on_both_engines(async |server| {
        let without = server.member("要 登録").await;
        let role = json!({"role": "auditor"});
        server.patch(&server.owner, &format!("/members/{}", without.id), &role).await.expect(200);
        let with = server.with_role("要 確認", Role::Admin).await;
        for (person, needs) in [(&without, "enrol_factor"), (&with, "second_factor")] {
            let mut entering = halfway(&server, person, needs).await;
            for operation in operations::all().into_iter().filter(|one| one.behind_session) {
                let name = operation.name.as_str();
                let reply = operation.call(&server, Some(&entering), &nothing(&server)).await;
                let refused = reply.status == 403 && reply.body["code"] == "session.incomplete";
                let open = ENTERING.contains(&name) || (needs == "enrol_factor" && ENROLLING.contains(&name));
                assert_eq!(
                    refused, !open,
                    "{needs}: {} {}: {}",
                    operation.method, operation.path, reply.text
                );
                if refused {
                    assert_eq!(reply.body["facts"]["needs"], needs);
                }
                if name == "close_session" {
                    entering = halfway(&server, person, needs).await;
                }
            }
        }
    })
    .await;
}

/// Somebody whose password was right, and whose session needs more.
async fn halfway(server: &Server, person: &Person, needs: &str) -> Person {
    let body = json!({"login": person.login, "password": PASSWORD});
    let reply = server.anyone(Method::POST, "/session", &body).await;
    assert_eq!((reply.status.as_u16(), reply.body["needs"].as_str()), (202, Some(needs)), "{}", reply.text);
    Person { cookie: reply.cookie.expect("a cookie"), ..person.clone() }
}

/// A route that is in the router but not in the document, or takes a method the document does not know, fails here.
#[tokio::test]
async fn the_router_has_no_route_that_the_document_does_not_have() {
    on_both_engines(async |server| {
        let routes = routes(&format!("{:?}", server.app()));
        let mut known: BTreeSet<String> =
            operations::all().iter().map(|one| format!("{PREFIX}{}", one.path)).collect();
        known.extend(PAGES.map(str::to_owned));
        assert_eq!(routes, known);
        let all = operations::all();
        for path in all.iter().map(|one| &one.path).collect::<BTreeSet<_>>() {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                if all.iter().any(|one| one.path == *path && one.method == method) {
                    continue;
                }
                let one = all.iter().find(|one| one.path == *path).expect("it came from there");
                let address = one.path(&nothing(&server));
                let request = Request::builder()
                    .method(method)
                    .uri(format!("{PREFIX}{address}"))
                    .header("origin", ORIGIN);
                let reply = server.raw(request.body(Body::empty()).expect("a request")).await;
                // An address that another pattern also fits (/members/import is fit by /members/{id}) is that operation's.
                let other = all.iter().any(|one| one.method == method && fits(&one.path, path));
                assert!(other || reply.status == 405, "{method} {path}: {}", reply.text);
            }
        }
    })
    .await;
}

/// Every address in what the router says of itself.
fn routes(debug: &str) -> BTreeSet<String> {
    let quoted = debug.split('"').skip(1).step_by(2);
    let mut routes: BTreeSet<String> =
        quoted.filter(|text| text.starts_with('/')).map(str::to_owned).collect();
    // What stands for everything below a prefix is no route of its own.
    routes.retain(|route| !route.contains("{*"));
    routes
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(a, b)| a == b || a.starts_with('{'))
}

/// Where a client chooses the id of something new, an id that is taken cannot answer as one that is free. Both refuse with
/// 409 and nothing else; ids are 122 random and time bits that nobody guesses.
const MAKES: [&str; 3] = ["put_room", "put_message", "put_upload"];

#[tokio::test]
async fn what_one_may_not_see_answers_as_what_does_not_exist() {
    on_both_engines(async |server| {
        let hidden = Hidden::new(&server).await;
        for (who, person) in [("partner", &hidden.partner), ("member", &hidden.member)] {
            for operation in operations::all().into_iter().filter(|one| one.path.contains('{')) {
                for (case, there) in hidden.cases(&operation, who) {
                    let void = blank(&server, &hidden, &there);
                    let (real, fake) = (
                        operation.call(&server, Some(person), &there).await,
                        operation.call(&server, Some(person), &void).await,
                    );
                    let words = format!("{who}, {case}: {} {}", operation.method, operation.path);
                    if MAKES.contains(&operation.name.as_str()) && fake.status == 201 {
                        assert_eq!(real.status, 409, "{words}: {}", real.text);
                        assert!(
                            real.text.len() < 600 && !real.text.contains("駅前"),
                            "{words}: {}",
                            real.text
                        );
                        continue;
                    }
                    assert_eq!(told(&real), told(&fake), "{words}");
                    // Below /devices two operations are for whoever holds the device's key, and nobody else.
                    let keyless = real.body["code"] == "device.proof_refused";
                    let silent = matches!(real.status.as_u16(), 404 | 403 | 422 | 204);
                    assert!(silent || keyless, "{words}: {}", real.text);
                    if operation.is_of("rooms") && there.room == hidden.room {
                        let refused_by_role =
                            real.body["code"] == "permission.denied" && operation.name == "put_room";
                        assert!(real.status == 404 || refused_by_role, "{words}: {}", real.text);
                    }
                }
            }
        }
        assert_eq!(
            server.get(&server.owner, &format!("/rooms/{}", hidden.room)).await.expect(200)["head"],
            hidden.head
        );
    })
    .await;
}

/// A world with something to hide.
struct Hidden {
    /// A room that neither asker is in, one message in it with a file, and somebody who is only there.
    room: String,
    message: String,
    file: String,
    stranger: String,
    department: String,
    session: String,
    device: String,
    kept: String,
    head: serde_json::Value,
    /// A room both askers are in since after its first message.
    own: String,
    before: String,
    file_before: String,
    partner: Person,
    member: Person,
}

impl Hidden {
    async fn new(server: &Server) -> Self {
        let stranger = server.member("隠田 忍").await;
        let (partner, member) = (server.partner("社外 客").await, server.member("内山 一").await);
        let room = server.room(&server.owner, &[&stranger]).await;
        let message = server.say(&stranger, room, "見えてはいけない").await;
        let file = server.send_file(&stranger, room, "見えてはいけない.txt", b"text").await;
        let own = server.room_of(&server.owner, &[], json!({"kind": "group", "history": "from_join"})).await;
        let before = server.say(&server.owner, own, "来る前の話").await;
        let file_before = server.send_file(&server.owner, own, "来る前.txt", b"text").await;
        for newcomer in [&partner, &member] {
            server.add(&server.owner, own, newcomer).await;
            server
                .put(&server.owner, &format!("/rooms/{own}/managers/{}", newcomer.id), &json!(null))
                .await
                .expect(204);
        }
        let made = server
            .post(&server.owner, "/departments", &json!({"name": "隠れ課", "parent": null}))
            .await
            .expect(201);
        let head = server.get(&server.owner, &format!("/rooms/{room}")).await.expect(200)["head"].clone();
        let kept = keep(server, &stranger, &room.to_string(), &message.to_string()).await;
        Self {
            kept,
            room: room.to_string(),
            message: message.to_string(),
            file: file.to_string(),
            stranger: stranger.id.to_string(),
            department: made["id"].as_str().expect("an id").to_owned(),
            session: stranger.session.to_string(),
            device: stranger.browser.device.to_string(),
            head,
            own: own.to_string(),
            before: before.to_string(),
            file_before: file_before.to_string(),
            partner,
            member,
        }
    }

    /// Calls whose ids exist and are not for the asker to see.
    fn cases(&self, operation: &Operation, who: &str) -> Vec<(&'static str, Named)> {
        let there = Named {
            room: self.room.clone(),
            message: self.message.clone(),
            member: self.stranger.clone(),
            department: self.department.clone(),
            session: self.session.clone(),
            device: self.device.clone(),
            own_device: self.device.clone(),
            kept: self.kept.clone(),
            file: self.file.clone(),
            number: 1,
        };
        let mine = Named { room: self.own.clone(), ..there.clone() };
        let mut cases = vec![("all of it hidden", there)];
        if operation.is_of("rooms") && operation.names("message") {
            cases.push(("my room, a message of another", mine.clone()));
            cases.push((
                "my room, a message of before I came",
                Named { message: self.before.clone(), ..mine.clone() },
            ));
        }
        if operation.names("file") {
            cases.push(("my room, a file of another", mine.clone()));
            cases.push((
                "my room, a file of before I came",
                Named { file: self.file_before.clone(), ..mine.clone() },
            ));
        }
        if operation.is_of("rooms") && operation.names("member") {
            cases.push(("my room, a stranger", mine));
        }
        // A member of the organisation sees everyone in the directory, and every department.
        let by_directory = who == "member"
            && (operation.is_of("members")
                || operation.is_of("departments")
                || operation.is_of("direct")
                || operation.names("member"));
        if by_directory {
            cases.retain(|(case, _)| operation.is_of("rooms") && *case == "all of it hidden");
        }
        cases
    }
}

/// The same call with ids that name nothing, but for a room of the asker's own.
fn blank(server: &Server, hidden: &Hidden, there: &Named) -> Named {
    let room = if there.room == hidden.own { hidden.own.clone() } else { server.id::<RoomId>().to_string() };
    Named { room, number: there.number, ..nothing(server) }
}

/// Everything a client can tell two answers apart by, but for the request's own name.
fn told(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    (reply.status.as_u16(), reply.text.clone(), headers.collect())
}

/// R24: the matrix. A new operation, or one that answers somebody differently, changes the snapshot. Everyone asks for a
/// room they are in but do not answer for, a message of the owner's, a member and a department that are there.
#[tokio::test]
async fn role_by_operation() {
    on_both_engines(async |server| {
        let mut people = Vec::new();
        for role in Role::ALL {
            let name = format!("役割 {}", role.name());
            people.push(match role {
                Role::Partner => server.partner(&name).await,
                _ => server.with_role(&name, role).await,
            });
        }
        let there = server.member("端末 有る人").await;
        let mut table = format!("{:24}", "");
        for role in Role::ALL {
            table += &format!("{:>9}", role.name());
        }
        let mut number = 100;
        for operation in operations::all() {
            table += &format!("\n{:24}", operation.name);
            for person in &mut people {
                number += 1;
                let named = everyday(&server, person, &there, &operation, number).await;
                let named = if operation.name == "put_room" {
                    Named { room: nothing(&server).room, ..named }
                } else {
                    named
                };
                let named = if operation.name == "put_upload" {
                    Named { file: nothing(&server).file, ..named }
                } else {
                    named
                };
                let named = if operation.name == "put_message" {
                    Named { message: nothing(&server).message, ..named }
                } else {
                    named
                };
                let reply = operation.call(&server, Some(person), &named).await;
                table += &format!("{:>9}", reply.status.as_u16());
                if server.get(person, "/session").await.status == 401 {
                    *person = server.sign_in(person).await;
                }
            }
        }
        insta::assert_snapshot!("role_by_operation", table);
    })
    .await;
}

/// What the call names, all fresh: a room with the person in it, and what else its path or body asks for.
async fn everyday(
    server: &Server,
    person: &Person,
    there: &Person,
    operation: &Operation,
    number: usize,
) -> Named {
    let mut named = Named {
        session: person.session.to_string(),
        device: there.browser.device.to_string(),
        own_device: person.browser.device.to_string(),
        number,
        ..nothing(server)
    };
    let body = operation.body(server, &named).map(|(_, bytes)| bytes).unwrap_or_default();
    let call = operation.path(&named) + &String::from_utf8_lossy(&body);
    let id = |made: &serde_json::Value| made["id"].as_str().expect("an id").to_owned();
    let (message, file, kept) =
        (call.contains(&named.message), call.contains(&named.file), call.contains(&named.kept));
    if message || file || kept || call.contains(&named.room) {
        let room: RoomId = server.id();
        let body = json!({"kind": "group", "name": "駅前店", "history": "all", "members": [person.id]});
        server.put(&server.owner, &format!("/rooms/{room}"), &body).await.expect(201);
        if message || kept {
            let message: MessageId = server.id();
            let path = format!("/rooms/{room}/messages/{message}");
            let body = json!({"text": "お願いします", "label": "consult"});
            server.put(&server.owner, &path, &body).await.expect(201);
            named.message = message.to_string();
        }
        if file {
            named.file = server.send_file(&server.owner, room, "覚え書き.txt", b"text").await.to_string();
        }
        named.room = room.to_string();
        if kept {
            named.kept = keep(server, person, &named.room, &named.message).await;
        }
    }
    if call.contains(&named.member) {
        let target = json!({"family_name": format!("的{number}"), "given_name": "人", "family_kana": "まと", "given_kana": "じん", "kind": "employee", "login": format!("mato{number}")});
        named.member = id(&server.post(&server.owner, "/members", &target).await.expect(201));
    }
    if call.contains(&named.department) {
        let department = json!({"name": format!("部{number}"), "parent": null});
        named.department = id(&server.post(&server.owner, "/departments", &department).await.expect(201));
    }
    named
}

/// A scheduled message and a reminder of somebody's, both under the id that is returned.
async fn keep(server: &Server, person: &Person, room: &str, message: &str) -> String {
    let (kept, at) = (server.id::<MessageId>().to_string(), operations::later(server));
    let reminder = json!({"message": message, "at": at});
    server.put(person, &format!("/reminders/{kept}"), &reminder).await.expect(201);
    let schedule = json!({"room": room, "text": "あとで", "at": at});
    server.put(person, &format!("/schedules/{kept}"), &schedule).await.expect(201);
    kept
}
