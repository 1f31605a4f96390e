//! The machine's own command line: the commands of the screens, without a session.

use axum::http::Method;
use kairan_core::{Actor, DeviceId, Refusal, Role, Seq};
use kairan_people::console::{self, Cell, Done, Table};
use kairan_people::devices::rules::{Act, Ownership};
use kairan_people::testing::{Browser, PASSWORD, World, schema};
use kairan_storage::testing::{TestStore, both_engines};
use kairan_storage::{Error, Reader, Stream, events_after};
use serde_json::json;

fn code(outcome: Result<Done, Refusal>) -> &'static str {
    let refusal = outcome.expect_err("refused");
    refusal.fields.first().map_or(refusal.code.name, |fault| fault.code.name)
}

/// One column of a list.
fn column(table: &Table, key: &str) -> Vec<Cell> {
    let at = table.columns.iter().position(|column| column.key == key).expect("a column");
    table.rows.iter().map(|row| row[at].clone()).collect()
}

/// The last event of a stream: its kind and who did it.
async fn last(world: &World, stream: Stream) -> (String, Actor) {
    let read = async move |reader: &mut Reader| events_after(reader, stream, Seq::START, 1_000).await;
    let events = world.base.store.read::<_, Error, _>(read).await.expect("read");
    let last = events.into_iter().next_back().expect("something happened");
    (last.kind, last.actor)
}

/// R20, R8: what an administrator does to a person.
#[tokio::test]
async fn a_person_is_locked_signed_out_and_let_in_again() {
    both_engines(schema(), async |base: TestStore| {
        let world = World::new(&base).await;
        let person = world.member("乙川 二葉").await;
        let found = console::person(&world.people, &person.login.to_uppercase()).await.expect("by login");
        assert_eq!(found.id, person.id);
        let by_id = console::person(&world.people, &person.id.to_string()).await.expect("by id");
        assert_eq!(by_id.id, person.id);
        assert_eq!(
            console::person(&world.people, "nobody").await.expect_err("nobody").code.name,
            "not_found"
        );

        let done = console::set_lock(&world.people, person.id, true).await.expect("locked");
        assert_eq!((done.changed, done.ended), (true, 1));
        assert_eq!(last(&world, Stream::Organisation).await, ("member.locked".into(), Actor::CommandLine));
        world.get(&person, "/me/devices").await.refused(401, "session.missing");
        let again = world.anyone(Method::POST, "/session", &world.credentials(&person)).await;
        again.refused(403, "member.locked");
        let twice = console::set_lock(&world.people, person.id, true).await.expect("so already");
        assert_eq!((twice.changed, twice.ended), (false, 0));
        assert!(console::set_lock(&world.people, person.id, false).await.expect("unlocked").changed);

        let person = world.sign_in(&person).await;
        let out = console::sign_out(&world.people, person.id).await.expect("signed out");
        assert_eq!((out.changed, out.ended), (true, 1));
        assert_eq!(last(&world, Stream::Member(person.id)).await.1, Actor::CommandLine);
        world.get(&person, "/me/devices").await.refused(401, "session.missing");
        world.get(&world.sign_in(&person).await, "/me/devices").await.expect(200);
    })
    .await;
}

/// The command line leaves the organisation an owner who can sign in, as the screens do.
#[tokio::test]
async fn the_last_owner_who_can_sign_in_stays() {
    both_engines(schema(), async |base: TestStore| {
        let world = World::new(&base).await;
        let (people, owner) = (&world.people, world.owner.id);
        let other = world.member("丙山 三奈").await;
        assert_eq!(code(console::set_lock(people, owner, true).await), "owner.last");
        assert_eq!(code(console::grant(people, owner, Role::Admin).await), "owner.last");
        let granted = console::grant(people, other.id, Role::Owner).await.expect("granted");
        assert_eq!((granted.changed, granted.ended, granted.person.role), (true, 1, Role::Owner));
        assert_eq!(
            last(&world, Stream::Organisation).await,
            ("member.role_changed".into(), Actor::CommandLine)
        );
        assert!(!console::grant(people, other.id, Role::Owner).await.expect("so already").changed);
        console::set_lock(people, owner, true).await.expect("another owner is there");
        assert_eq!(code(console::set_lock(people, other.id, true).await), "owner.last");
        assert_eq!(code(console::grant(people, other.id, Role::Member).await), "owner.last");
        assert_eq!(code(console::grant(people, other.id, Role::Partner).await), "role.kind");
    })
    .await;
}

/// R12, R14, R20: what an administrator does to a device.
#[tokio::test]
async fn a_device_is_brought_in_locked_and_told_to_wipe_itself() {
    both_engines(schema(), async |base: TestStore| {
        let world = World::new(&base).await;
        let person = world.member("乙川 二葉").await;
        let made = console::device_code(&world.people, person.id, Ownership::Lent).await.expect("a code");
        let body = json!({"login": person.login, "password": PASSWORD});
        let reply = world.anyone(Method::POST, "/session", &body).await;
        let browser = Browser::new(&world.people);
        let second = world.entered(reply, &person.login, browser, Some(&made.code)).await;
        let devices = console::devices(&world.people, Some(person.id)).await.expect("listed");
        assert_eq!(
            column(&devices, "ownership"),
            [Cell::Word("own", "私物"), Cell::Word("lent", "貸与")],
            "in the order in which they came"
        );

        let device = second.browser.device;
        let (after, owner, changed) = console::act(&world.people, device, Act::Lock).await.expect("locked");
        assert_eq!((after.state.name(), owner.id, changed), ("locked", person.id, true));
        assert!(after.lock.is_some_and(|(_, by)| by.is_none()), "by nobody: the command line");
        world.get(&second, "/me/devices").await.refused(401, "session.missing");
        world.get(&person, "/me/devices").await.expect(200);
        assert!(!console::act(&world.people, device, Act::Lock).await.expect("so already").2);
        console::act(&world.people, device, Act::Wipe).await.expect("told");
        let states = column(&console::devices(&world.people, None).await.expect("listed"), "state");
        assert!(states.contains(&Cell::Word("wiping", "消去待ち")), "{states:?}");
        let refused =
            console::act(&world.people, device, Act::Unlock).await.expect_err("not while it is to be wiped");
        assert_eq!(refused.code.name, "device.state");
        let nothing: DeviceId = base.store.surroundings().id();
        assert_eq!(
            console::act(&world.people, nothing, Act::Lock).await.expect_err("unknown").code.name,
            "not_found"
        );
    })
    .await;
}

#[tokio::test]
async fn lists_name_everyone_and_nothing_that_opens_anything() {
    both_engines(schema(), async |base: TestStore| {
        let world = World::new(&base).await;
        let person = world.member("乙川 二葉").await;
        let members = console::members(&world.people).await.expect("listed");
        assert_eq!(
            column(&members, "display_name"),
            [Cell::Text("見本 大工".into()), Cell::Text("乙川 二葉".into())]
        );
        assert_eq!(
            column(&members, "role"),
            [Cell::Word("owner", "所有者"), Cell::Word("member", "メンバー")]
        );
        let sessions = console::sessions(&world.people, None).await.expect("listed");
        assert_eq!(sessions.rows.len(), 2);
        let own = console::sessions(&world.people, Some(person.id)).await.expect("listed");
        assert_eq!(column(&own, "id"), [Cell::Text(person.session.to_string())]);
        let token = person.cookie.split_once('=').expect("a cookie").1;
        assert!(!format!("{members:?}{sessions:?}").contains(token));
        base.clock.advance(400 * kairan_core::time::DAY);
        assert_eq!(console::sessions(&world.people, None).await.expect("listed").rows.len(), 0, "over");
    })
    .await;
}
