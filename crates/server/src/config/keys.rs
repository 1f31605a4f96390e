//! The list of settings: name, default, what it is for. The example file, the environment variables, the refusal of
//! unknown keys and their hints are all made from this list, so that they cannot disagree.

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// One text that is never shown.
    Secret,
    /// A list of texts; in an environment variable, separated by commas.
    List,
    /// A whole number.
    Number,
}

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its full name: `section.name`.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it is when nobody says otherwise, as TOML; `None` when it is then absent.
    pub default: Option<&'static str>,
    /// A sensible value as TOML, for the example file, where there is no default.
    pub example: &'static str,
    /// What it is for, Japanese.
    pub ja: &'static str,
    /// The same in English.
    pub en: &'static str,
}

impl Key {
    /// The environment variable of this setting: `tls.acme.domains` → `KAIRAN_TLS_ACME_DOMAINS`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("KAIRAN_{}", self.name.replace('.', "_").to_uppercase())
    }
    /// The section it stands in, and its name there.
    #[must_use]
    pub fn place(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }
    /// The setting of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}

macro_rules! keys {
    ($($name:literal $kind:ident = $value:tt, $ja:literal, $en:literal;)+) => {
        /// Every setting, in the order of the example file.
        pub static KEYS: &[Key] = &[$(keys!(@one $name $kind $value $ja $en)),+];
    };
    (@one $name:literal $kind:ident (none $example:literal) $ja:literal $en:literal) => {
        Key { name: $name, kind: Kind::$kind, default: None, example: $example, ja: $ja, en: $en }
    };
    (@one $name:literal $kind:ident $default:literal $ja:literal $en:literal) => {
        Key { name: $name, kind: Kind::$kind, default: Some($default), example: $default, ja: $ja, en: $en }
    };
}

keys! {
    "data" Text = "\"data\"",
        "データを置くフォルダー。データベース、記録の署名鍵、証明書の控えが入ります。",
        "The folder for data: the database, the key that signs the record, cached certificates.";
    "listen" Text = "\"127.0.0.1:8080\"",
        "待ち受けるアドレスとポート。ほかの機械から開くには 0.0.0.0:8080 や [::]:443 のように書きます。",
        "Address and port to listen on. To be reached from other machines: 0.0.0.0:8080, [::]:443.";
    "public_url" Text = "\"http://localhost:8080\"",
        "人がブラウザーに入れるアドレス。招待のリンクと、送信元の確かめに使います。",
        "The address people type into the browser. Used for invitation links and for the check of where requests come from.";
    "trusted_proxies" List = "[]",
        "前に置いたプロキシのアドレス(CIDR)。ここに書いたものからの X-Forwarded-For だけを信じます。",
        "Addresses (CIDR) of proxies in front. X-Forwarded-For is believed only from these.";
    "metrics_from" List = "[\"127.0.0.0/8\", \"::1/128\"]",
        "/metrics を読んでよいアドレス(CIDR)。プロキシを通った要求には答えません。",
        "Addresses (CIDR) that may read /metrics. A request that came through a proxy is never answered.";
    "database" Text = "\"sqlite\"",
        "\"sqlite\" ならデータのフォルダーの kairan.db。PostgreSQL を使うときは postgres://利用者:合言葉@ホスト/名前。",
        "\"sqlite\" is kairan.db in the data folder. For PostgreSQL: postgres://user:password@host/name.";
    "lanes" Number = "4",
        "PostgreSQL で同時に書き込む列の数(1〜64)。SQLite はいつも1列です。",
        "How many lanes write to PostgreSQL at the same time (1 to 64). SQLite always has one.";
    "blobs" Text = "\"local\"",
        "ファイルの中身の置き場。\"local\" ならデータのフォルダーの files。S3 に置くときは s3://バケット/頭 と書き、s3. の設定も書きます。",
        "Where the bytes of files lie. \"local\" is files in the data folder. For S3: s3://bucket/prefix, and the settings of s3.";
    "s3.endpoint" Text = (none "\"https://s3.example.jp\""),
        "S3 のアドレス。Amazon ではなく、MinIO などを使うときに書きます。",
        "Address of the S3 service, when it is not Amazon's: MinIO and others.";
    "s3.region" Text = (none "\"ap-northeast-1\""),
        "バケットのリージョン。",
        "The bucket's region.";
    "s3.key_id" Text = (none "\"AKIA…\""),
        "アクセスキーの番号。このバケットの読み書きと削除、一覧だけを許したものにします。",
        "Id of the access key. Let it read, write, delete and list this bucket, and nothing else.";
    "s3.secret" Secret = (none "\"…\""),
        "その秘密の文字列。KAIRAN_S3_SECRET で渡すと、ファイルに残りません。",
        "Its secret. Given as KAIRAN_S3_SECRET it stands in no file.";
    "tls.certificate" Text = (none "\"/etc/kairan/certificate.pem\""),
        "HTTPS を自分で受けるときの証明書(PEM、中間証明書も続けて)。書き換えると、動いたまま読み直します。",
        "Certificate chain (PEM) to serve HTTPS directly. Read again while running when the file changes.";
    "tls.key" Text = (none "\"/etc/kairan/key.pem\""),
        "その秘密鍵(PEM)。",
        "Its private key (PEM).";
    "tls.acme.domains" List = (none "[\"kairan.example.jp\"]"),
        "証明書を自動で取るときの名前。ポート443で外から届く必要があります。証明書ファイルとは併用できません。",
        "Names to obtain certificates for automatically. Port 443 must be reachable from outside. Not together with certificate files.";
    "tls.acme.contact" List = (none "[\"admin@example.jp\"]"),
        "証明書の発行元からの知らせを受けるメールアドレス。",
        "E-mail addresses that the certificate authority may notify.";
    "tls.acme.directory" Text = "\"https://acme-v02.api.letsencrypt.org/directory\"",
        "発行元(ACME)のアドレス。",
        "Address of the certificate authority (ACME directory).";
    "tls.acme.cache" Text = "\"acme\"",
        "取った証明書と鍵を置くフォルダー。相対パスはデータのフォルダーから数えます。",
        "Folder for obtained certificates and keys. A relative path is counted from the data folder.";
    "tls.acme.authority" Text = (none "\"/etc/kairan/our-authority.pem\""),
        "発行元が組織の中のもののとき、その通信を確かめるための認証局の証明書(PEM)。",
        "When the ACME directory is inside the organisation: the authority (PEM) that vouches for its own TLS.";
    "log.format" Text = "\"text\"",
        "記録の形。\"text\" か \"json\"。標準エラー出力に書きます。合言葉や発言の文は書きません。",
        "Form of the log: \"text\" or \"json\", on standard error. Never holds secrets or message text.";
    "log.level" Text = "\"info\"",
        "記録の細かさ。error、warn、info、debug、trace。\"info,kairan_storage=debug\" のように部分ごとにも書けます。",
        "How much is logged: error, warn, info, debug, trace. By part: \"info,kairan_storage=debug\".";
    "journal.witness_directory" Text = (none "\"/mnt/witness\""),
        "署名した記録の先頭(ツリーヘッド)を写すフォルダー。別の機械につながった場所にすると、書き換えを外から見破れます。",
        "Folder to which signed tree heads are copied. On another machine's disk it lets outsiders detect rewriting.";
    "journal.head_seconds" Number = "10",
        "新しい記録があるとき、先頭に署名する間隔(1〜60秒)。",
        "Seconds between signed tree heads while there are new entries (1 to 60).";
    "files.clamd" Text = (none "\"/run/clamav/clamd.ctl\""),
        "ウイルスを調べる clamd の場所。ソケットのファイルか、この機械のアドレス(127.0.0.1:3310)。書くと、調べ終わるまでファイルは誰にも渡しません。",
        "Where clamd scans for viruses: its socket, or an address of this machine (127.0.0.1:3310). With it, no file is handed to anybody before it was scanned.";
    "push.services" List = "[\"fcm.googleapis.com\", \"updates.push.services.mozilla.com\", \"web.push.apple.com\", \"*.notify.windows.com\"]",
        "端末への通知を頼んでよい中継先(ブラウザーの作り手のサーバー)。所有者が画面で通知を使うと決めるまで、どこにもつなぎません。空なら、決めてもつなぎません。",
        "Services of browsers' makers that may carry notifications to devices. None is spoken to until the owner turns notifications on; with an empty list, never.";
    "mail.smtp" Text = (none "\"smtp://127.0.0.1:25\""),
        "未読のまとめを送るメールサーバー。smtp://ホスト:ポート(途中から暗号にするなら ?tls=required)か smtps://利用者:合言葉@ホスト。ないときは1通も送りません。",
        "The mail server for summaries of unread messages: smtp://host:port (add ?tls=required for STARTTLS) or smtps://user:password@host. Without it no mail is sent.";
    "mail.from" Text = (none "\"kairan@example.jp\""),
        "そのメールの差出人。",
        "Who those mails are from.";
    "limits.body_bytes" Number = "4194304",
        "一度に送れる内容の最大の大きさ(バイト、65536以上)。CSVの取り込みにも効きます。",
        "Largest request body in bytes (at least 65536). Also bounds CSV import.";
    "limits.connections" Number = "10000",
        "同時に開いておく接続の最大数(1〜1000000)。",
        "Most connections open at the same time (1 to 1000000).";
    "limits.disk_reserve_bytes" Number = "1073741824",
        "データのディスクに残しておく空き(バイト)。これより減ると、ファイルだけを断ります。文と記録は続きます。",
        "Free bytes to keep on the disk of the data folder. Below it only files are refused; text and the journal go on.";
}
