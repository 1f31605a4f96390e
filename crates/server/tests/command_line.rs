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
        page.contains("kairan_http_requests_total")
            && page.contains("kairan_lane_transactions_total")
            && page.contains("kairan_search_behind_events 0")
            && page.contains("kairan_search_behind_seconds 0"),
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

const PASSWORD: &str = "correct horse battery staple\n";
const SETUP: [&str; 9] = [
    "setup",
    "--organisation",
    "回覧商店",
    "--owner",
    "己本 一葉",
    "--kana",
    "おのもと かずは",
    "--login",
    "onomoto",
];

#[test]
fn an_organisation_is_set_up_and_its_owner_invited_without_a_browser() {
    let world = World::new();
    let weak = world.run_with(&SETUP, "short\n");
    assert_eq!(weak.code, 1, "{weak:?}");
    assert!(weak.err.contains("password"), "the field is named: {}", weak.err);
    let one_part = world
        .run_with(&[&SETUP[..4], &["己本", "--kana", "おのもと かずは", "--login", "o"]].concat(), PASSWORD);
    assert_eq!(
        (one_part.code, one_part.err.contains("--owner: write family name and given name")),
        (2, true),
        "{one_part:?}"
    );

    let done = world.run_with(&SETUP, PASSWORD);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(
        done.out.lines().filter(|line| line.starts_with("  ")).count(),
        10,
        "ten recovery codes: {}",
        done.out
    );
    assert!(!done.out.contains("horse") && !done.err.contains("horse"));
    let twice = world.run_with(&SETUP, PASSWORD);
    assert_eq!((twice.code, twice.err.contains("set up already")), (1, true), "{twice:?}");

    let server = world.serve(&[]);
    assert!(server.ask("/api/v1/welcome").contains("\"set_up\":true"));
    let invited = world.run(&["invite", "onomoto"]);
    assert_eq!(invited.code, 0, "{invited:?}");
    let link = invited.out.lines().find(|line| line.starts_with("http")).expect("a link");
    assert!(link.starts_with("http://localhost:8080/join#"), "{link}");
    let nobody = world.run(&["invite", "nobody"]);
    assert_eq!(nobody.code, 1, "{nobody:?}");
    let none = world.run(&["admin", "reset-factor", "onomoto"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""), "there is no second factor yet: {none:?}");
    assert_eq!(world.run(&["admin", "reset-factor", "nobody"]).code, 1);
    let (_, log) = server.stop();
    let token = link.split('#').nth(1).expect("a token");
    assert!(!log.contains(token), "no log carries an invitation (R2)");
}

/// R52 on the command line: what somebody changes in the file is found and named.
#[test]
fn verify_and_rebuild_find_what_was_changed_behind_the_servers_back() {
    let world = World::new();
    assert_eq!(world.run_with(&SETUP, PASSWORD).code, 0);
    // A start and an orderly stop sign everything that was written.
    assert_eq!(world.serve(&[]).stop().0, 0);
    let whole = world.run(&["verify"]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(whole.out.starts_with("the journal is whole: "), "{}", whole.out);
    assert_eq!(world.run(&["rebuild", "--check"]).code, 0);

    let file = rusqlite::Connection::open(world.path("data/kairan.db")).expect("opened");
    file.execute("UPDATE members SET display_name = '別人'", []).expect("changed");
    let differs = world.run(&["rebuild", "--check"]);
    assert_eq!(
        (differs.code, differs.out.contains("members: a row that the journal does not give")),
        (1, true),
        "{differs:?}"
    );
    assert_eq!(world.run(&["rebuild"]).code, 0);
    assert_eq!(world.run(&["rebuild", "--check"]).code, 0, "made anew from the journal");

    file.execute("UPDATE events SET at = at + 1 WHERE seq = 2", []).expect("changed");
    let tampered = world.run(&["verify"]);
    assert_eq!(tampered.code, 1, "{tampered:?}");
    assert!(tampered.out.contains("First bad place: index "), "{}", tampered.out);
}

/// The index is no truth: it is made anew beside a server, or without one.
#[test]
fn the_search_index_is_made_anew() {
    let world = World::new();
    assert_eq!(world.run(&["reindex"]).code, 2, "nothing is there yet");
    assert_eq!(world.run_with(&SETUP, PASSWORD).code, 0);
    let waiting = world.run(&["doctor"]);
    assert!(waiting.out.contains("ok    search: the next start takes "), "{waiting:?}");
    let server = world.serve(&[]);
    let beside = world.run(&["reindex"]);
    assert_eq!(
        (beside.code, beside.out.contains("the running server makes it anew")),
        (0, true),
        "{beside:?}"
    );
    assert_eq!(server.stop().0, 0);
    let alone = world.run(&["reindex"]);
    assert_eq!(
        (alone.code, alone.out.ends_with("the search index was made anew.\n")),
        (0, true),
        "{alone:?}"
    );
    let done = world.run(&["doctor"]);
    assert!(done.out.contains("ok    search: the index keeps up."), "{done:?}");
}

/// R73: also while somebody writes.
#[test]
fn a_backup_with_people_in_it_comes_back_with_the_same_heads() {
    let world = World::new();
    assert_eq!(world.run_with(&SETUP, PASSWORD).code, 0);
    let server = world.serve(&[]);
    let backup = world.path("backup").display().to_string();
    let taken = world.run(&["backup", "--to", &backup]);
    assert_eq!(taken.code, 0, "{taken:?}");
    server.kill();
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.path("backup/manifest.json")).expect("read"))
            .expect("JSON");
    assert!(manifest["journal"]["events"].as_u64().is_some_and(|events| events > 3), "{manifest}");
    let mut names: Vec<_> = std::fs::read_dir(world.path("backup"))
        .expect("read")
        .map(|entry| entry.expect("listed").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    let whole = ["kairan.db", "log-key.pem", "log-key.pub.pem", "manifest.json", "push.key", "sealing.key"];
    assert_eq!(names, whole);
    let data = world.path("new").display().to_string();
    let restored = world.run(&["restore", "--from", &backup, "--data", &data]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let server = world.serve(&["--data", &data]);
    assert!(server.ask("/api/v1/welcome").contains("回覧商店"));
    assert!(world.run(&["doctor", "--data", &data]).out.contains("ok    signing key: "));
}

/// A manifest that tells of another journal than the database holds.
#[test]
fn a_backup_whose_journal_is_not_the_promised_one_is_refused_and_taken_away() {
    let world = World::new();
    assert_eq!(world.run_with(&SETUP, PASSWORD).code, 0);
    let backup = world.path("backup").display().to_string();
    assert_eq!(world.run(&["backup", "--to", &backup]).code, 0);
    let manifest = world.path("backup/manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("read");
    let mut parsed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    parsed["journal"]["digest"] = "00".into();
    std::fs::write(&manifest, parsed.to_string()).expect("written");
    let data = world.path("new").display().to_string();
    let refused = world.run(&["restore", "--from", &backup, "--data", &data]);
    assert_eq!(
        (refused.code, refused.err.contains("not the one that was backed up")),
        (1, true),
        "{refused:?}"
    );
    assert!(!world.path("new/kairan.db").exists() && !world.path("new/log-key.pem").exists());
    let escaping = text.replace("\"kairan.db\"", "\"../kairan.db\"");
    std::fs::write(&manifest, escaping).expect("written");
    let refused = world.run(&["restore", "--from", &backup, "--data", &data]);
    assert_eq!(
        (refused.code, refused.err.contains("a form this version does not know")),
        (1, true),
        "{refused:?}"
    );
}

#[test]
fn the_same_commands_work_on_postgresql() {
    let postgres = support::Postgres::fresh();
    let world = World::new();
    let run = |arguments: &[&str]| world.run(&[arguments, &["--database", &postgres.url]].concat());
    let before = run(&["doctor"]);
    assert!(
        before.out.contains("ok    database: PostgreSQL ") && before.out.contains("the next start applies"),
        "{before:?}"
    );
    assert_eq!(world.run_with(&[&SETUP[..], &["--database", &postgres.url]].concat(), PASSWORD).code, 0);
    let server = world.serve(&["--database", &postgres.url]);
    assert!(server.ask("/readyz").ends_with("ready\n"));
    assert_eq!(server.stop().0, 0);
    for command in
        [vec!["verify"], vec!["rebuild", "--check"], vec!["rebuild"], vec!["reindex"], vec!["doctor"]]
    {
        let ran = run(&command);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    let backup = world.path("backup").display().to_string();
    let taken = run(&["backup", "--to", &backup]);
    assert_eq!((taken.code, taken.out.contains("pg_dump --format=custom")), (0, true), "{taken:?}");
    let wrong = postgres.url.replace("/kairan_", "/absent_");
    let unreachable = world.run(&["doctor", "--database", &wrong]);
    assert_eq!(
        (unreachable.code, unreachable.out.contains("fail  database: cannot be used")),
        (1, true),
        "{unreachable:?}"
    );
}
