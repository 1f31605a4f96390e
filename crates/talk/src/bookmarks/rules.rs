//! How many bookmarks somebody keeps.

kairan_core::codes! {
    BOOKMARK_TOO_MANY = 422 "bookmark.too_many", "しおりは{limit}件までです。要らないものを外してから、付けてください。", "You can keep {limit} bookmarks. Remove some you no longer need first.";
}

/// Most bookmarks of one person.
pub const LIMIT: i64 = 2_000;
