//! Every operation of the API document, and how a test calls it.
//!
//! It stays true that an operation nobody wrote a body for fails the tests that walk them.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Request, header};
use kairan_people::devices::Purpose;
use kairan_people::testing::{Browser, ORIGIN, PASSWORD, Person, Reply};
use kairan_server::assemble;
use serde_json::json;

use crate::world::Server;

/// The path that every operation begins with.
pub const PREFIX: &str = "/api/v1";

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `GET`.
    pub method: String,
    /// With `{names}`, below the prefix.
    pub path: String,
    /// Its name in the document.
    pub name: String,
    /// Whether it is for those who are signed in.
    pub behind_session: bool,
    /// The media type of its body, when it takes one.
    takes: Option<String>,
    /// Query members it cannot do without.
    asked: Vec<String>,
}

/// All of them, in the document's order. The matrices ask for them hundreds of times: the document is written once.
pub fn all() -> Vec<Operation> {
    static ALL: LazyLock<Vec<Operation>> = LazyLock::new(read);
    ALL.clone()
}

fn read() -> Vec<Operation> {
    let document = serde_json::to_value(assemble::api_document()).expect("JSON");
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let takes = operation["requestBody"]["content"]
                .as_object()
                .and_then(|types| types.keys().next().cloned());
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let asked = parameters.iter().filter(|one| one["in"] == "query" && one["required"] == true);
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.strip_prefix(PREFIX).expect("the prefix").to_owned(),
                name: operation["operationId"].as_str().expect("a name").to_owned(),
                behind_session: operation["security"] == json!([{"session": []}]),
                takes,
                asked: asked.map(|one| one["name"].as_str().expect("a name").to_owned()).collect(),
            });
        }
    }
    all
}

/// What the paths and bodies of one call name.
#[derive(Debug, Clone)]
pub struct Named {
    /// For `{id}` below `/rooms`.
    pub room: String,
    pub message: String,
    pub member: String,
    pub department: String,
    pub session: String,
    pub device: String,
    /// For `{id}` below `/me/devices`.
    pub own_device: String,
    /// What somebody keeps for themselves: a scheduled message, a reminder.
    pub kept: String,
    pub file: String,
    /// Makes names of new things differ from call to call.
    pub number: usize,
}

impl Operation {
    /// Whether its path has this name in it.
    pub fn names(&self, name: &str) -> bool {
        self.path.contains(&format!("{{{name}}}"))
    }

    /// Whether `{id}` is of this kind: what the first part of the path says.
    pub fn is_of(&self, kind: &str) -> bool {
        self.path.starts_with(&format!("/{kind}/"))
    }

    /// The path of one call.
    pub fn path(&self, named: &Named) -> String {
        let id = match self.path.split('/').nth(1) {
            Some("rooms") => &named.room,
            Some("members") => &named.member,
            Some("departments") => &named.department,
            Some("schedules" | "reminders") => &named.kept,
            Some("devices") => &named.device,
            Some("me") if self.path.starts_with("/me/devices/") => &named.own_device,
            _ => &named.session,
        };
        let path = self
            .path
            .replace("{id}", id)
            .replace("{message}", &named.message)
            .replace("{member}", &named.member)
            .replace("{file}", &named.file)
            .replace("{n}", "0")
            .replace("{page}", "1");
        let path = path.replace("{reaction}", "%E7%A2%BA%E8%AA%8D"); // 確認
        assert!(!path.contains('{'), "{path}: a name in a path that no test gives a value");
        if self.asked.is_empty() {
            return path;
        }
        let value = |name: &str| if name == "size" { "small" } else { "0" };
        let query: Vec<String> = self.asked.iter().map(|name| format!("{name}={}", value(name))).collect();
        format!("{path}?{}", query.join("&"))
    }

    /// The least body that is in order.
    pub fn body(&self, server: &Server, named: &Named) -> Option<(String, Vec<u8>)> {
        let takes = self.takes.clone()?;
        let n = named.number;
        let new: kairan_core::RoomId = server.id();
        let json = match self.name.as_str() {
            "preview_import" | "create_import" => {
                let text = format!("姓,名,せい,めい,社員番号\n行{n},目,ぎょう,め,L{n:04}\n");
                return Some((takes, text.into_bytes()));
            }
            "put_upload_part" => return Some((takes, b"text".to_vec())),
            "put_upload" => json!({"room": named.room, "name": "覚え書き.txt", "size": 4}),
            "open_file" => json!({"how": "view"}),
            "create_department" => json!({"name": format!("第{n}課"), "parent": null}),
            "put_direct_room" => json!({"room": new}),
            "create_invitations" => json!({"members": [named.member]}),
            "accept_invitation" => json!({"token": "unknown", "password": PASSWORD}),
            "look_at_invitation" => json!({"token": "unknown"}),
            "change_password" => json!({"current": PASSWORD, "password": PASSWORD}),
            "set_preferences" => json!({"language": null, "theme": null, "enter_sends": true}),
            "put_push" => {
                json!({"endpoint": "https://push.example.jp/x", "p256dh": "BAAA", "auth": "AAAA"})
            }
            "set_organisation_settings" => {
                json!({"files": {"largest": 1_073_741_824, "per_member": null, "total": null}, "push": {"on": false, "shows": "nothing"}, "mail": {"on": false}})
            }
            "show_factor" => json!({"totp": "000000"}),
            "confirm_totp" => json!({"code": "000000"}),
            "challenge_passkey" => json!({}),
            "enter_with_passkey" => json!({"challenge": "unknown", "credential": {}}),
            "add_passkey" => json!({"challenge": "unknown", "credential": {}, "name": "手元の鍵"}),
            "rename_passkey" => json!({"name": "手元の鍵"}),
            "renew_recovery_codes" | "check_password" | "prove_presence" => json!({"password": PASSWORD}),
            "create_member" => {
                json!({"family_name": format!("新{n}"), "given_name": "人", "family_kana": "しん", "given_kana": "じん", "kind": "employee"})
            }
            "change_department" | "change_member" | "patch_room" | "put_room_mine" | "set_notifications" => {
                json!({})
            }
            "put_room" => json!({"kind": "group", "name": "新しい部屋", "history": "all"}),
            "put_message" | "patch_message" => json!({"text": "こんにちは"}),
            "put_draft" => {
                json!({"text": "書きかけ", "picked": [], "label": null, "reply_to": null, "at": 0})
            }
            "put_reminder" => json!({"message": named.message, "at": later(server)}),
            "put_schedule" => json!({"room": named.room, "text": "あとで", "at": later(server)}),
            "patch_schedule" => json!({}),
            "set_own_name" | "approve_name_request" => json!({"display_name": format!("名{n}")}),
            "refuse_name_request" => json!({"display_name": format!("名{n}"), "reason": "部署と違います。"}),
            "see_own_alarms" | "review_alarms" => json!({"upto": named.session}),
            "accept_device_terms" => json!({"version": 1}),
            "change_device" => json!({"ownership": "lent"}),
            "name_own_device" => json!({"name": "私のスマホ"}),
            "create_device_code" => json!({"ownership": "own"}),
            "set_device_settings" => {
                json!({"required": true, "code_from": {"manager": true, "own_device": true}, "approval": false, "most": null, "lease_hours": 24})
            }
            // The rules that are in force: nobody is shut out.
            "set_policies" => json!({"version": 0, "rules": []}),
            "preview_policies" => json!({"rules": []}),
            // The text that is in force: nobody has to accept anything anew.
            "set_device_terms" => json!({"text": " "}),
            "enrol_device" => Browser::new(&server.people).enrolment(&server.people, None),
            "renew_session" => {
                let mut asked = Browser::new(&server.people).proof(&server.people, Purpose::Renew);
                asked["session"] = json!(named.session);
                asked
            }
            "show_device_standing" => Browser::new(&server.people).signed(&server.people, Purpose::Standing),
            "confirm_device_wipe" => {
                let mut asked = Browser::new(&server.people).signed(&server.people, Purpose::Wiped);
                asked["items"] = json!(0);
                asked
            }
            // Whoever asks without a proof of theirs gets no ticket; the tests of the gateway have one.
            "post_gateway_ticket" => json!({}),
            "put_room_read" => json!({"upto": 1}),
            "open_session" => json!({"login": "daiku", "password": PASSWORD}),
            "recover_session" => {
                json!({"login": "daiku", "code": "0000-0000-0000-0000", "password": PASSWORD})
            }
            "set_up" => {
                json!({"organisation": "別の組織", "family_name": "別", "given_name": "人", "family_kana": "べつ", "given_kana": "じん", "login": "betsu", "password": PASSWORD})
            }
            other => {
                panic!("{other} takes a body that no test knows: give it one here, and look at the matrix")
            }
        };
        Some((takes, json.to_string().into_bytes()))
    }

    /// Calls it as somebody, or as nobody.
    pub async fn call(&self, server: &Server, person: Option<&Person>, named: &Named) -> Reply {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(format!("{PREFIX}{}", self.path(named)))
            .header(header::ORIGIN, ORIGIN);
        if let Some(person) = person {
            request = request.header(header::COOKIE, server.cookie(person));
        }
        let body = match self.body(server, named) {
            Some((kind, bytes)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                Body::from(bytes)
            }
            None => Body::empty(),
        };
        server.raw(request.body(body).expect("a request")).await
    }
}

/// An hour from now.
pub fn later(server: &Server) -> kairan_core::Instant {
    server.base.store.surroundings().now().plus_ms(kairan_core::time::HOUR)
}
