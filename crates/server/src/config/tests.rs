//! The configuration's promises, one table: what is said, and exactly what comes back.

use std::path::Path;

use super::*;

fn with_file(
    text: &str,
    flags: &[(&'static str, &str)],
    variables: &[(&str, &str)],
) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("kairan.toml");
    std::fs::write(&file, text).expect("written");
    let flags = Flags {
        file: Some(file),
        settings: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    };
    let shown = folder.path().display().to_string();
    load(&flags, &Environment::from(variables)).map_err(|faults| {
        faults.iter().map(|fault| fault.line(Language::English).replace(&shown, "DIR")).collect()
    })
}

#[test]
fn the_example_means_the_defaults() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let defaults =
        load(&Flags::default(), &Environment::from(&[("KAIRAN_DATA", "/nowhere/data")])).expect("defaults");
    let mut from_example = with_file(&example(), &[], &[]).expect("the example is a configuration");
    from_example.data = defaults.data.clone();
    assert_eq!(from_example, defaults);
    drop(folder);
}

#[test]
fn the_example_names_every_setting_and_its_commented_lines_are_valid_too() {
    let text = example();
    for key in KEYS {
        assert!(text.contains(&key.variable()), "{}", key.name);
        let value: Result<toml::Table, _> = format!("v = {}", key.example).parse();
        assert!(value.is_ok(), "{} = {}", key.name, key.example);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_default() {
    let port = |config: Config| config.listen.port();
    let file = "listen = \"127.0.0.1:1001\"";
    assert_eq!(port(with_file("", &[], &[]).expect("ok")), 8080);
    assert_eq!(port(with_file(file, &[], &[]).expect("ok")), 1001);
    let variable = [("KAIRAN_LISTEN", "127.0.0.1:1002")];
    assert_eq!(port(with_file(file, &[], &variable).expect("ok")), 1002);
    assert_eq!(port(with_file(file, &[("listen", "127.0.0.1:1003")], &variable).expect("ok")), 1003);
}

#[test]
fn a_wrong_setting_is_refused_with_its_key_its_source_and_the_fix() {
    for (file, want) in [
        ("lisen = \"x\"", "lisen: is not a known setting. Did you mean listen? (DIR/kairan.toml)"),
        (
            "[log]\nlisten = \"127.0.0.1:1\"",
            "log.listen: is not a known setting. Did you mean listen? (DIR/kairan.toml)",
        ),
        ("[logs]\nformat = \"json\"", "logs: is not a known setting. Did you mean log? (DIR/kairan.toml)"),
        (
            "quota = 3",
            "quota: is not a known setting. kairan config --example lists them all. (DIR/kairan.toml)",
        ),
        ("listen = 8080", "listen: must be a text. For example: \"127.0.0.1:8080\" (DIR/kairan.toml)"),
        (
            "listen = \"8080\"",
            "listen: \"8080\" is not an address to listen on. Write address and port, like 127.0.0.1:8080. (DIR/kairan.toml)",
        ),
        ("lanes = \"4\"", "lanes: must be a whole number. For example: 4 (DIR/kairan.toml)"),
        ("lanes = 0", "lanes: 0 is out of range. Use 1 to 64. (DIR/kairan.toml)"),
        (
            "public_url = \"kairan.example.jp\"",
            "public_url: \"kairan.example.jp\" cannot be used. Write scheme and host (and port if needed) only, like https://kairan.example.jp. (DIR/kairan.toml)",
        ),
        (
            "public_url = \"https://kairan.example.jp/talk\"",
            "public_url: \"https://kairan.example.jp/talk\" cannot be used. Write scheme and host (and port if needed) only, like https://kairan.example.jp. (DIR/kairan.toml)",
        ),
        (
            "trusted_proxies = [\"10.0.0.0/8\", \"proxy\"]",
            "trusted_proxies: \"proxy\" is not an address or network. Write it like 10.0.0.0/8 or 192.0.2.7. (DIR/kairan.toml)",
        ),
        (
            "trusted_proxies = \"10.0.0.0/8\"",
            "trusted_proxies: must be a list of texts. For example: [] (DIR/kairan.toml)",
        ),
        (
            "database = \"mysql://u:hunter2@h/d\"",
            "database: must be \"sqlite\" or an address that starts with postgres://. (DIR/kairan.toml)",
        ),
        (
            "[tls]\ncertificate = \"c.pem\"",
            "tls.key: is missing although tls.certificate is set. Write the path of the private key.",
        ),
        (
            "[tls]\nkey = \"k.pem\"",
            "tls.certificate: is missing although tls.key is set. Write the path of the certificate.",
        ),
        (
            "public_url = \"https://k.example.jp\"\n[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\nacme.domains = [\"k.example.jp\"]",
            "tls.acme.domains: cannot be used together with tls.certificate. Remove one of them. (DIR/kairan.toml)",
        ),
        (
            "[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"",
            "public_url: must start with https://, because this server speaks HTTPS.",
        ),
        (
            "listen = \"[::]:443\"\n[tls.acme]\ndomains = [\"localhost\"]",
            "tls.acme.domains: no certificate can be had for \"localhost\". Write a name like kairan.example.jp. (DIR/kairan.toml)",
        ),
        (
            "[tls.acme]\ndomains = [\"k.example.jp\"]",
            "listen: is reachable only from this machine, so no certificate can be obtained. Use [::]:443.",
        ),
        (
            "[tls.acme]\ncontact = [\"a@example.jp\"]",
            "tls.acme.contact: does nothing without tls.acme.domains. Name the domains as well. (DIR/kairan.toml)",
        ),
        (
            "listen = \"[::]:443\"\n[tls.acme]\ndomains = [\"k.example.jp\"]\ndirectory = \"http://ca\"",
            "tls.acme.directory: must start with https://. (DIR/kairan.toml)",
        ),
        (
            "listen = \"[::]:443\"\n[tls.acme]\ndomains = [\"k.example.jp\"]\ncontact = [\"mailto:a@b\"]",
            "tls.acme.contact: \"mailto:a@b\" is not an e-mail address. (DIR/kairan.toml)",
        ),
        (
            "[push]\nservices = [\"https://fcm.googleapis.com\"]",
            "push.services: \"https://fcm.googleapis.com\" is not a push service. Write it like fcm.googleapis.com or *.notify.windows.com. (DIR/kairan.toml)",
        ),
        (
            "[mail]\nsmtp = \"http://u:hunter2@h\"\nfrom = \"k@example.jp\"",
            "mail.smtp: must look like smtp://host:port or smtps://user:password@host. (DIR/kairan.toml)",
        ),
        (
            "[mail]\nsmtp = \"smtp://127.0.0.1:25\"",
            "mail.from: is missing although mail.smtp is set. Write an e-mail address.",
        ),
        (
            "[mail]\nsmtp = \"smtp://127.0.0.1:25\"\nfrom = \"kairan\"",
            "mail.from: \"kairan\" is not an e-mail address. Write it like kairan@example.jp. (DIR/kairan.toml)",
        ),
        (
            "[mail]\nfrom = \"kairan@example.jp\"",
            "mail.smtp: is missing although mail.from is set. Write the mail server's address.",
        ),
        (
            "[log]\nformat = \"xml\"",
            "log.format: \"xml\" is not a form of log. Use text or json. (DIR/kairan.toml)",
        ),
        (
            "[log]\nlevel = \"info,=\"",
            "log.level: \"info,=\" cannot be read. Use error, warn, info, debug or trace, or by part: info,kairan_storage=debug. (DIR/kairan.toml)",
        ),
        (
            "[log]\nlevel = \"verbose\"",
            "log.level: \"verbose\" cannot be read. Use error, warn, info, debug or trace, or by part: info,kairan_storage=debug. (DIR/kairan.toml)",
        ),
        (
            "[journal]\nhead_seconds = 61",
            "journal.head_seconds: 61 is out of range. Use 1 to 60. (DIR/kairan.toml)",
        ),
        (
            "[files]\nclamd = \"192.0.2.7:3310\"",
            "files.clamd: \"192.0.2.7:3310\" cannot be used. Write a socket like /run/clamav/clamd.ctl or an address of this machine like 127.0.0.1:3310 (files go there unencrypted). (DIR/kairan.toml)",
        ),
        (
            "[limits]\nbody_bytes = 1",
            "limits.body_bytes: 1 is out of range. Use 65536 to 1073741824. (DIR/kairan.toml)",
        ),
        (
            "[limits]\nconnections = 0",
            "limits.connections: 0 is out of range. Use 1 to 1000000. (DIR/kairan.toml)",
        ),
        (
            "blobs = \"/srv/files\"",
            "blobs: \"/srv/files\" cannot be used. Write \"local\", or s3://bucket/prefix (letters, digits, - . _ and /). (DIR/kairan.toml)",
        ),
        (
            "[s3]\nregion = \"ap-northeast-1\"",
            "s3.region: does nothing unless blobs is s3://…. Set blobs as well. (DIR/kairan.toml)",
        ),
        (
            "blobs = \"s3://our-files\"\n[s3]\nregion = \"ap-northeast-1\"\nkey_id = \"k\"",
            "s3.secret: is missing although blobs is s3://…. Write it as well.",
        ),
        (
            "blobs = \"s3://our-files\"\n[s3]\nregion = \"r\"\nkey_id = \"k\"\nsecret = \"s\"\nendpoint = \"http://192.0.2.7:9000\"",
            "s3.endpoint: \"http://192.0.2.7:9000\" cannot be used. Write it like https://s3.example.jp. http:// is for this machine only. (DIR/kairan.toml)",
        ),
        (
            "[s3]\nsecrets = \"hunter2\"",
            "s3.secrets: is not a known setting. Did you mean s3.secret? (DIR/kairan.toml)",
        ),
        (
            "[limits]\ndisk_reserve_bytes = -1",
            "limits.disk_reserve_bytes: -1 is out of range. Use 0 to 1125899906842624. (DIR/kairan.toml)",
        ),
        ("data = \"\"", "data: is empty. Write the path of a folder or file. (DIR/kairan.toml)"),
    ] {
        let faults = with_file(file, &[], &[]).expect_err(file);
        assert_eq!(faults, vec![want.to_owned()], "{file}");
    }
}

#[test]
fn a_broken_file_is_told_by_line_without_repeating_it() {
    let faults = with_file("lanes = 2\ndatabase = postgres://u:hunter2@h/d\n", &[], &[]).expect_err("broken");
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("DIR/kairan.toml: line 2 is not TOML"), "{}", faults[0]);
    assert!(!faults[0].contains("hunter2"), "{}", faults[0]);
}

#[test]
fn variables_and_flags_say_where_they_came_from_and_all_faults_are_told_at_once() {
    let faults = with_file(
        "",
        &[("log.level", "loud=very")],
        &[("KAIRAN_LANES", "many"), ("KAIRAN_LISTN", "x"), ("KAIRAN_SERVICE_HOST", "10.0.0.1")],
    )
    .expect_err("three faults");
    assert_eq!(
        faults,
        [
            "lanes: must be a whole number. For example: 4 (KAIRAN_LANES)",
            "KAIRAN_LISTN: is not a known variable. Did you mean KAIRAN_LISTEN?",
            "log.level: \"loud=very\" cannot be read. Use error, warn, info, debug or trace, or by part: info,kairan_storage=debug. (--log-level)",
        ]
    );
}

#[test]
fn a_list_in_a_variable_is_separated_by_commas() {
    let config =
        with_file("", &[], &[("KAIRAN_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")]).expect("two networks");
    assert_eq!(
        config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.0/8", "192.0.2.7/32"]
    );
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let flags = Flags { file: Some("/nowhere/k.toml".into()), settings: vec![] };
    let faults = load(&flags, &Environment::default()).expect_err("absent");
    assert_eq!(
        faults[0].line(Language::Japanese),
        "/nowhere/k.toml: 設定ファイルがありません。場所を確かめるか、kairan config --example の出力を保存してください。"
    );
}

#[test]
fn the_file_beside_the_data_folder_is_found_and_its_paths_are_its_neighbours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(
        folder.path().join("kairan.toml"),
        "public_url = \"https://K.example.jp:443\"\n[tls]\ncertificate = \"c.pem\"\nkey = \"/k.pem\"",
    )
    .expect("written");
    let data = folder.path().join("data").display().to_string();
    let config =
        load(&Flags { file: None, settings: vec![("data", data)] }, &Environment::default()).expect("ok");
    assert_eq!(
        config.tls,
        Some(Tls::Files { certificate: folder.path().join("c.pem"), key: "/k.pem".into() })
    );
    assert_eq!(config.public_url.origin, "https://k.example.jp");
}

#[test]
fn acme_settings_become_a_configuration() {
    let config = with_file(
        "data = \"/d\"\nlisten = \"[::]:443\"\npublic_url = \"https://k.example.jp\"\n[tls.acme]\ndomains = [\"k.example.jp\"]\ncontact = [\"a@example.jp\"]",
        &[],
        &[],
    )
    .expect("ok");
    let Some(Tls::Acme(acme)) = config.tls else { panic!("ACME") };
    assert_eq!(acme.cache, Path::new("/d/acme"));
    assert_eq!(acme.directory, "https://acme-v02.api.letsencrypt.org/directory");
}

#[test]
fn a_password_in_the_database_address_is_never_shown() {
    let variables = [
        ("KAIRAN_DATABASE", "postgres://u:hunter2@h/d"),
        ("KAIRAN_MAIL_SMTP", "smtps://u:hunter2@mail.example.jp"),
        ("KAIRAN_MAIL_FROM", "kairan@example.jp"),
    ];
    let config = load(&Flags::default(), &Environment::from(&variables)).expect("ok");
    assert!(!format!("{config:?}").contains("hunter2"));
    let shown = in_force(&Flags::default(), &Environment::from(&variables));
    assert!(!shown.contains("hunter2") && shown.contains("database = \"…\"  # KAIRAN_DATABASE"), "{shown}");
}

#[test]
fn a_bucket_is_understood_and_its_secret_never_shown() {
    let file = "blobs = \"s3://our-files/kairan/one/\"\n[s3]\nregion = \"ap-northeast-1\"\nkey_id = \"k\"\nendpoint = \"http://127.0.0.1:9000/\"";
    let variables = [("KAIRAN_S3_SECRET", "hunter2")];
    let config = with_file(file, &[], &variables).expect("ok");
    let Blobs::S3(bucket) = &config.blobs else { panic!("a bucket") };
    assert_eq!((bucket.bucket.as_str(), bucket.prefix.as_str()), ("our-files", "kairan/one"));
    assert_eq!(bucket.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(bucket.secret.as_str(), "hunter2");
    let shown = in_force(&Flags::default(), &Environment::from(&variables));
    assert!(shown.contains("s3.secret = \"…\"  # KAIRAN_S3_SECRET"), "{shown}");
    assert!(!format!("{config:?}{shown}").contains("hunter2"));
}

#[test]
fn this_machine_is_known_by_its_names() {
    for (url, want) in [
        ("http://localhost:8080", true),
        ("http://127.0.0.1", true),
        ("http://[::1]:8080", true),
        ("http://192.168.1.5:8080", false),
        ("https://k.example.jp", false),
    ] {
        let config = with_file(&format!("public_url = \"{url}\""), &[], &[]).expect(url);
        assert_eq!((config.public_url.is_this_machine(), config.public_url.origin.as_str()), (want, url));
    }
}
