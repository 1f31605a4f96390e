//! What counts as a second factor, and how a no about one is said. Pure.

use kairan_core::text::{self, TextFault};
use kairan_core::time::{HOUR, MINUTE};
use kairan_core::{FieldFault, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::members::rules::line_fault;

kairan_core::codes! {
    FACTOR_REFUSED = 401 "factor.refused", "確認できませんでした。コードがちがうか、もう使われています。新しい数字が出るのを待って、もう一度入れてください。", "That could not be confirmed: the code is wrong, or was used already. Wait for the next one and try again.";
    FACTOR_NOT_ASKED = 409 "factor.not_asked", "いまは、二要素の確認を待っていません。画面を開き直してください。", "Nothing is waiting for a second factor right now. Open the page again.";
    FACTOR_NOT_OFFERED = 409 "factor.not_offered", "認証アプリの登録が始まっていません。最初からやり直してください。", "Registering an authenticator app has not begun. Start again.";
    FACTOR_LAST = 409 "factor.last", "二要素が必要な人なので、最後の1つは外せません。先に、ほかの方法を登録してください。", "You must have a second factor, so the last one cannot be removed. Add another one first.";
    FACTOR_MANY = 409 "factor.too_many", "パスキーは{limit}個までです。使っていないものを外してから登録してください。", "You can have at most {limit} passkeys. Remove one you do not use first.";
    FACTOR_NONE = 409 "factor.none", "この人は二要素を使っていないので、やり直すものがありません。", "This person has no second factor, so there is nothing to reset.";
    FACTOR_OWN = 409 "factor.own", "自分の二要素は、設定の「サインインと二要素」で変えてください。", "Change your own second factor in your security settings.";
    PASSKEY_CHALLENGE = 410 "passkey.challenge", "時間が過ぎたか、もう使われた確認です。もう一度、最初からやり直してください。", "This took too long, or was used already. Start again.";
    PASSKEY_SHAPE = 422 "passkey.shape", "パスキーの答えを読み取れませんでした。ブラウザーを新しくして、もう一度試してください。", "The passkey's answer could not be read. Update the browser and try again.";
    PASSKEY_REFUSED = 422 "passkey.refused", "このパスキーは登録できませんでした。本人確認のできる機器で、もう一度試してください。", "This passkey could not be registered. Try again with one that verifies that it is you.";
    PASSKEY_KNOWN = 409 "passkey.known", "このパスキーは、もう登録されています。", "This passkey is registered already.";
    PROOF_NEEDED = 403 "proof.needed", "大切な操作なので、もう一度本人確認をしてください。確認は5分間有効です。", "This is an important step: prove once more that it is you. The proof lasts five minutes.";
}

/// R23: how long a fresh proof counts, ms.
pub const FRESH: i64 = 5 * MINUTE;
/// How long a reset's code opens, ms.
pub const RESET_LIFE: i64 = 24 * HOUR;
/// Most passkeys of one person.
pub const PASSKEYS: usize = 20;
const NAME_LIMIT: usize = 40;

/// A second factor by the way it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The six digits of an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// A recovery code.
    Recovery,
    /// A code that an administrator handed over.
    Reset,
}

/// What a factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FactorKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An authenticator app (RFC 6238).
    Totp,
    /// A passkey (W3C Web Authentication).
    Passkey,
}

impl Kind {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Totp, Self::Passkey].into_iter().find(|kind| kind.name() == name)
    }
}

/// What somebody calls a passkey.
///
/// # Errors
/// The fault of the field `name`.
pub fn name(raw: &str) -> Result<String, Refusal> {
    text::line(raw, NAME_LIMIT).map_err(|fault: TextFault| Refusal::fields(vec![fault_of("name", fault)]))
}

fn fault_of(field: &str, fault: TextFault) -> FieldFault {
    line_fault(field, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkeys_name_is_one_short_line() {
        assert_eq!(name(" 会社のノート ").expect("a name"), "会社のノート");
        for wrong in ["", " ", &"長".repeat(41), "二\u{202e}行"] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
    }
}
