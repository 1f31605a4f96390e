//! R16, R17: where files may only be looked at, nothing but marked pictures of them leaves the server.

use std::collections::HashSet;
use std::io::Cursor;

use axum::http::header;
use image::{ImageFormat, Rgb, RgbImage};
use kairan_core::{FileId, RoomId};
use kairan_people::testing::{Person, Reply};
use kairan_storage::Stream;
use kairan_talk::files::Viewing;
use serde_json::{Value, json};

use crate::support::{Organisation, in_organisations, in_organisations_viewing};

const REGULATION: &[u8] = include_bytes!("../../../draw/tests/samples/regulation.pdf");

impl Organisation {
    /// From now on these limits hold for everybody.
    async fn limit(&self, limits: Value) {
        let path = "/organisation/policies";
        let version = self.get(&self.owner, path).await.expect(200)["version"].clone();
        let rule = json!({"id": "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f", "name": "私物スマホ", "applies": {}, "limits": limits});
        self.prove(&self.owner).await;
        self.put(&self.owner, path, &json!({"version": version, "rules": [rule]})).await.expect(200);
    }

    async fn look(&self, person: &Person, file: FileId) -> Value {
        let path = format!("/files/{file}/open");
        self.post(person, &path, &json!({"how": "view"})).await.expect(200)
    }

    async fn page(&self, person: &Person, opened: &Value, page: u32) -> Reply {
        let url = opened["url"].as_str().expect("a link").replace("{page}", &page.to_string());
        self.get(person, &url).await
    }

    async fn sent(&self, person: &Person, room: RoomId, name: &str, bytes: &[u8]) -> FileId {
        let file = self.upload(person, room, name, bytes).await;
        self.send(person, room, &[file]).await;
        file
    }
}

fn view_only() -> Value {
    json!({"download": false})
}

fn marked() -> Value {
    json!({"watermark": true})
}

fn photograph() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(900, 600, |x, y| Rgb([(x / 4) as u8, (y / 3) as u8, 120]));
    picture.write_to(&mut out, ImageFormat::Png).expect("written");
    out.into_inner()
}

fn picture(reply: &Reply) -> RgbImage {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.headers[header::CACHE_CONTROL], "private, no-store, no-transform");
    assert!(reply.headers[header::CONTENT_TYPE].to_str().expect("text").starts_with("image/"));
    image::load_from_memory(&reply.bytes).expect("a picture").into_rgb8()
}

fn differing(one: &RgbImage, other: &RgbImage) -> usize {
    let differ = |(a, b): (&Rgb<u8>, &Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 24);
    one.pixels().zip(other.pixels()).filter(|two| differ(*two)).count()
}

/// R16: every route that gives bytes, the tickets from before, ranges; whose file it is does not matter.
#[tokio::test]
async fn where_download_is_off_no_route_gives_the_original() {
    in_organisations(async |o| {
        let other = o.member("受取 人").await;
        let room = o.room(&o.owner, &[&other]).await;
        let originals = [
            ("規程.pdf", REGULATION.to_vec()),
            ("写真.png", photograph()),
            ("覚え.txt", "社内だけの覚え書き".as_bytes().to_vec()),
            ("音.wav", [&b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"[..], &[0; 64]].concat()),
            ("帳簿.dat", vec![0x81; 3000]),
        ];
        let mut files = Vec::new();
        for (name, bytes) in &originals {
            files.push(o.sent(&o.owner, room, name, bytes).await);
        }
        let mut before = Vec::new();
        for file in &files {
            for (person, how) in [(&o.owner, "view"), (&other, "view"), (&other, "download")] {
                before.push((person, o.link(person, *file, how).await));
            }
        }
        o.limit(view_only()).await;
        for (person, link) in &before {
            for range in [None, Some("bytes=0-99"), Some("bytes=-1")] {
                let reply = o.ranged(person, link, range).await;
                let code = if link.contains("ticket=d") { (403, "policy.download") } else { (404, "not_found") };
                reply.refused(code.0, code.1);
                if code.0 == 403 {
                    assert_eq!(reply.body["facts"]["rule"], "私物スマホ");
                }
            }
        }
        for ((name, original), file) in originals.iter().zip(&files) {
            let stretches: HashSet<&[u8]> = original.windows(32).collect();
            for person in [&o.owner, &other] {
                let path = format!("/files/{file}/open");
                let refused = o.post(person, &path, &json!({"how": "download"})).await;
                refused.refused(403, "policy.download");
                let opened = o.look(person, *file).await;
                let url = opened["url"].as_str().expect("a link");
                for (page, content) in [("1", false), ("1", true)] {
                    // The ticket for pages does not open the bytes.
                    let url = url.replace("{page}", page);
                    let url = if content { url.replace("view/1", "content") } else { url };
                    let reply = o.ranged(person, &url, Some("bytes=0-99")).await;
                    assert!(!content || reply.status == 404, "{name}");
                    let found = reply.bytes.windows(32).any(|part| stretches.contains(part));
                    assert!(!found || reply.status != 200, "{name}: a stretch of the original");
                }
                let ways = o.get(person, &format!("/files/{file}")).await.expect(200)["ways"].clone();
                let seen = opened["view"]["kind"] != "none";
                assert_eq!(ways, if seen { json!(["view"]) } else { json!([]) }, "{name}");
            }
            for size in ["small", "large"] {
                let reply = o.get(&other, &format!("/files/{file}/thumbnail?size={size}&v=1")).await;
                assert!(reply.status == 404 || reply.bytes != *original, "{name}");
            }
        }
        let listed = o.get(&other, &format!("/rooms/{room}/files")).await.expect(200);
        assert!(listed["files"].as_array().expect("files").iter().all(|file| {
            !file["ways"].as_array().expect("ways").contains(&json!("download"))
        }));
        // When the rule goes, what it forbade comes back.
        o.limit(json!({})).await;
        assert_eq!(o.get(before[0].0, &before[0].1).await.bytes, originals[0].1);
    })
    .await;
}

/// R16: what there is to see instead.
#[tokio::test]
async fn what_may_only_be_looked_at_is_drawn() {
    in_organisations(async |o| {
        let room = o.room(&o.owner, &[]).await;
        o.limit(view_only()).await;
        let shown = async |name: &str, bytes: &[u8]| {
            let file = o.sent(&o.owner, room, name, bytes).await;
            let opened = o.look(&o.owner, file).await;
            (opened["view"].clone(), opened)
        };
        let (view, opened) = shown("規程.pdf", REGULATION).await;
        assert_eq!(view, json!({"kind": "pictures", "pages": 2, "why": null}));
        let one = picture(&o.page(&o.owner, &opened, 1).await);
        assert_eq!(one.height(), 2000);
        assert!(differing(&one, &picture(&o.page(&o.owner, &opened, 2).await)) > 5_000);
        for beyond in [0, 3] {
            o.page(&o.owner, &opened, beyond).await.refused(404, "not_found");
        }
        let (view, opened) = shown("写真.png", &photograph()).await;
        assert_eq!(view, json!({"kind": "pictures", "pages": 1, "why": null}));
        assert_eq!(picture(&o.page(&o.owner, &opened, 1).await).dimensions(), (900, 600));
        let (view, opened) = shown("覚え.txt", "社内だけの覚え書き".as_bytes()).await;
        assert_eq!(view, json!({"kind": "text", "pages": 1, "why": null}));
        assert!(picture(&o.page(&o.owner, &opened, 1).await).pixels().any(|pixel| pixel.0[0] < 60));
        for (name, bytes, why) in [
            ("帳簿.dat", &[0x81; 3000][..], "kind"),
            ("壊れた.pdf", b"%PDF-1.7\nnothing at all\n%%EOF\n", "damaged"),
        ] {
            let (view, opened) = shown(name, bytes).await;
            assert_eq!(view, json!({"kind": "none", "pages": null, "why": why}), "{name}");
            o.page(&o.owner, &opened, 1).await.refused(422, "view.failed");
        }
    })
    .await;
}

/// R17: every picture says who looked and when; another's is another, and so is the next minute's.
#[tokio::test]
async fn where_a_watermark_is_required_pictures_are_the_viewers_own() {
    in_organisations(async |o| {
        let other = o.member("齋藤 壽一").await;
        let room = o.room(&o.owner, &[&other]).await;
        let bytes = photograph();
        let file = o.sent(&o.owner, room, "写真.png", &bytes).await;
        let document = o.sent(&o.owner, room, "規程.pdf", REGULATION).await;
        let thumbnail = |size: &str| format!("/files/{file}/thumbnail?size={size}");
        let before = o.get(&other, &thumbnail("large")).await;
        let before = image::load_from_memory(&before.bytes).expect("a picture").into_rgb8();
        o.limit(marked()).await;
        for size in ["small", "large"] {
            let mine = picture(&o.get(&o.owner, &thumbnail(size)).await);
            let theirs = picture(&o.get(&other, &thumbnail(size)).await);
            assert_eq!(mine.dimensions(), theirs.dimensions());
            assert!(differing(&mine, &theirs) > 500, "{size}");
            if size == "large" {
                assert!(differing(&before, &theirs) > 5_000);
                o.base.clock.advance(60_000);
                let later = picture(&o.get(&other, &thumbnail(size)).await);
                assert!(differing(&later, &theirs) > 100, "the minute is another");
            }
        }
        for file in [file, document] {
            let (mine, theirs) = (o.look(&o.owner, file).await, o.look(&other, file).await);
            o.page(&other, &mine, 1).await.refused(404, "not_found"); // of another session
            let mine = picture(&o.page(&o.owner, &mine, 1).await);
            assert!(differing(&mine, &picture(&o.page(&other, &theirs, 1).await)) > 1_000);
        }
        // Download is not forbidden: the original comes when it is asked for, and only then.
        assert_eq!(
            o.get(&other, &format!("/files/{file}")).await.expect(200)["ways"],
            json!(["view", "download"])
        );
        let link = o.link(&other, file, "download").await;
        assert_eq!(o.get(&other, &link).await.bytes, bytes);
    })
    .await;
}

/// R50: looking is evidence too.
#[tokio::test]
async fn looking_is_written_down() {
    in_organisations(async |o| {
        let room = o.room(&o.owner, &[]).await;
        let file = o.sent(&o.owner, room, "規程.pdf", REGULATION).await;
        o.limit(view_only()).await;
        o.look(&o.owner, file).await;
        let of = Stream::Member(o.owner.id);
        let read = async move |reader: &mut kairan_storage::Reader| {
            kairan_storage::events_after(reader, of, kairan_core::Seq(0), 1_000).await
        };
        let events = o.base.store.read(read).await.expect("the journal reads");
        let last = events.last().expect("an event");
        assert_eq!(last.kind, "file.opened");
        assert!(last.body.contains(&file.to_string()) && last.body.contains("\"view\""), "{}", last.body);
    })
    .await;
}

/// R16: so many pages at once, and who had none of them is told to come again.
#[tokio::test]
async fn who_has_no_turn_is_told_so() {
    let none = || Viewing::new(0, 1, std::time::Duration::from_millis(20));
    in_organisations_viewing(none, async |o| {
        let room = o.room(&o.owner, &[]).await;
        let file = o.sent(&o.owner, room, "写真.png", &photograph()).await;
        o.limit(view_only()).await;
        let opened = o.look(&o.owner, file).await;
        let reply = o.page(&o.owner, &opened, 1).await;
        reply.refused(503, "view.busy");
        assert_eq!(reply.body["facts"]["retry_after_ms"], 5_000);
    })
    .await;
    let few = || Viewing::new(1, 0, std::time::Duration::from_millis(20));
    in_organisations_viewing(few, async |o| {
        let room = o.room(&o.owner, &[]).await;
        let file = o.sent(&o.owner, room, "写真.png", &photograph()).await;
        o.limit(view_only()).await;
        let opened = o.look(&o.owner, file).await;
        o.page(&o.owner, &opened, 1).await.refused(429, "view.too_many");
    })
    .await;
}
