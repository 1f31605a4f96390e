//! What somebody may have of a file, and what there is to see of it. Pure.

use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_core::{Instant, Refusal};
use kairan_draw::{Kind, Mark, Undrawable};
use kairan_people::policies::{Effective, Limit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::files::events::FileShape;
use crate::files::inspect::FileKind;
use crate::files::rules::{FileState, How};

kairan_core::codes! {
    POLICY_DOWNLOAD = 403 "policy.download", "この端末では、ファイルを取り出せません（決まり「{rule}」）。見るだけなら開けます。必要なときは、会社の端末で開くか、管理者に相談してください。", "On this device files cannot be taken out (rule “{rule}”). You can still open them to look. If you need the file, use a device of the organisation or ask an administrator.";
    VIEW_BUSY = 503 "view.busy", "いまはファイルを開く人が多く、順番が回りませんでした。少し待って、もう一度開いてください。", "Many files are being opened just now, and this one had no turn. Wait a moment and open it again.";
    VIEW_TOO_MANY = 429 "view.too_many", "同時に開いているページが多すぎます（{limit}枚まで）。ほかのページが出てから、もう一度開いてください。", "Too many pages are being opened at the same time ({limit} at most). Open it again once others have appeared.";
    VIEW_FAILED = 422 "view.failed", "このページは表示できません。壊れているか、パスワードがかかっているか、複雑すぎます。送った人に、別の形で送ってもらってください。", "This page cannot be shown: it is damaged, locked with a password, or too complicated. Ask its sender for another version.";
}

/// Longer side of a page that is drawn to be read, pixels: A4 at some 170 dots to the inch.
pub const SIDE: u32 = 2000;
/// Longest text that is drawn, bytes.
const TEXT_LIMIT: i64 = 8 << 20;
/// The organisation's zone, ms east of UTC: Japan Standard Time.
const ZONE: i64 = 9 * HOUR;

/// What a caller may do with a file now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Look at it.
    View,
    /// Keep it.
    Download,
}

/// On what terms somebody has files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    download: bool,
    watermark: bool,
    /// The rule that forbids download.
    rule: Option<String>,
}

impl From<&Effective> for Terms {
    fn from(effective: &Effective) -> Self {
        let rule = effective.rule(Limit::Download).map(str::to_owned);
        Self { download: effective.download, watermark: effective.watermark, rule }
    }
}

impl Terms {
    /// Whether pictures carry who looks.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.watermark
    }

    /// Whether opening it like this gives its bytes; otherwise only pictures of it.
    ///
    /// # Errors
    /// 403 `policy.download` for what would keep it.
    pub fn gives_bytes(&self, how: How) -> Result<bool, Refusal> {
        match how {
            How::View => Ok(self.download && !self.watermark),
            How::Download if self.download => Ok(true),
            How::Download => {
                Err(Refusal::new(&POLICY_DOWNLOAD).fact("rule", self.rule.clone().unwrap_or_default()))
            }
        }
    }

    /// What may be done with a file like this.
    #[must_use]
    pub fn ways(&self, state: FileState, shape: &FileShape) -> Vec<Way> {
        if state != FileState::Ready {
            return Vec::new();
        }
        let looks = (self.download && !self.watermark) || drawable(shape).is_ok();
        [(looks, Way::View), (self.download, Way::Download)]
            .into_iter()
            .filter_map(|(may, way)| may.then_some(way))
            .collect()
    }
}

/// Why there is nothing to see of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FileNotSeen)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing draws files of its kind: office documents, archives, films, sound.
    Kind,
    /// It is too large.
    Size,
    /// It opens with a password only.
    Locked,
    /// It cannot be read.
    Damaged,
    /// It takes too much memory or time.
    Costly,
}

impl Why {
    /// As the wire has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Size => "size",
            Self::Locked => "locked",
            Self::Damaged => "damaged",
            Self::Costly => "costly",
        }
    }
}

impl From<Undrawable> for Why {
    fn from(why: Undrawable) -> Self {
        match why {
            Undrawable::Locked => Self::Locked,
            Undrawable::Damaged | Undrawable::NoSuchPage => Self::Damaged,
            Undrawable::TooLarge => Self::Costly,
        }
    }
}

/// How a file is drawn, if it is.
///
/// # Errors
/// Why there is nothing to see.
pub fn drawable(shape: &FileShape) -> Result<Kind, Why> {
    let kind = match shape.kind {
        // What has no small pictures has no decoder either.
        FileKind::Image if shape.preview => Kind::Picture,
        FileKind::Pdf => Kind::Pdf,
        FileKind::Text => Kind::Text,
        _ => return Err(Why::Kind),
    };
    let limit = match kind {
        Kind::Text => TEXT_LIMIT,
        Kind::Picture | Kind::Pdf => i64::try_from(kairan_draw::SOURCE_LIMIT).unwrap_or(i64::MAX),
    };
    if shape.size > limit { Err(Why::Size) } else { Ok(kind) }
}

/// What is written across: who they are to the organisation, and the minute in its zone (R17).
#[must_use]
pub fn mark(display_name: &str, staff_number: Option<&str>, now: Instant) -> Mark {
    let who = match staff_number {
        Some(number) => format!("{display_name}　{number}"),
        None => display_name.to_owned(),
    };
    Mark { lines: vec![who, minute(now)] }
}

/// `2026-12-07 09:05`, in the organisation's zone. After Hinnant's `civil_from_days`, with years that begin in March.
fn minute(at: Instant) -> String {
    let local = at.plus_ms(ZONE).ms();
    let (days, within) = (local.div_euclid(DAY) + 719_468, local.rem_euclid(DAY));
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", within / HOUR, within % HOUR / MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(download: bool, watermark: bool) -> Terms {
        Terms { download, watermark, rule: Some("私物スマホ".to_owned()) }
    }

    fn shape(kind: FileKind, size: i64) -> FileShape {
        let (media, extension) = (String::new(), String::new());
        FileShape {
            size,
            media,
            kind,
            extension,
            width: None,
            height: None,
            preview: kind == FileKind::Image,
        }
    }

    /// R16, R17
    #[test]
    fn bytes_are_given_where_nothing_forbids_them() {
        let given = |terms: Terms, how| terms.gives_bytes(how).map_err(|refusal| refusal.code.name);
        assert_eq!(given(terms(true, false), How::View), Ok(true));
        assert_eq!(given(terms(true, false), How::Download), Ok(true));
        assert_eq!(given(terms(true, true), How::View), Ok(false), "what is looked at is marked");
        assert_eq!(given(terms(true, true), How::Download), Ok(true), "what is kept is the original");
        for watermark in [false, true] {
            assert_eq!(given(terms(false, watermark), How::View), Ok(false));
            assert_eq!(given(terms(false, watermark), How::Download), Err("policy.download"));
        }
        let refusal = terms(false, false).gives_bytes(How::Download).expect_err("forbidden");
        assert_eq!(refusal.facts["rule"], "私物スマホ");
    }

    /// R16
    #[test]
    fn only_what_works_is_offered() {
        let ways = |terms: Terms, kind| terms.ways(FileState::Ready, &shape(kind, 100));
        for kind in [FileKind::Image, FileKind::Pdf, FileKind::Text] {
            assert_eq!(ways(terms(false, true), kind), [Way::View]);
            assert_eq!(ways(terms(true, false), kind), [Way::View, Way::Download]);
        }
        for kind in [FileKind::Video, FileKind::Audio, FileKind::Archive, FileKind::Document, FileKind::Other]
        {
            assert_eq!(ways(terms(false, false), kind), []);
            assert_eq!(ways(terms(true, true), kind), [Way::Download]);
        }
        assert_eq!(terms(true, false).ways(FileState::Waiting, &shape(FileKind::Pdf, 100)), []);
    }

    #[test]
    fn what_cannot_be_drawn_says_why() {
        assert_eq!(drawable(&shape(FileKind::Pdf, 64 << 20)), Ok(Kind::Pdf));
        assert_eq!(drawable(&shape(FileKind::Pdf, (64 << 20) + 1)), Err(Why::Size));
        assert_eq!(drawable(&shape(FileKind::Text, (8 << 20) + 1)), Err(Why::Size));
        assert_eq!(drawable(&shape(FileKind::Document, 1)), Err(Why::Kind));
        let blind = FileShape { preview: false, ..shape(FileKind::Image, 1) };
        assert_eq!(drawable(&blind), Err(Why::Kind));
    }

    /// R17
    #[test]
    fn the_time_is_the_organisations() {
        let at = |ms| minute(Instant(ms));
        assert_eq!(at(0), "1970-01-01 09:00");
        assert_eq!(at(1_796_601_600_000 - 9 * HOUR), "2026-12-07 00:00");
        assert_eq!(at(951_782_399_999), "2000-02-29 08:59");
        assert_eq!(at(951_836_400_000), "2000-03-01 00:00");
        let lines = mark("髙橋 花子", Some("A-1024"), Instant(0)).lines;
        assert_eq!(lines, ["髙橋 花子　A-1024", "1970-01-01 09:00"]);
        assert_eq!(mark("髙橋 花子", None, Instant(0)).lines[0], "髙橋 花子");
    }
}
