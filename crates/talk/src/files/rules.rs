//! What a file may be and weigh, and how an upload is cut: decided without looking anything up.

use kairan_core::Refusal;
use kairan_core::refusal::NOT_FOUND;
use kairan_core::time::{DAY, MINUTE};
use serde::{Deserialize, Serialize};

pub use super::inspect::FileKind;

kairan_core::codes! {
    FILE_EMPTY = 422 "file.empty", "中身のないファイルは送れません。元のファイルを確かめてください。", "An empty file cannot be sent. Check the original.";
    FILE_TOO_LARGE = 413 "file.too_large", "ファイルが大きすぎます。1つ{limit:size}までです。分けるか、小さくしてください。", "The file is too large: at most {limit:size} each. Split it or make it smaller.";
    ORGANISATION_FULL = 413 "quota.organisation_full", "組織のファイルの置き場がいっぱいです（{limit:size}のうち{used:size}）。管理者に知らせてください。", "The organisation's room for files is full ({used:size} of {limit:size}). Tell an administrator.";
    MEMBER_FULL = 413 "quota.member_full", "あなたのファイルの置き場がいっぱいです（{limit:size}のうち{used:size}）。要らないファイルの発言について、管理者に相談してください。", "Your room for files is full ({used:size} of {limit:size}). Ask an administrator.";
    FILE_ID_TAKEN = 409 "file.id_taken", "このファイルの番号は使われています。もう一度選んで送ってください。", "This file id is already used. Choose the file again.";
    PART_LENGTH = 422 "upload.part_length", "ファイルの一部の長さが違います（{expected}バイトのはずです）。もう一度送ってください。", "This part has another length than it must ({expected} bytes). Send it again.";
    UPLOAD_BUSY = 503 "upload.busy", "いまはファイルを受け取る人が多く、順番が回りませんでした。少し待って、もう一度送ってください。届いた分はそのままです。", "Many files are arriving just now, and this one had no turn. Wait a moment and send it again; what has arrived stays.";
    UPLOAD_TOO_MANY = 429 "upload.too_many_at_once", "同時に送っているファイルが多すぎます（{limit}個まで）。ほかの分が届いてから、もう一度送ってください。", "Too many parts are being sent at the same time ({limit} at most). Send it again once others have arrived.";
    UPLOAD_DONE = 409 "upload.done", "このファイルは、もう届いています。", "This file has arrived already.";
    UPLOAD_INCOMPLETE = 409 "upload.incomplete", "まだ届いていない部分があります。残りを送ってください。", "Parts are still missing. Send the rest.";
    FILE_INFECTED = 422 "file.infected", "ウイルスが見つかったので、受け取りませんでした。このファイルは開かずに、管理者に知らせてください。", "A virus was found, so the file was not taken. Do not open it; tell an administrator.";
    FILE_WAITING = 423 "file.waiting", "ウイルスの検査を待っています。終わると開けます。少し待ってください。", "This file waits for the virus scan. It opens when that is done.";
    FILE_QUARANTINED = 423 "file.quarantined", "ウイルスが見つかったので、開けません。送った人と管理者に確かめてください。", "A virus was found in this file, so it cannot be opened. Ask its sender and an administrator.";
    RANGE_NOT_SATISFIABLE = 416 "range.not_satisfiable", "ファイルの終わりより先が求められました。もう一度開いてください。", "The range asked for lies beyond the end of the file. Open it again.";
}

/// Bytes of every part of an upload but the last. A part is one request, and stays under the front door's limit.
pub const PART_BYTES: i64 = 4 * 1024 * 1024;
/// How long an upload may stay unfinished, and a finished file unposted, ms.
pub const KEPT_UNPOSTED: i64 = 7 * DAY;
/// How long a link to a file's bytes opens it, ms.
pub const TICKET_LIFE: i64 = 15 * MINUTE;
/// Most files of one message.
pub const FILES_LIMIT: usize = 20;
/// Whether a file is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It is.
    Ready,
    /// Not before the scanner has seen it (R49).
    Waiting,
    /// Never: the scanner found something.
    Infected,
    /// Its bytes, its name and its key are gone; that there was one stays.
    Erased,
}

impl FileState {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Infected => "infected",
            Self::Erased => "erased",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Ready, Self::Waiting, Self::Infected, Self::Erased];
        all.into_iter().find(|state| state.name() == name)
    }
    /// Whether it may be opened.
    ///
    /// # Errors
    /// 423 `file.waiting`, `file.quarantined`; 404 when it is erased.
    pub fn may_open(self) -> Result<(), Refusal> {
        match self {
            Self::Ready => Ok(()),
            Self::Waiting => Err((&FILE_WAITING).into()),
            Self::Infected => Err((&FILE_QUARANTINED).into()),
            Self::Erased => Err((&NOT_FOUND).into()),
        }
    }
}

/// To look at in the browser, or to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Shown where it is, when its type cannot do harm.
    View,
    /// Saved as a file.
    Download,
}

/// How many parts a file of this size has.
#[must_use]
pub fn parts(size: i64) -> i64 {
    size.max(0).saturating_add(PART_BYTES - 1) / PART_BYTES
}

/// Bytes of one part, the first being 0; none when there is no such part.
#[must_use]
pub fn part_length(size: i64, part: i64) -> Option<i64> {
    (0..parts(size)).contains(&part).then(|| (size - part * PART_BYTES).min(PART_BYTES))
}

/// Parts not received yet. `received` is ascending.
#[must_use]
pub fn missing(size: i64, received: &[i64]) -> Vec<i64> {
    (0..parts(size)).filter(|part| received.binary_search(part).is_err()).collect()
}

/// What the organisation allows, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One file.
    pub largest: i64,
    /// Everything of one member.
    pub per_member: Option<i64>,
    /// Everything of everyone.
    pub total: Option<i64>,
}

/// What is kept, uploads under way included, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Of everyone.
    pub organisation: i64,
    /// Of the one who asks.
    pub member: i64,
}

/// Whether one more file fits (R48).
///
/// # Errors
/// `file.empty`, `file.too_large`, `quota.organisation_full`, `quota.member_full`.
pub fn fits(limits: Limits, usage: Usage, size: i64) -> Result<(), Refusal> {
    if size < 1 {
        return Err((&FILE_EMPTY).into());
    }
    if size > limits.largest {
        return Err(Refusal::new(&FILE_TOO_LARGE).fact("limit", limits.largest));
    }
    let holds = |code, limit: Option<i64>, used: i64| match limit {
        Some(limit) if used.saturating_add(size) > limit => {
            Err(Refusal::new(code).fact("limit", limit).fact("used", used))
        }
        _ => Ok(()),
    };
    holds(&MEMBER_FULL, limits.per_member, usage.member)?;
    holds(&ORGANISATION_FULL, limits.total, usage.organisation)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_part_is_the_remainder() {
        assert_eq!((parts(1), part_length(1, 0), part_length(1, 1)), (1, Some(1), None));
        assert_eq!((parts(PART_BYTES), part_length(PART_BYTES, 0)), (1, Some(PART_BYTES)));
        assert_eq!((parts(PART_BYTES + 1), part_length(PART_BYTES + 1, 1)), (2, Some(1)));
        assert_eq!(part_length(PART_BYTES, -1), None);
        assert_eq!(missing(3 * PART_BYTES, &[0, 2]), [1]);
    }

    /// R48
    #[test]
    fn what_does_not_fit_says_what_is_full() {
        let limits = Limits { largest: 100, per_member: Some(150), total: Some(300) };
        let code = |organisation, member, size| {
            fits(limits, Usage { organisation, member }, size).map_err(|refusal| refusal.code.name)
        };
        assert_eq!(code(200, 50, 100), Ok(()));
        assert_eq!(code(0, 0, 0), Err("file.empty"));
        assert_eq!(code(0, 0, 101), Err("file.too_large"));
        assert_eq!(code(0, 51, 100), Err("quota.member_full"));
        assert_eq!(code(201, 0, 100), Err("quota.organisation_full"));
        assert_eq!(code(i64::MAX, i64::MAX, 1), Err("quota.member_full"));
    }

    proptest! {
        #[test]
        fn the_parts_make_the_whole(size in 1i64..(1 << 40)) {
            let count = parts(size);
            let last = part_length(size, count - 1).expect("the last part is one");
            prop_assert!((1..=PART_BYTES).contains(&last));
            prop_assert_eq!((count - 1) * PART_BYTES + last, size);
        }
    }
}
