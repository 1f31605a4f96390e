//! The register as a table for people.

use kairan_core::{Instant, Refusal};
use kairan_storage::Reader;

use super::queries::{self, Device, Wanted};
use super::rules::{Kind, Ownership, State};
use crate::members;

/// Devices read at once.
const PAGE: i64 = 500;

const HEADINGS: [&str; 17] = [
    "氏名",
    "社員番号",
    "端末",
    "種類",
    "OS",
    "区分",
    "状態",
    "登録（UTC）",
    "最初の利用（UTC）",
    "最後の利用（UTC）",
    "接続元",
    "約束の版",
    "同意（UTC）",
    "ロック（UTC）",
    "消去の指示（UTC）",
    "消去の確認（UTC）",
    "消えたもの（件）",
];

/// Every device of the organisation, under its headings.
///
/// # Errors
/// What the engine says.
pub async fn rows(reader: &mut Reader) -> Result<Vec<Vec<String>>, Refusal> {
    let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
    let mut wanted = Wanted::default();
    loop {
        let page = queries::page(reader, wanted, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        wanted.after = Some(last.id);
        for device in page {
            let record = members::queries::record(reader, device.member).await?;
            let (name, number) = record
                .map(|record| (record.profile.display_name, record.profile.staff_number.unwrap_or_default()))
                .unwrap_or_default();
            rows.push(row(name, number, device));
        }
    }
}

fn row(name: String, number: String, device: Device) -> Vec<String> {
    let moment = |at: Option<Instant>| at.map(written).unwrap_or_default();
    let number_of = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    vec![
        name,
        number,
        device.name,
        kind(device.kind).to_owned(),
        device.os,
        ownership(device.ownership).to_owned(),
        state(device.state).to_owned(),
        moment(device.enrolled_at),
        moment(Some(device.first_seen)),
        moment(Some(device.last_seen)),
        device.address,
        number_of(device.consent.map(|(version, _)| version)),
        moment(device.consent.map(|(_, at)| at)),
        moment(device.lock.map(|(at, _)| at)),
        moment(device.wipe.map(|(at, _)| at)),
        moment(device.wiped.map(|(at, _)| at)),
        number_of(device.wiped.map(|(_, items)| items)),
    ]
}

pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Browser => "ブラウザー",
        Kind::App => "入れたアプリ",
        Kind::Desktop => "パソコンのアプリ",
        Kind::Api => "API",
    }
}

pub(crate) fn ownership(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Own => "私物",
        Ownership::Lent => "貸与",
    }
}

pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Pending => "承認待ち",
        State::Enrolled => "利用中",
        State::Locked => "ロック中",
        State::Wiping => "消去待ち",
        State::Wiped => "消去済み",
        State::Removed => "不承認",
    }
}

/// `2026-12-07 09:00:00`, UTC: what spreadsheets take for a time. Days to dates after H. Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms".
pub(crate) fn written(at: Instant) -> String {
    let seconds = at.ms().div_euclid(1_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_dates() {
        assert_eq!(written(Instant(0)), "1970-01-01 00:00:00");
        assert_eq!(written(Instant(1_796_601_600_000)), "2026-12-07 00:00:00");
        assert_eq!(written(Instant(1_709_251_199_999)), "2024-02-29 23:59:59");
        assert_eq!(written(Instant(951_782_400_000)), "2000-02-29 00:00:00");
    }
}
