//! The binary as scripts and people use it: what it prints, where, and how it ends.

mod support;

use std::os::unix::fs::PermissionsExt as _;

use support::{World, damage};

#[test]
fn the_exit_code_tells_usage_from_trouble() {
    let world = World::new();
    for (arguments, code, words) in [
        (vec!["dance"], 2, "unrecognized subcommand"),
        (vec!["serve", "--listen", "8080"], 2, "listen: \"8080\" is not an address to listen on"),
        (vec!["verify"], 2, "does not exist. Name the data folder with --data."),
        (vec!["rebuild", "--check"], 2, "does not exist. Name the data folder with --data."),
        (vec!["restore", "--from", "nowhere"], 2, "Name the folder of a complete backup."),
        (vec!["doctor", "--config", "nowhere.toml"], 2, "there is no such configuration file"),
        (vec!["--version"], 0, ""),
        (vec!["config", "--example"], 0, ""),
    ] {
        let ran = world.run(&arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    }
    assert!(!world.data().exists(), "no failed command makes the data folder");
}

#[test]
fn the_example_is_printed_and_may_be_used_as_it_is() {
    let world = World::new();
    let example = world.run(&["config", "--example"]).out;
    std::fs::write(world.path("kairan.toml"), &example).expect("written");
    let ran = world.run(&["config"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("listen = \"127.0.0.1:8080\"  # "), "{}", ran.out);
    assert!(ran.out.contains("kairan.toml"), "it was found beside the data folder: {}", ran.out);
}

#[test]
fn words_come_in_the_language_of_the_terminal() {
    let world = World::new();
    let ran = world
        .command(&["serve", "--listen", "8080"])
        .env("LANG", "ja_JP.UTF-8")
        .output()
        .expect("the binary runs");
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(words.contains("127.0.0.1:8080 のように、アドレスとポートを書いてください。"), "{words}");
    assert!(words.contains("(--listen)"), "{words}");
}

#[test]
fn a_server_starts_answers_and_stops_in_order() {
    let world = World::new();
    let server = world.serve(&[]);
    assert!(server.ask("/healthz").starts_with("HTTP/1.1 200 OK"));
    assert!(server.ask("/readyz").ends_with("ready\n"));
    assert!(server.ask("/api/v1/nothing?token=secret").contains("\"code\":\"not_found\""));
    let page = server.ask("/metrics");
    assert!(
        page.contains("kairan_http_requests_total") && page.contains("kairan_lane_transactions_total"),
        "{page}"
    );
    let second = world.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(
        (second.code, second.err.contains("a server is running on this data")),
        (1, true),
        "{second:?}"
    );
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("\"message\":\"stopped\"") && !log.contains("secret"), "{log}");
    let mode = std::fs::metadata(world.data()).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "only the server's user may look in");
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let world = World::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let ran = world.run(&["serve", "--listen", &address]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(&format!("listen: cannot listen on {address}")), "{}", ran.err);
}

/// R73
#[test]
fn a_backup_of_a_running_server_is_restored_and_proven() {
    let world = World::new();
    let server = world.serve(&[]);
    let backup = world.path("backup").display().to_string();
    let ran = world.run(&["backup", "--to", &backup]);
    assert_eq!(ran.code, 0, "{ran:?}");
    drop(server);
    let again = world.run(&["backup", "--to", &backup]);
    assert_eq!((again.code, again.err.contains("is not empty")), (2, true), "{again:?}");
    let other = world.path("other").display().to_string();
    let restored = world.run(&["restore", "--from", &backup, "--data", &other]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.out.contains("restored:"), "{}", restored.out);
    let twice = world.run(&["restore", "--from", &backup, "--data", &other]);
    assert_eq!((twice.code, twice.err.contains("is not empty")), (2, true), "{twice:?}");
    let checked = world.run(&["rebuild", "--check", "--data", &other]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let key = std::fs::metadata(world.path("other/log-key.pem")).expect("the key came along");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

/// R73
#[test]
fn a_damaged_backup_is_never_restored() {
    let world = World::new();
    drop(world.serve(&[]));
    let backup = world.path("backup").display().to_string();
    assert_eq!(world.run(&["backup", "--to", &backup]).code, 0);
    damage(&world.path("backup/kairan.db"));
    let other = world.path("other").display().to_string();
    let ran = world.run(&["restore", "--from", &backup, "--data", &other]);
    assert_eq!((ran.code, ran.err.contains("kairan.db is not what was backed up")), (1, true), "{ran:?}");
    assert!(!world.path("other/kairan.db").exists());
}

#[test]
fn doctor_looks_at_everything_and_says_what_to_do() {
    let world = World::new();
    let before = world.run(&["doctor"]);
    assert_eq!(before.code, 0, "{before:?}");
    assert!(before.out.contains("none yet; the first start makes it"), "{}", before.out);
    let server = world.serve(&[]);
    let running = world.run(&["doctor"]);
    assert_eq!(running.code, 0, "{running:?}");
    for line in [
        "ok    database: SQLite 3.",
        "ok    schema: as this version wants it.",
        "ok    signing key: ",
        "warn  backup: never taken.",
    ] {
        assert!(running.out.contains(line), "{line}\n{}", running.out);
    }
    drop(server);
    std::fs::set_permissions(world.data(), std::fs::Permissions::from_mode(0o755)).expect("changed");
    std::fs::set_permissions(world.path("data/log-key.pem"), std::fs::Permissions::from_mode(0o644))
        .expect("changed");
    let ill = world.run(&["doctor"]);
    assert_eq!(ill.code, 1, "{ill:?}");
    assert!(ill.out.contains("Run chmod 700") && ill.out.contains("fail  signing key:"), "{}", ill.out);
}

#[test]
fn a_server_reachable_from_elsewhere_asks_for_a_code_that_survives_a_restart() {
    let world = World::new();
    let code = |said: &str| {
        said.split("Set-up code: ").nth(1).map(|rest| rest.lines().next().unwrap_or("").to_owned())
    };
    let elsewhere = ["--public-url", "https://kairan.example.jp"];
    let (_, first) = world.serve(&elsewhere).stop();
    let (_, second) = world.serve(&elsewhere).stop();
    assert!(code(&first).is_some_and(|code| code.len() == 19), "{first}");
    assert_eq!(code(&first), code(&second));
    let (_, here) = world.serve(&[]).stop();
    assert_eq!(code(&here), None, "only this machine can open the page: {here}");
}
