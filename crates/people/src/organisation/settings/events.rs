//! What can have happened to the organisation's settings.

use super::rules::Settings;

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum SettingsFact {
        "organisation.settings_changed" => Changed(Settings),
    }
}
