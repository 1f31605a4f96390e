//! Second factors: `/session/factor`, `/session/passkey`, `/session/proof`, `/me/totp`, `/me/passkeys`, `/me/factors`,
//! `/members/{id}/factor-reset`.

use axum::http::Method;
use kairan_core::time::{DAY, MINUTE};
use kairan_core::{Role, Seq};
use kairan_people::devices::Purpose;
use kairan_people::factors::http::reset_from_command_line;
use kairan_people::factors::totp::code_at;
use kairan_people::testing::{PASSWORD, Passkey, Person, Reply, World, bytes, schema, send_with};
use kairan_storage::testing::both_engines;
use kairan_storage::{Reader, Stream, events_after};
use serde_json::{Value, json};

/// Somebody's authenticator app.
pub struct App {
    seed: Vec<u8>,
}

impl App {
    /// Enrols one; what the server answered comes with it.
    pub async fn enrol(world: &World, cookie: &str) -> (Self, Reply) {
        let offer = call(world, cookie, Method::POST, "/me/totp", None).await.expect(201);
        let app = Self { seed: seed(&offer) };
        let body = json!({"code": app.code(world, 0)});
        let reply = call(world, cookie, Method::PUT, "/me/totp", Some(body)).await;
        (app, reply)
    }

    fn code(&self, world: &World, steps: i64) -> String {
        code_at(&self.seed, world.people.surroundings().now(), steps)
    }
}

fn seed(offer: &Value) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = offer["secret"].as_str().expect("a secret").chars();
    let bits = letters.flat_map(|letter| {
        let five = alphabet.find(letter).expect("base 32");
        (0..5).rev().map(move |bit| u8::from(five >> bit & 1 == 1))
    });
    let bits = bits.collect::<Vec<_>>();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

pub async fn call(world: &World, cookie: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
    send_with(&world.app(), method, path, Some(cookie), body.as_ref()).await
}

pub async fn password(world: &World, person: &Person) -> Reply {
    world.anyone(Method::POST, "/session", &world.credentials(person)).await
}

/// Enrols an app in a complete session; the person goes on with the cookie they got.
pub async fn with_app(world: &World, person: &Person) -> (Person, App, Vec<String>) {
    let (app, reply) = App::enrol(world, &person.cookie).await;
    let cookie = reply.cookie.clone().expect("another token");
    let done = reply.expect(200);
    let codes = done["recovery_codes"].as_array().expect("codes");
    let codes = codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect();
    (Person { cookie, ..person.clone() }, app, codes)
}

async fn kinds(world: &World, person: &Person) -> Vec<String> {
    let stream = Stream::Member(person.id);
    let read = async move |reader: &mut Reader| events_after(reader, stream, Seq::START, 1_000).await;
    let events = world.base.store.read::<_, kairan_storage::Error, _>(read).await.expect("events");
    events.into_iter().map(|event| event.kind).collect()
}

/// R4, R18
#[tokio::test]
async fn those_with_powers_can_only_enrol_until_they_have_a_factor() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let role = json!({"role": "auditor"});
        world.patch(&world.owner, &format!("/members/{}", hana.id), &role).await.expect(200);
        world.get(&hana, "/session").await.refused(401, "session.missing");
        let opened = password(&world, &hana).await;
        assert_eq!((opened.status.as_u16(), &opened.body["needs"]), (202, &json!("enrol_factor")));
        let cookie = opened.cookie.clone().expect("a cookie");
        for (method, path) in
            [(Method::GET, "/session"), (Method::GET, "/members"), (Method::GET, "/me/sessions")]
        {
            let refused = call(&world, &cookie, method, path, None).await;
            refused.refused(403, "session.incomplete");
            assert_eq!(refused.body["facts"]["needs"], "enrol_factor");
        }
        let factors = call(&world, &cookie, Method::GET, "/me/factors", None).await.expect(200);
        assert_eq!((&factors["required"], &factors["totp"]), (&json!(true), &Value::Null));
        let (_, reply) = App::enrol(&world, &cookie).await;
        let complete = reply.cookie.clone().expect("another token");
        let done = reply.expect(200);
        assert_eq!(done["me"]["member"]["role"], "auditor");
        assert_eq!(done["recovery_codes"].as_array().expect("codes").len(), 10);
        call(&world, &cookie, Method::GET, "/session", None).await.refused(401, "session.missing");
        call(&world, &complete, Method::GET, "/session", None).await.expect(200);
        let last = call(&world, &complete, Method::DELETE, "/me/totp", None).await;
        last.refused(409, "factor.last");
    })
    .await;
}

/// R5, R18
#[tokio::test]
async fn a_code_opens_once_whoever_comes_with_it() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let (hana, app, _) = with_app(&world, &hana).await;
        assert_eq!(world.get(&hana, "/session/standing").await.expect(200)["needs"], Value::Null);
        base.clock.advance(MINUTE);
        let (one, other) = (password(&world, &hana).await, password(&world, &hana).await);
        assert_eq!(
            (&one.body["needs"], &one.body["ways"]),
            (&json!("second_factor"), &json!(["totp", "recovery"]))
        );
        let (one, other) = (one.cookie.expect("a cookie"), other.cookie.expect("a cookie"));
        let code = app.code(&world, 0);
        let show = async |cookie: &str| {
            call(&world, cookie, Method::POST, "/session/factor", Some(json!({"totp": code}))).await
        };
        // At the same moment: exactly one is taken.
        let both = futures_util::future::join(show(&one), show(&other)).await;
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401]);
        let (left, taken) = if both.0.status == 201 { (&other, both.0) } else { (&one, both.1) };
        show(left).await.refused(401, "factor.refused");
        let complete = taken.cookie.expect("another token");
        call(&world, &complete, Method::GET, "/session", None).await.expect(200);
        call(&world, left, Method::GET, "/session", None).await.refused(403, "session.incomplete");
        // The next code opens the one that is left, and its token is another then.
        let next = Some(json!({"totp": app.code(&world, 1)}));
        let shown = call(&world, left, Method::POST, "/session/factor", next.clone()).await;
        assert_eq!(shown.status, 201, "{}", shown.text);
        call(&world, left, Method::GET, "/session", None).await.refused(401, "session.missing");
        call(&world, &complete, Method::POST, "/session/factor", next).await.refused(409, "factor.not_asked");
    })
    .await;
}

/// R6: six digits are guessed slowly wherever the guesses come from; a passkey and the sheet open meanwhile.
#[tokio::test]
async fn digits_are_guessed_slowly_from_anywhere() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let (hana, app, codes) = with_app(&world, &hana).await;
        base.clock.advance(MINUTE);
        let cookie = password(&world, &hana).await.cookie.expect("a cookie");
        let show =
            async |body: Value| call(&world, &cookie, Method::POST, "/session/factor", Some(body)).await;
        for _ in 0..10 {
            show(json!({"totp": "000000"})).await.refused(401, "factor.refused");
        }
        show(json!({"totp": app.code(&world, 0)})).await.refused(429, "signin.slow");
        let journal = kinds(&world, &hana).await;
        assert_eq!(journal.iter().filter(|kind| *kind == "factor.refused").count(), 10, "R50");
        show(json!({"recovery": "0000-0000-0000-0000"})).await.refused(401, "factor.refused");
        assert_eq!(show(json!({"recovery": codes[0]})).await.status, 201);
        let again = password(&world, &hana).await.cookie.expect("a cookie");
        let used = Some(json!({"recovery": codes[0]}));
        call(&world, &again, Method::POST, "/session/factor", used).await.refused(401, "factor.refused");
        let left = world.get(&world.owner, "/me/factors").await.expect(200);
        assert_eq!(left["passkeys"][0]["name"], "手元の鍵");
    })
    .await;
}

/// R8: one sheet of paper is not two proofs.
#[tokio::test]
async fn a_recovered_session_takes_no_second_code_of_the_sheet() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let (hana, app, codes) = with_app(&world, &hana).await;
        base.clock.advance(MINUTE);
        let body =
            json!({"login": hana.login, "code": codes[0], "password": "とても長くて覚えやすい新しい文"});
        let opened = world.anyone(Method::POST, "/session/recover", &body).await;
        assert_eq!((opened.status.as_u16(), &opened.body["needs"]), (202, &json!("second_factor")));
        assert_eq!(opened.body["ways"], json!(["totp"]));
        let cookie = opened.cookie.expect("a cookie");
        let paper = Some(json!({"recovery": codes[1]}));
        call(&world, &cookie, Method::POST, "/session/factor", paper).await.refused(401, "factor.refused");
        let digits = Some(json!({"totp": app.code(&world, 0)}));
        let shown = call(&world, &cookie, Method::POST, "/session/factor", digits).await;
        assert_eq!((shown.status.as_u16(), &shown.body["needs"]), (202, &json!("device")));
    })
    .await;
}

/// R4: a passkey is a sign-in of its own, also while passwords wait (R6).
#[tokio::test]
async fn a_passkey_signs_in_alone() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let asked = world.post(&hana, "/me/passkeys/challenge", &Value::Null).await;
        let asked = asked.expect(200);
        let mut key = Passkey::named("hana's", &bytes(asked["options"]["user"]["id"].as_str().expect("a handle")));
        key.counter = 4;
        let body = json!({"challenge": asked["challenge"], "credential": key.create(&asked["options"]), "name": " 会社のノート "});
        let added = world.post(&hana, "/me/passkeys", &body).await;
        let hana = Person { cookie: added.cookie.clone().expect("another token"), ..hana };
        let added = added.expect(201);
        assert_eq!(added["passkey"]["name"], "会社のノート");
        world.post(&hana, "/me/passkeys", &body).await.refused(410, "passkey.challenge");
        for _ in 0..10 {
            let wrong = json!({"login": hana.login, "password": "まちがったパスワードです"});
            world.anyone(Method::POST, "/session", &wrong).await.refused(401, "signin.refused");
        }
        password(&world, &hana).await.refused(429, "signin.slow");
        let enter = async |key: &Passkey| {
            let asked = world.anyone(Method::POST, "/session/passkey/challenge", &json!({})).await.expect(200);
            assert_eq!(asked["options"]["allowCredentials"], json!([]), "R7: nobody is named");
            let device = world.signed(&hana, Purpose::SignIn);
            let credential = key.get(&asked["options"]);
            let body = json!({"challenge": asked["challenge"], "credential": credential, "device": device});
            (world.anyone(Method::POST, "/session/passkey", &body).await, body)
        };
        key.counter = 5;
        let (entered, body) = enter(&key).await;
        assert_eq!(entered.status, 201, "{}", entered.text);
        assert_eq!(entered.body["member"]["id"], json!(hana.id));
        world.anyone(Method::POST, "/session/passkey", &body).await.refused(410, "passkey.challenge");
        // The same counter again: there is a copy of the key.
        enter(&key).await.0.refused(401, "factor.refused");
        let journal = kinds(&world, &hana).await;
        assert_eq!(journal.last().map(String::as_str), Some("factor.refused"));
        key.counter = 6;
        for wrong in [
            Passkey { verifies: false, ..key.clone() },
            Passkey { origin: "https://evil.example".into(), ..key.clone() },
            Passkey { user: world.owner.id.to_string().into_bytes(), ..key.clone() },
            Passkey::named("nobody's", &key.user),
        ] {
            enter(&wrong).await.0.refused(401, "factor.refused");
        }
        assert_eq!(enter(&key).await.0.status, 201);
        // A challenge of a session is nobody else's.
        let own = world.post(&hana, "/session/passkey/challenge", &json!({})).await.expect(200);
        let body = json!({"challenge": own["challenge"], "credential": key.get(&own["options"])});
        world.anyone(Method::POST, "/session/passkey", &body).await.refused(410, "passkey.challenge");
    })
    .await;
}

/// R23
#[tokio::test]
async fn factors_and_roles_change_only_after_a_fresh_proof() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let (hana, app, _) = with_app(&world, &hana).await;
        base.clock.advance(5 * MINUTE);
        let role = json!({"role": "manager"});
        let path = format!("/members/{}", hana.id);
        world.patch(&world.owner, &path, &role).await.refused(403, "proof.needed");
        world
            .post(&world.owner, &format!("{path}/factor-reset"), &Value::Null)
            .await
            .refused(403, "proof.needed");
        world.delete(&hana, "/me/totp").await.refused(403, "proof.needed");
        world.post(&hana, "/me/totp", &Value::Null).await.refused(403, "proof.needed");
        let wrong = json!({"password": "まちがったパスワードです"});
        world.post(&hana, "/session/proof", &wrong).await.refused(403, "password.wrong");
        world.post(&hana, "/session/proof", &json!({"totp": "000000"})).await.refused(401, "factor.refused");
        for nothing in [json!({}), json!({"password": PASSWORD, "totp": "000000"}), json!({"challenge": "x"})]
        {
            world.post(&hana, "/session/proof", &nothing).await.refused(422, "body.shape");
        }
        let digits = json!({"totp": app.code(&world, 0)});
        world.post(&hana, "/session/proof", &digits).await.expect(204);
        world.post(&hana, "/session/proof", &digits).await.refused(401, "factor.refused");
        world.delete(&hana, "/me/totp").await.expect(204);
        world.prove(&world.owner).await;
        world.patch(&world.owner, &path, &role).await.expect(200);
        let passkey = world.post(&world.owner, "/session/passkey/challenge", &json!({})).await.expect(200);
        let key = Passkey::named(&world.owner.login, &[]);
        let mut credential = key.get(&passkey["options"]);
        credential["response"]["userHandle"] = Value::Null;
        base.clock.advance(4 * MINUTE);
        let body = json!({"challenge": passkey["challenge"], "credential": credential});
        world.post(&world.owner, "/session/proof", &body).await.expect(204);
        base.clock.advance(4 * MINUTE);
        world.patch(&world.owner, &path, &json!({"role": "member"})).await.expect(200);
    })
    .await;
}

/// R8, R20
#[tokio::test]
async fn a_reset_is_seen_works_once_and_leads_to_a_new_factor() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let path = format!("/members/{}/factor-reset", hana.id);
        world.post(&world.owner, &path, &Value::Null).await.refused(409, "factor.none");
        let (hana, _, _) = with_app(&world, &hana).await;
        assert_eq!(
            world.get(&world.owner, &format!("/members/{}", hana.id)).await.expect(200)["second_factor"],
            true
        );
        world.post(&hana, &path, &Value::Null).await.refused(403, "permission.denied");
        let admin = world.with_role("管理 人", Role::Admin).await;
        let of_owner = format!("/members/{}/factor-reset", world.owner.id);
        world.post(&admin, &of_owner, &Value::Null).await.refused(403, "role.above");
        world.post(&world.owner, &of_owner, &Value::Null).await.refused(409, "factor.own");
        let first = world.post(&admin, &path, &Value::Null).await.expect(201);
        let second = world.post(&admin, &path, &Value::Null).await.expect(201);
        let seen = world.get(&hana, "/me/factors").await.expect(200);
        assert_eq!(
            (&seen["reset"]["by"], &seen["reset"]["expires_at"]),
            (&json!(admin.id), &second["expires_at"])
        );
        let shown = world.get(&world.owner, &format!("/members/{}", hana.id)).await.expect(200);
        assert_eq!(shown["factor_reset"]["expires_at"], second["expires_at"]);
        base.clock.advance(10 * MINUTE);
        let opened = password(&world, &hana).await;
        assert_eq!(opened.body["ways"], json!(["totp", "recovery", "reset"]));
        let cookie = opened.cookie.expect("a cookie");
        let reset = async |code: &Value| {
            call(&world, &cookie, Method::POST, "/session/factor", Some(json!({"reset": code}))).await
        };
        reset(&first["code"]).await.refused(401, "factor.refused");
        call(&world, &cookie, Method::POST, "/me/totp", None).await.refused(403, "session.incomplete");
        let typed = json!(second["code"].as_str().expect("a code").to_lowercase().replace('-', " "));
        let used = reset(&typed).await;
        assert_eq!((used.status.as_u16(), &used.body["needs"]), (202, &json!("enrol_factor")));
        world.get(&hana, "/session").await.refused(401, "session.missing");
        let cookie = used.cookie.expect("another token");
        let (_, done) = App::enrol(&world, &cookie).await;
        let cookie = done.cookie.clone().expect("another token");
        assert!(done.expect(200)["me"].is_object());
        let after = call(&world, &cookie, Method::GET, "/me/factors", None).await.expect(200);
        assert_eq!((&after["required"], &after["reset"]), (&json!(false), &Value::Null));
        let journal = kinds(&world, &hana).await;
        for kind in
            ["factor.reset", "factor.reset_used", "factor.enrolled", "session.proved", "session.renewed"]
        {
            assert!(journal.iter().any(|one| one == kind), "{kind} in {journal:?}");
        }
        // One that is taken back, and one that is too old, open nothing.
        world.prove(&admin).await;
        let withdrawn = world.post(&admin, &path, &Value::Null).await.expect(201);
        world.delete(&admin, &path).await.expect(204);
        let cookie = password(&world, &hana).await.cookie.expect("a cookie");
        let refused =
            call(&world, &cookie, Method::POST, "/session/factor", Some(json!({"reset": withdrawn["code"]})))
                .await;
        refused.refused(401, "factor.refused");
        let late = world.post(&admin, &path, &Value::Null).await.expect(201);
        base.clock.advance(DAY);
        let cookie = password(&world, &hana).await.cookie.expect("a cookie");
        let refused =
            call(&world, &cookie, Method::POST, "/session/factor", Some(json!({"reset": late["code"]})))
                .await;
        refused.refused(401, "factor.refused");
    })
    .await;
}

/// R8: an owner whom nobody else could help is helped from the machine itself, and sees that it was so.
#[tokio::test]
async fn the_command_line_resets_an_owners_factors() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let login = &world.owner.login;
        let nobody = reset_from_command_line(&world.people, "nobody").await.err().map(|no| no.code.name);
        assert_eq!(nobody, Some("not_found"));
        let reset = reset_from_command_line(&world.people, login).await.expect("a code");
        let seen = world.get(&world.owner, "/me/factors").await.expect(200);
        assert_eq!(seen["reset"]["expires_at"], json!(reset.expires_at));
        assert_eq!(seen["reset"]["by"], Value::Null, "not a person");
        let cookie = password(&world, &world.owner).await.cookie.expect("a cookie");
        let body = json!({"reset": reset.code});
        let used = call(&world, &cookie, Method::POST, "/session/factor", Some(body)).await;
        assert_eq!((used.status.as_u16(), &used.body["needs"]), (202, &json!("enrol_factor")));
    })
    .await;
}

/// R3
#[tokio::test]
async fn beside_a_factor_a_password_may_be_short_and_then_the_factor_stays() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let short = json!({"current": PASSWORD, "password": "k9#vTq2x"});
        let refused = world.put(&hana, "/me/password", &short).await;
        assert_eq!(refused.body["errors"][0]["code"], "password.short", "{}", refused.text);
        let (hana, _, _) = with_app(&world, &hana).await;
        let changed = world.put(&hana, "/me/password", &short).await;
        let hana = Person { cookie: changed.cookie.clone().expect("another token"), ..hana };
        changed.expect(204);
        assert_eq!(world.get(&hana, "/me/factors").await.expect(200)["required"], true);
        world.delete(&hana, "/me/totp").await.refused(409, "factor.last");
        let long = json!({"current": "k9#vTq2x", "password": PASSWORD});
        let changed = world.put(&hana, "/me/password", &long).await;
        let hana = Person { cookie: changed.cookie.clone().expect("another token"), ..hana };
        changed.expect(204);
        world.delete(&hana, "/me/totp").await.expect(204);
        let judged = json!({"password": "k9#vTq2x", "second_factor": true});
        assert_eq!(
            world.anyone(Method::POST, "/passwords/check", &judged).await.expect(200)["acceptable"],
            true
        );
    })
    .await;
}

/// R18: the first factor ends the sessions that never showed it.
#[tokio::test]
async fn the_first_factor_ends_other_sessions() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let elsewhere = world.sign_in(&hana).await;
        let (hana, _, _) = with_app(&world, &hana).await;
        world.get(&elsewhere, "/session").await.refused(401, "session.missing");
        world.get(&hana, "/session").await.expect(200);
    })
    .await;
}
