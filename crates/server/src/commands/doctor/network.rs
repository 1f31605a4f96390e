//! How people reach the server: certificate and address.

use kairan_core::Instant;
use kairan_core::time::DAY;

use super::{Finding, State};
use crate::clamd::{Clamd, Patience};
use crate::config::{Config, Tls};
use crate::listen::certificate;
use crate::words::words;

/// Renewal is usually a month before the end; less than this means that it does not work.
const CERTIFICATE_WARN: i64 = 14 * DAY;

pub(super) fn tls(now: Instant, config: &Config) -> Option<Finding> {
    let (certificate, key) = match config.tls.as_ref()? {
        Tls::Files { certificate, key } => (certificate, key),
        Tls::Acme(acme) => {
            let domains = acme.domains.join(", ");
            return Some(Finding(
                State::Ok,
                words!(
                    "証明書: {domains} の証明書を自動で取ります。",
                    "certificate: obtained by itself for {domains}."
                ),
            ));
        }
    };
    if let Err(error) = certificate::read(certificate, key) {
        return Some(Finding(State::Fail, words!("証明書: {error}", "certificate: {error}")));
    }
    Some(match certificate::validity(certificate) {
        Ok(validity) => certificate_age(now, validity),
        Err(error) => Finding(State::Fail, words!("証明書: {error}", "certificate: {error}")),
    })
}

pub(super) fn certificate_age(now: Instant, (from, until): (Instant, Instant)) -> Finding {
    let days = until.since(now) / DAY;
    if now < from {
        Finding(
            State::Fail,
            words!(
                "証明書: まだ有効になっていません。時計と証明書を確かめてください。",
                "certificate: not valid yet. Check the clock and the certificate."
            ),
        )
    } else if now >= until {
        Finding(
            State::Fail,
            words!(
                "証明書: 期限が切れています。新しいものに替えてください(再起動は要りません)。",
                "certificate: expired. Replace it (no restart needed)."
            ),
        )
    } else if until.since(now) < CERTIFICATE_WARN {
        Finding(
            State::Warn,
            words!(
                "証明書: あと{days}日で切れます。新しいものに替えてください(再起動は要りません)。",
                "certificate: ends in {days} days. Replace it (no restart needed)."
            ),
        )
    } else {
        Finding(State::Ok, words!("証明書: あと{days}日有効です。", "certificate: valid for {days} days."))
    }
}

pub(super) fn address(config: &Config) -> Finding {
    let url = &config.public_url;
    let origin = &url.origin;
    if !url.https && !url.is_this_machine() {
        return Finding(
            State::Warn,
            words!(
                "アドレス: {origin} は暗号化されていません。合言葉と発言を途中で読まれます。tls を設定するか、HTTPSのプロキシを前に置いてください。",
                "address: {origin} is not encrypted; passwords and messages can be read on the way. Set tls, or put an HTTPS proxy in front."
            ),
        );
    }
    if url.https && config.tls.is_none() && config.trusted_proxies.is_empty() {
        return Finding(
            State::Warn,
            words!(
                "アドレス: {origin} ですが、tls も trusted_proxies もありません。前にプロキシがあるなら、そのアドレスを trusted_proxies に書いてください。",
                "address: {origin}, but neither tls nor trusted_proxies is set. If a proxy stands in front, name its address in trusted_proxies."
            ),
        );
    }
    if config.listen.ip().is_loopback() && !url.is_this_machine() && config.trusted_proxies.is_empty() {
        let listen = config.listen;
        return Finding(
            State::Warn,
            words!(
                "アドレス: {listen} はこの機械からしか届かないので、{origin} では開けません。listen を変えるか、プロキシを前に置いてください。",
                "address: {listen} is reachable only from this machine, so {origin} cannot be opened. Change listen, or put a proxy in front."
            ),
        );
    }
    Finding(State::Ok, words!("アドレス: {origin}", "address: {origin}"))
}

/// Whether the virus scanner answers; without it nobody receives a file.
pub(super) async fn scanner(config: &Config) -> Option<Finding> {
    let address = config.files.clamd.clone()?;
    let shown = address.to_string();
    Some(match Clamd::at(address, Patience::default()).version().await {
        Ok(version) => Finding(State::Ok, words!("ウイルス検査: {version}", "virus scanner: {version}")),
        Err(error) => Finding(
            State::Fail,
            words!(
                "ウイルス検査: {shown} が答えません({error})。答えるまで、新しいファイルは誰にも渡りません。clamav-daemon を動かし、files.clamd の場所とソケットの権限を確かめてください。",
                "virus scanner: {shown} does not answer ({error}). Until it does, nobody receives a new file. Start clamav-daemon, and check files.clamd and the socket's permissions."
            ),
        ),
    })
}

/// What may leave the house; whether it does is the owner's choice (R76).
pub(super) fn ways_out(config: &Config) -> [Finding; 2] {
    let many = config.push_services.len();
    let push = if many == 0 {
        words!(
            "通知: 中継先がないので、端末には何も送りません。",
            "notifications: no push service is allowed; nothing is sent to devices."
        )
    } else {
        words!(
            "通知: 所有者が使うと決めていれば、{many}の中継先へ送ります(push.services)。",
            "notifications: sent through {many} allowed services if the owner turned them on (push.services)."
        )
    };
    let mail = match &config.mail {
        None => words!(
            "メール: メールサーバーがないので、1通も送りません。",
            "mail: no mail server is set; none is sent."
        ),
        Some(mail) => {
            let from = &mail.from;
            words!(
                "メール: 所有者が使うと決めていれば、{from} から未読のまとめを送ります。",
                "mail: summaries are sent from {from} if the owner turned them on."
            )
        }
    };
    [Finding(State::Ok, push), Finding(State::Ok, mail)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, load};
    use crate::environment::Environment;
    use crate::words::Language;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn state(finding: &Finding) -> State {
        finding.0
    }

    #[test]
    fn a_certificate_is_judged_by_how_long_it_is_still_good() {
        let day = |days: i64| NOW.plus_ms(days * DAY);
        for (from, until, want) in [
            (day(1), day(90), State::Fail),
            (day(-90), day(0), State::Fail),
            (day(-80), day(13), State::Warn),
            (day(-1), day(89), State::Ok),
        ] {
            assert_eq!(state(&certificate_age(NOW, (from, until))), want);
        }
    }

    #[test]
    fn the_address_must_fit_how_the_server_is_reached() {
        for (settings, want, words) in [
            (vec![], State::Ok, "address: http://localhost:8080"),
            (vec![("public_url", "http://192.168.1.5:8080")], State::Warn, "is not encrypted"),
            (vec![("public_url", "https://k.example.jp")], State::Warn, "neither tls nor trusted_proxies"),
            (
                vec![("public_url", "https://k.example.jp"), ("trusted_proxies", "127.0.0.1")],
                State::Ok,
                "k.example.jp",
            ),
            (
                vec![("public_url", "https://k.example.jp"), ("tls.certificate", "c"), ("tls.key", "k")],
                State::Warn,
                "reachable only from this machine",
            ),
        ] {
            let settings = settings.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
            let config = load(&Flags { file: None, settings }, &Environment::default()).expect("good");
            let finding = address(&config);
            assert!(
                finding.0 == want && finding.1.in_language(Language::English).contains(words),
                "{finding:?}"
            );
        }
    }
}
