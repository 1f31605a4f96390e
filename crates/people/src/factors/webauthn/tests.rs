//! The checks against the standard's own examples, and against everything that must not pass.

use super::*;

/// One of the standard's examples.
struct Example {
    name: &'static str,
    registration: Value,
    create: Expected,
    assertion: Value,
    get: Expected,
}

fn examples() -> Vec<Example> {
    let lines = include_str!("w3c-vectors.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(example).collect()
}

fn example(line: &'static str) -> Example {
    let mut words = line.split(' ');
    let name = words.next().expect("a name");
    let parts = words.map(hexed).collect::<Vec<_>>();
    let [create, create_data, object, get, data, get_data, signature] = &parts[..] else { panic!("{line}") };
    let expected = |challenge: &[u8]| Expected {
        challenge: challenge.try_into().expect("32 bytes"),
        origin: "https://example.org".into(),
        rp: "example.org".into(),
    };
    let object_read = cbor::whole(object).expect("an attestation object");
    let auth =
        AuthenticatorData::read(object_read.named("authData").and_then(cbor::Item::bytes).expect("data"));
    let id = encoded(auth.expect("data").attested.expect("a key").0);
    let answer = |response: Value| serde_json::json!({"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}});
    Example {
        name,
        registration: answer(serde_json::json!({
            "clientDataJSON": encoded(create_data), "attestationObject": encoded(object), "transports": ["internal"],
        })),
        create: expected(create),
        assertion: answer(serde_json::json!({
            "clientDataJSON": encoded(get_data), "authenticatorData": encoded(data),
            "signature": encoded(signature), "userHandle": null,
        })),
        get: expected(get),
    }
}

fn hexed(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

/// Ed25519, ES256 (with and without self attestation) and RS256, as the standard prints them. Some of its devices did not
/// verify their user; those are read, their signatures fit, and they are refused for that alone.
#[test]
fn the_standards_own_examples() {
    let mut taken = 0;
    for Example { name, registration, create, assertion, get } in examples() {
        let crossing = name.contains("crossorigin");
        let registered = read_registration(&registration, &create);
        if crossing {
            assert_eq!(registered, Err(Fault::Other), "{name}: from inside another site's page");
            continue;
        }
        let (registered, flags) = registered.expect(name);
        let demanded = if verified(flags).is_ok() { Ok(registered.clone()) } else { Err(Fault::Unverified) };
        assert_eq!(register(&registration, &create), demanded, "{name}");
        let assertion = Assertion::read(&assertion).expect(name);
        assert_eq!(assertion.credential, registered.credential, "{name}");
        let (counter, _) = assertion.signed(&get, &registered.key).expect(name);
        assert_eq!(counter, 0, "{name}");
        taken += 1;
    }
    assert_eq!(taken, 4);
}

#[test]
fn an_answer_fits_its_question_only() {
    for Example { name, registration, create, assertion, get } in examples() {
        if name.contains("crossorigin") {
            continue;
        }
        let (registered, _) = read_registration(&registration, &create).expect(name);
        let read = Assertion::read(&assertion).expect(name);
        let other = |change: fn(&mut Expected)| {
            let mut expected = get.clone();
            change(&mut expected);
            read.signed(&expected, &registered.key).map(|_| ())
        };
        assert_eq!(other(|expected| expected.challenge[0] ^= 1), Err(Fault::Other), "{name}");
        assert_eq!(other(|expected| expected.origin = "https://example.org:8443".into()), Err(Fault::Other));
        assert_eq!(other(|expected| expected.rp = "example.com".into()), Err(Fault::Other), "{name}");
        // A registration is no sign-in and the other way round.
        assert_eq!(
            check_client_data(&read.client_data, "webauthn.create", &get),
            Err(Fault::Other),
            "{name}"
        );
        let flipped = |change: fn(&mut Assertion)| {
            let mut changed = read.clone();
            change(&mut changed);
            changed.signed(&get, &registered.key)
        };
        assert_eq!(flipped(|one| one.signature[9] ^= 1), Err(Fault::Key), "{name}");
        assert_eq!(flipped(|one| one.data[36] ^= 1), Err(Fault::Key), "{name}: another counter");
        assert_eq!(flipped(|one| one.data[32] |= VERIFIED | EXTENDED), Err(Fault::Shape), "{name}");
        assert_eq!(flipped(|one| one.data[32] ^= VERIFIED), Err(Fault::Key), "{name}: a bit more believed");
    }
}

#[test]
fn the_host_of_an_origin() {
    for (origin, rp) in [
        ("https://kairan.example.jp", "kairan.example.jp"),
        ("https://kairan.example.jp:8443", "kairan.example.jp"),
        ("http://localhost:8080", "localhost"),
    ] {
        assert_eq!(rp_of(origin), rp);
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let expected = examples().remove(0).get;
    for wrong in [
        serde_json::json!(null),
        serde_json::json!({}),
        serde_json::json!({"id": "a", "rawId": "a", "type": "public-key", "response": {}}),
        serde_json::json!({"id": "a", "rawId": "a", "type": "public-key", "response": {"clientDataJSON": "!", "attestationObject": "", "authenticatorData": "", "signature": ""}}),
    ] {
        assert_eq!(register(&wrong, &expected), Err(Fault::Shape));
        let read = Assertion::read(&wrong);
        assert!(read.is_err() || read.is_ok_and(|read| read.check(&expected, "", 0).is_err()));
    }
}

proptest::proptest! {
    /// Cut or changed anywhere, authenticator data is refused or read, never a panic.
    #[test]
    fn any_authenticator_data_is_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = AuthenticatorData::read(&bytes);
        let _ = cose::Key::read(&bytes);
    }
}
