//! `kairan config --example`: a file that may be used as it is, made from the list of settings.

use super::keys::{KEYS, Key};

/// The commented example. What has a default is written with it; what is absent by default is commented out, so the
/// file as printed means exactly the defaults.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# Kairan(回覧)の設定 / configuration\n\
         # 優先の順: コマンドの指定 > 環境変数 KAIRAN_… > このファイル > ここに書いてある値\n\
         # Order: command line > environment KAIRAN_… > this file > the values shown here\n\
         # 置き場所 / place: --config FILE, KAIRAN_CONFIG, or kairan.toml beside the data folder\n\
         # 相対パスはこのファイルの場所から数えます / relative paths are counted from this file\n",
    );
    let mut section = "";
    for key in KEYS {
        let (its_section, name) = key.place();
        if its_section != section {
            section = its_section;
            text += &format!("\n[{section}]\n");
        }
        text += &entry(key, name);
    }
    text
}

fn entry(key: &Key, name: &str) -> String {
    let (mark, value) = key.default.map_or(("#", key.example), |default| ("", default));
    format!("\n# {}\n# {}\n# {}\n{mark}{name} = {value}\n", key.ja, key.en, key.variable())
}
