//! R13, R20, R24: role × state of the person × state of the device × every operation and the socket.
//!
//! It stays true that a role opens nothing by itself: only an active person at an enrolled device is anybody's voice, and
//! what that voice may do is the other matrix (`access::role_by_operation`).

use axum::http::Method;
use kairan_core::{MemberId, Role};
use kairan_people::devices::Purpose;
use kairan_people::signin::standing::demands_factor;
use kairan_people::testing::{Person, Reply};
use kairan_storage::{Stream, Tx, params};
use serde_json::{Value, json};

use crate::access::{ENTERING, nothing};
use crate::operations;
use crate::world::{Server, on_both_engines};

/// What became of the person after their session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Active,
    Locked,
    Left,
}

/// What became of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    Enrolled,
    Pending,
    Locked,
    Wiping,
    Wiped,
}

const MEMBERS: [Member; 3] = [Member::Active, Member::Locked, Member::Left];
const DEVICES: [Device; 5] =
    [Device::Enrolled, Device::Pending, Device::Locked, Device::Wiping, Device::Wiped];

/// What completes a session, and so answers before it is complete, besides [`ENTERING`].
const COMPLETES: [&str; 2] = ["accept_device_terms", "enrol_device"];

/// How a session is answered everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// As its role is.
    Heard,
    /// It may be completed or ended.
    Waits,
    /// There is no such session.
    Gone,
}

fn expected(member: Member, device: Device) -> Voice {
    match (member, device) {
        (Member::Active, Device::Enrolled) => Voice::Heard,
        (Member::Active, Device::Pending) => Voice::Waits,
        _ => Voice::Gone,
    }
}

/// What signing in anew with the right password and the device's own signature comes to: status and code, or what is needed.
fn sign_in_says(member: Member, device: Device) -> (u16, &'static str) {
    match (member, device) {
        (Member::Left, _) => (401, "signin.refused"),
        // A device hears what is wanted of it, whatever became of its person: a wipe is carried out all the same.
        (_, Device::Locked) => (403, "device.locked"),
        (_, Device::Wiping) => (410, "device.wipe"),
        (Member::Locked, _) => (403, "member.locked"),
        // Who must show a second factor is asked for that first; whoever need not comes to the device's step.
        (_, Device::Enrolled | Device::Pending | Device::Wiped) => (0, ""),
    }
}

/// One walk for each role, so that they need not wait for each other.
macro_rules! walks {
    ($($test:ident: $role:ident),+ $(,)?) => {
        mod a_role_is_nothing_without_an_active_person_at_an_enrolled_device {
            use super::{Role, walk};

            $(#[tokio::test]
            async fn $test() {
                walk(Role::$role).await;
            })+

            #[test]
            fn whichever_it_is() {
                assert_eq!([$(Role::$role),+], Role::ALL);
            }
        }
    };
}

walks! {
    owner: Owner, admin: Admin, auditor: Auditor, hr: Hr, manager: Manager, member: Member, partner: Partner,
}

async fn walk(role: Role) {
    on_both_engines(async |server| {
        let (mut number, mut left) = (0, Vec::new());
        for member in MEMBERS {
            for device in DEVICES {
                number += 1;
                let case = format!("{} {member:?} {device:?}", role.name());
                let name = format!("{number}番 人");
                let at = brought(&server, &name, role, device).await;
                became(&server, &at, member).await;
                if member == Member::Left {
                    left.push(at.id);
                }
                every_operation(&server, &at, expected(member, device), &case).await;
                signing_in(&server, &at, member, device, &case).await;
            }
        }
        for id in left {
            set_state(&server, id, "active").await;
        }
    })
    .await;
}

/// Somebody of this role, with a session in a device that came into this state after the session was opened.
async fn brought(server: &Server, name: &str, role: Role, device: Device) -> Person {
    let person = match role {
        Role::Partner => server.partner(name).await,
        _ => server.with_role(name, role).await,
    };
    if device == Device::Pending {
        asked_for_approval(server, true).await;
        let waiting = server.at_a_waiting_device(&person).await;
        asked_for_approval(server, false).await;
        return waiting;
    }
    let at = server.at_another_device(&person).await;
    let id = at.browser.device;
    let act = async |what: &str| {
        server.post(&server.owner, &format!("/devices/{id}/{what}"), &Value::Null).await.expect(200)
    };
    match device {
        Device::Locked => drop(act("lock").await),
        Device::Wiping => drop(act("wipe").await),
        Device::Wiped => {
            act("wipe").await;
            let mut told = at.browser.signed(&server.people, Purpose::Wiped);
            told["items"] = json!(3);
            server.anyone(Method::POST, &format!("/devices/{id}/wiped"), &told).await.expect(204);
        }
        Device::Enrolled | Device::Pending => {}
    }
    at
}

async fn asked_for_approval(server: &Server, asked: bool) {
    let mut settings = server.get(&server.owner, "/organisation/devices").await.expect(200);
    settings["approval"] = json!(asked);
    server.put(&server.owner, "/organisation/devices", &settings).await.expect(200);
}

async fn became(server: &Server, person: &Person, member: Member) {
    match member {
        Member::Active => {}
        Member::Locked => {
            let path = format!("/members/{}/lock", person.id);
            server.post(&server.owner, &path, &Value::Null).await.expect(200);
        }
        Member::Left => set_state(server, person.id, "left").await,
    }
}

/// Nothing makes people leave yet, so the table is told here, and told back before it is compared with the journal.
async fn set_state(server: &Server, member: MemberId, state: &'static str) {
    let job = async move |tx: &mut Tx| -> Result<(), kairan_core::Refusal> {
        tx.query("UPDATE members SET state = $1 WHERE id = $2 RETURNING id", params![state, member]).await?;
        Ok(())
    };
    server.base.store.write(Stream::Member(member), job).await.expect("written");
}

async fn every_operation(server: &Server, at: &Person, voice: Voice, case: &str) {
    let mut at = at.clone();
    if voice == Voice::Heard {
        server.get(&at, "/session").await.expect(200);
    } else {
        // Ending the session is allowed while it waits, and would end the walk.
        let ends = |name: &str| voice == Voice::Waits && name == "close_session";
        for operation in operations::all() {
            if !operation.behind_session || ends(&operation.name) {
                continue;
            }
            let name = operation.name.as_str();
            let reply = operation.call(server, Some(&at), &nothing(server)).await;
            // A step that is done again gives the session another token.
            if let Some(cookie) = &reply.cookie {
                at.cookie.clone_from(cookie);
            }
            let told = (reply.status.as_u16(), reply.body["code"].as_str().unwrap_or_default());
            let words = format!("{case}: {} {}: {}", operation.method, operation.path, reply.text);
            match voice {
                Voice::Waits if ENTERING.contains(&name) || COMPLETES.contains(&name) => {
                    assert_ne!(told, (403, "session.incomplete"), "{words}");
                }
                Voice::Waits => {
                    assert_eq!(told, (403, "session.incomplete"), "{words}");
                    assert_eq!(reply.body["facts"]["needs"], "approval", "{words}");
                }
                _ => assert_eq!(told, (401, "session.missing"), "{words}"),
            }
        }
    }
    let proof = json!({ "device": server.signed(&at, Purpose::Socket) });
    let ticket = server.post(&at, "/gateway/ticket", &proof).await.status.as_u16();
    let renewed = server.renew(&at).await.status.as_u16();
    match voice {
        Voice::Heard => assert_eq!((ticket, renewed), (201, 204), "{case}"),
        Voice::Waits => assert_eq!((ticket, renewed), (403, 204), "{case}"),
        Voice::Gone => {
            assert_eq!(ticket, 401, "{case}");
            assert!(matches!(renewed, 401 | 403 | 410), "{case}: renewed with {renewed}");
        }
    }
}

async fn signing_in(server: &Server, at: &Person, member: Member, device: Device, case: &str) {
    let reply: Reply = server.anyone(Method::POST, "/session", &server.credentials(at)).await;
    let (status, code) = sign_in_says(member, device);
    if status > 0 {
        return reply.refused(status, code);
    }
    assert!(reply.status.is_success(), "{case}: {}", reply.text);
    let needs = reply.body["needs"].as_str();
    let factor = demands_factor(at.role);
    match device {
        _ if factor => assert_eq!(needs, Some("second_factor"), "{case}"),
        Device::Enrolled => assert!(reply.body["member"].is_object(), "{case}: {}", reply.text),
        Device::Pending => assert_eq!(needs, Some("approval"), "{case}"),
        _ => assert_eq!(needs, Some("device"), "{case}"),
    }
}
