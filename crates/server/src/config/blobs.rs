//! Where files' bytes lie: in the data folder, or in a bucket with all that it takes to reach it.

use axum::http::Uri;
use kairan_storage::blobs::S3;

use super::Blobs;
use super::check::Reader;
use crate::words::{Words, words};

/// The settings that mean something only with a bucket, and whether it needs them.
const OF_S3: [(&str, bool); 4] =
    [("s3.endpoint", false), ("s3.region", true), ("s3.key_id", true), ("s3.secret", true)];

impl Reader<'_> {
    /// `None`: a fault was told.
    pub(super) fn blobs(&mut self) -> Option<Blobs> {
        match self.take("blobs", place)? {
            Place::Local => self.only_local(),
            Place::Bucket { bucket, prefix } => self.bucket(bucket, prefix),
        }
    }

    fn only_local(&mut self) -> Option<Blobs> {
        let idle: Vec<_> = OF_S3.into_iter().filter(|(key, _)| self.given(key).is_some()).collect();
        for (key, _) in &idle {
            self.fault(
                key,
                words!(
                    "blobs が s3:// のときだけ働きます。blobs も書いてください。",
                    "does nothing unless blobs is s3://…. Set blobs as well."
                ),
            );
        }
        idle.is_empty().then_some(Blobs::Local)
    }

    fn bucket(&mut self, bucket: String, prefix: String) -> Option<Blobs> {
        for (key, _) in OF_S3.into_iter().filter(|(_, needed)| *needed) {
            if self.given(key).is_none() {
                self.fault(
                    key,
                    words!(
                        "blobs が s3:// なのに書かれていません。",
                        "is missing although blobs is s3://…. Write it as well."
                    ),
                );
            }
        }
        let endpoint = match self.given("s3.endpoint") {
            Some(_) => Some(self.take("s3.endpoint", endpoint)?),
            None => None,
        };
        let mut text = |key| self.take(key, filled);
        let (region, key_id, secret) = (text("s3.region"), text("s3.key_id"), text("s3.secret"));
        Some(Blobs::S3(S3 {
            bucket,
            prefix,
            endpoint,
            region: region?,
            key_id: key_id?,
            secret: secret?.into(),
        }))
    }
}

enum Place {
    Local,
    Bucket { bucket: String, prefix: String },
}

fn place(text: &str) -> Result<Place, Words> {
    let wrong = || {
        words!(
            "「{text}」は使えません。\"local\" か、s3://バケット/頭 と書いてください(英小文字と数字、- . _ と /)。",
            "\"{text}\" cannot be used. Write \"local\", or s3://bucket/prefix (letters, digits, - . _ and /)."
        )
    };
    if text == "local" {
        return Ok(Place::Local);
    }
    let path = text.strip_prefix("s3://").ok_or_else(wrong)?.trim_end_matches('/');
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    // What S3 itself takes for a bucket, and names that need no escaping for the rest.
    let of_bucket = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let name = |name: &str| {
        !name.is_empty()
            && !matches!(name, "." | "..")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    };
    let good = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(of_bucket)
        && (prefix.is_empty() || prefix.split('/').all(name));
    if good {
        Ok(Place::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    } else {
        Err(wrong())
    }
}

fn endpoint(text: &str) -> Result<String, Words> {
    let wrong = || {
        words!(
            "「{text}」は使えません。https://s3.example.jp のように書いてください。http:// は、この機械の中だけで使えます。",
            "\"{text}\" cannot be used. Write it like https://s3.example.jp. http:// is for this machine only."
        )
    };
    let url: Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else { return Err(wrong()) };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let known = scheme == "https" || scheme == "http" && here;
    if !known || authority.as_str().contains('@') || !matches!(url.path(), "" | "/") || url.query().is_some()
    {
        return Err(wrong());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn filled(text: &str) -> Result<String, Words> {
    if text.is_empty() { Err(words!("空です。", "is empty.")) } else { Ok(text.to_owned()) }
}
